#![no_main]
//! `cargo fuzz run document`: what it checks stands in `tightwire_fuzz_targets::document`.

libfuzzer_sys::fuzz_target!(|data: &[u8]| tightwire_fuzz_targets::document::run(data));
