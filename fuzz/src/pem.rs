//! PEM, with whatever is around it.

use mailca::pki::pem;

/// Blocks that were read and are written are read as the same, alone and one after the other.
pub fn check(input: &[u8]) {
    let _ = pem::is_pem(input) && pem::has_legacy_encryption(input);
    let _ = pem::private_keys(input);
    let blocks = match pem::blocks(input) {
        Ok(blocks) => blocks,
        Err(error) => return super::assert_error_is_plain(&error),
    };
    let mut all = String::new();
    for block in &blocks {
        let text = pem::encode_public(&block.label, &block.der);
        if !block.der.is_empty() {
            // The one for private keys refuses labels that RFC 7468 does not allow.
            assert!(
                pem::encode(&block.label, &block.der).is_ok_and(|one| *one == text)
                    || !is_plain(&block.label)
            );
        }
        if is_plain(&block.label) {
            all.push_str(&text);
            assert_eq!(pem::only_block(text.as_bytes(), &block.label).as_ref(), Some(&*block.der));
        }
    }
    let again = pem::blocks(all.as_bytes());
    let wanted = blocks.iter().filter(|block| is_plain(&block.label));
    let found = again.as_deref().unwrap_or_default();
    assert!(
        wanted
            .map(|block| (&block.label, &block.der))
            .eq(found.iter().map(|one| (&one.label, &one.der)))
    );
    for label in ["CERTIFICATE", "X509 CRL"] {
        if let Some(der) = pem::only_block(input, label) {
            assert!(blocks.len() == 1 && blocks[0].label == label && *blocks[0].der == der);
        }
    }
}

/// A label as RFC 7468 3 has it: printable without a hyphen, single spaces inside.
fn is_plain(label: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'-')
    };
    label.split(' ').all(is_word)
}
