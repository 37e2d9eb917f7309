#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| newswire::fuzzing::page_decode(bytes));
