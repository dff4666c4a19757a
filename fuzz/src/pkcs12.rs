//! PKCS#12 files.

use mailca::pki::pkcs12::{self, Bundle, Form, Summary};

/// The password of what is in `corpus/`.
const PASSWORD: &str = "x";
/// More rounds than these are many seconds of nothing new.
const ROUNDS: u32 = 1000;

/// Nothing panics or takes for ever, and what was read and is written is read as the same.
pub fn check(input: &[u8]) {
    let Ok(summary) = pkcs12::describe(input) else { return };
    let _ = pkcs12::key_ids(input);
    if !is_quick(&summary) {
        return;
    }
    let _ = pkcs12::is_password(input, PASSWORD);
    let contents = match pkcs12::read(input, PASSWORD) {
        Ok(contents) => contents,
        Err(error) => return super::assert_error_is_plain(&error.into()),
    };
    let ([first, others @ ..], [key]) =
        (contents.certificates.as_slice(), contents.private_keys.as_slice())
    else {
        return;
    };
    let others: Vec<_> = others.iter().map(|other| other.der.as_slice()).collect();
    let bundle = Bundle {
        ca_certificates: &others,
        certificate: &first.der,
        private_key: &key.der,
        friendly_name: "fuzzed",
    };
    let Ok(file) = pkcs12::write(&bundle, PASSWORD, Form::Modern, 1) else { return };
    let again = pkcs12::read(&file, PASSWORD).expect("it can be read again");
    assert_eq!(again.private_keys.len(), 1);
    assert_eq!(*again.private_keys[0].der, *key.der);
    let mut wanted: Vec<_> = contents.certificates.iter().map(|one| &one.der).collect();
    let mut found: Vec<_> = again.certificates.iter().map(|one| &one.der).collect();
    wanted.sort();
    found.sort();
    assert_eq!(found, wanted);
}

fn is_quick(summary: &Summary) -> bool {
    let bags = summary.safes.iter().flat_map(|safe| safe.bags.iter().flatten());
    let all = summary.mac.iter().chain(bags.filter_map(|bag| bag.encryption.as_ref()));
    let mut all = all.chain(summary.safes.iter().filter_map(|safe| safe.encryption.as_ref()));
    all.all(|protection| protection.iterations <= ROUNDS)
}
