#![no_main]
libfuzzer_sys::fuzz_target!(|input: &[u8]| mailca_fuzz::pem::check(input));
