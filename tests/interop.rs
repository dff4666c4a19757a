//! Other people's programs accept what mailca makes, and mailca what they make.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot prepare its files has to fail"
)]

mod support;

#[allow(dead_code, reason = "only what is signed is needed here")]
#[path = "../fuzz/src/lib.rs"]
mod properties;

#[path = "interop/ca_pl.rs"]
mod ca_pl;
#[path = "interop/check.rs"]
mod check;
#[path = "interop/completions.rs"]
mod completions;
#[path = "interop/constraints.rs"]
mod constraints;
#[path = "interop/crl.rs"]
mod crl;
#[path = "interop/fuzzed.rs"]
mod fuzzed;
#[path = "interop/hello.rs"]
mod hello;
#[path = "interop/help.rs"]
mod help;
#[path = "interop/imports.rs"]
mod imports;
#[path = "interop/kit.rs"]
mod kit;
#[path = "interop/lint.rs"]
mod lint;
#[path = "interop/man.rs"]
mod man;
#[path = "interop/mutt.rs"]
mod mutt;
#[path = "interop/names.rs"]
mod names;
#[path = "interop/openssl_ca.rs"]
mod openssl_ca;
#[path = "interop/openssl_verify.rs"]
mod openssl_verify;
#[path = "interop/paths.rs"]
mod paths;
#[path = "interop/pkcs12.rs"]
mod pkcs12;
#[path = "interop/rekey.rs"]
mod rekey;
#[path = "interop/renew.rs"]
mod renew;
#[path = "interop/requests.rs"]
mod requests;
#[path = "interop/signatures.rs"]
mod signatures;
#[path = "interop/smime.rs"]
mod smime;
#[path = "interop/verdicts.rs"]
mod verdicts;
