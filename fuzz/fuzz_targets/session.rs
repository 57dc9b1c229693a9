#![no_main]
//! `cargo fuzz run session`: what it checks stands in `tightwire_fuzz_targets::session`.

libfuzzer_sys::fuzz_target!(|data: &[u8]| tightwire_fuzz_targets::session::run(data));
