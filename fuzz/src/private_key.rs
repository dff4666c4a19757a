//! Private keys in files, with and without a passphrase.

use mailca::pki::encrypted_key;
use mailca::pki::key::PrivateKey;
use mailca::pki::pem;
use zeroize::Zeroizing;

/// The passphrase of what is in `corpus/`.
const PASSPHRASE: &str = "x";
/// More rounds than these are many seconds of nothing new.
const ROUNDS: u32 = 1000;

/// A key that was read is the same once it is written.
pub fn check(input: &[u8]) {
    if !is_quick(input) {
        return;
    }
    match PrivateKey::from_file_content(input, || Ok(Zeroizing::new(PASSPHRASE.into()))) {
        Ok(key) => {
            let text = key.to_pem().expect("it can be written");
            let again = PrivateKey::from_file_content(text.as_bytes(), || panic!("it is open"));
            let again = again.expect("it can be read again");
            assert_eq!(again.as_pkcs8(), key.as_pkcs8());
            assert_eq!(again.public_key(), key.public_key());
        }
        Err(error) => super::assert_error_is_plain(&error),
    }
}

fn is_quick(input: &[u8]) -> bool {
    let is_quick = |der: &[u8]| {
        encrypted_key::protection(der).is_ok_and(|protection| protection.iterations <= ROUNDS)
            || !encrypted_key::is_encrypted(der)
    };
    let blocks = pem::blocks(input).unwrap_or_default();
    is_quick(input) && blocks.iter().all(|block| is_quick(&block.der))
}
