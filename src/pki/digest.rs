//! Digests, and octets in hexadecimal.

/// The SHA-256 hash of some bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    hash.copy_from_slice(digest.as_ref());
    hash
}

/// Upper-case hexadecimal, two digits an octet.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let nibbles = bytes.iter().flat_map(|octet| [octet >> 4, octet & 15]);
    nibbles.map(|nibble| char::from(DIGITS[usize::from(nibble)])).collect()
}

/// Upper-case hexadecimal with colons between the octets, as fingerprints are written.
pub fn colon_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|octet| hex(&[*octet])).collect::<Vec<_>>().join(":")
}
