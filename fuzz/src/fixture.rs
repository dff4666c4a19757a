//! A CA that the targets sign with: always the same, since an input that fails has to fail again.

use std::sync::LazyLock;

use mailca::pki::certificate::Certificate;
use mailca::pki::issue::{Root, root};
use mailca::pki::key::PrivateKey;
use mailca::pki::name::Parts;
use mailca::pki::serial::Serial;
use time::OffsetDateTime;

/// A CA and a key that is not its own, both Ed25519, whose signatures depend on nothing else.
pub struct Authority {
    /// Its key.
    pub key: PrivateKey,
    /// Its certificate.
    pub certificate: Certificate,
    /// The key of whoever asks.
    pub other_key: PrivateKey,
}

/// The one there is.
pub static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| make().expect("a CA can be made"));

/// The time at which everything happens: the 1st of January 2026.
pub const NOW: OffsetDateTime = time::macros::datetime!(2026-01-01 0:00 UTC);

fn make() -> mailca::error::Result<Authority> {
    let key = ed25519(1)?;
    let subject = Parts { common_name: Some("Fuzzed CA".into()), ..Parts::default() }.build()?;
    let wanted = Root {
        subject: &subject,
        alternative_names: &[],
        days: 3650,
        path_length: 1,
        permitted: None,
    };
    let certificate = root(&wanted, &key, &Serial::from_bytes(&[1]), NOW)?;
    Ok(Authority { key, certificate, other_key: ed25519(2)? })
}

/// The key whose seed is this octet 32 times (RFC 8410 7).
fn ed25519(octet: u8) -> mailca::error::Result<PrivateKey> {
    let head = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
    PrivateKey::from_pkcs8(&[head.as_slice(), &[octet; 32]].concat())
}
