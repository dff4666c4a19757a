//! Digests, and octets in hexadecimal.

/// The SHA-256 hash of some bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    hash.copy_from_slice(digest.as_ref());
    hash
}

/// The SHA-512 hash of some bytes.
pub fn sha512(bytes: &[u8]) -> [u8; 64] {
    let mut hash = [0; 64];
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA512, bytes);
    hash.copy_from_slice(digest.as_ref());
    hash
}

/// Upper-case hexadecimal, two digits an octet.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let nibbles = bytes.iter().flat_map(|octet| [octet >> 4, octet & 15]);
    nibbles.map(|nibble| char::from(DIGITS[usize::from(nibble)])).collect()
}

/// Lower-case hexadecimal, two digits an octet, as TLSA records have it.
pub fn lower_hex(bytes: &[u8]) -> String {
    hex(bytes).to_ascii_lowercase()
}

/// Upper-case hexadecimal with colons between the octets, as fingerprints are written.
pub fn colon_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for pair in hex(bytes).as_bytes().chunks(2) {
        if !text.is_empty() {
            text.push(':');
        }
        text.extend(pair.iter().copied().map(char::from));
    }
    text
}

/// The SHA-1 hash, which old configurations and Windows name certificates by.
pub fn sha1(bytes: &[u8]) -> Vec<u8> {
    let algorithm = &aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY;
    aws_lc_rs::digest::digest(algorithm, bytes).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_are_written_in_two_digits() {
        assert_eq!(hex(&[0, 0xAB, 0x7F]), "00AB7F");
        assert_eq!(lower_hex(&[0, 0xAB, 0x7F]), "00ab7f");
        assert_eq!(colon_hex(&[0, 0xAB, 0x7F]), "00:AB:7F");
        assert_eq!(colon_hex(&[]), "");
    }
}
