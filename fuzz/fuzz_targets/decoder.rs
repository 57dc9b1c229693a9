#![no_main]
//! `cargo fuzz run decoder`: what it checks stands in `tightwire_fuzz_targets::decoder`.

libfuzzer_sys::fuzz_target!(|data: &[u8]| tightwire_fuzz_targets::decoder::run(data));
