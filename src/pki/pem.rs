//! PEM (RFC 7468), as people have it: with text around it, a byte order mark, indentation, CRLF.

use data_encoding::BASE64;
use rustls_pemfile::Item;
use x509_parser::error::PEMError;
use x509_parser::pem::Pem;
use zeroize::{Zeroize, Zeroizing};

use crate::error::{Error, Result};
use crate::pki::printable::printable;

/// How many octets a line of 64 characters holds (RFC 7468 2).
const OCTETS_OF_A_LINE: usize = 48;

/// One PEM block.
pub struct Block {
    /// The label, `CERTIFICATE` for instance.
    pub label: String,
    /// The DER inside. Wiped after use, since it may be a private key.
    pub der: Zeroizing<Vec<u8>>,
}

/// An unencrypted private key in DER, by its form. Wiped after use.
pub enum KeyBlock {
    /// PKCS#8, any algorithm.
    Pkcs8(Zeroizing<Vec<u8>>),
    /// PKCS#1, RSA.
    Pkcs1(Zeroizing<Vec<u8>>),
    /// SEC 1, EC.
    Sec1(Zeroizing<Vec<u8>>),
}

/// The blocks of a file in their order. A file without any gives an empty list.
///
/// Two files put together where the first has no line end at its end are an error, as they are for
/// OpenSSL: the second would be passed over in silence.
pub fn blocks(input: &[u8]) -> Result<Vec<Block>> {
    let text = normalized(input);
    if memchr::memmem::find(&text, b"----------BEGIN ").is_some() {
        return Err(Error::refused(
            "malformed PEM: a -----BEGIN is on the same line as the -----END before it",
        )
        .hint("put a line end between the two"));
    }
    let mut blocks = Vec::new();
    for pem in Pem::iter_from_buffer(&text) {
        let pem = pem.map_err(|error| malformed(&error))?;
        blocks.push(Block { label: pem.label, der: Zeroizing::new(pem.contents) });
    }
    Ok(blocks)
}

/// What is wrong with a block, in words.
fn malformed(error: &PEMError) -> Error {
    let what = match error {
        PEMError::Base64DecodeError => "it is damaged: what stands between the lines is not base64",
        PEMError::IncompletePEM => "it breaks off: the -----END line is missing",
        _ => "the -----BEGIN line of it cannot be read",
    };
    Error::refused(format!("malformed PEM: {what}"))
        .hint("copy it again, as a file and whole, from where it was made")
}

/// What is in a file, for a message: the labels of its blocks. They are the file's, and so escaped.
pub fn labels(blocks: &[Block]) -> String {
    let labels: Vec<_> = blocks.iter().map(|block| printable(&block.label)).collect();
    if labels.is_empty() { "text".into() } else { labels.join(", ") }
}

/// Whether the input looks like PEM rather than DER.
pub fn is_pem(input: &[u8]) -> bool {
    input.windows(11).any(|window| window == b"-----BEGIN ")
}

/// Whether the input holds a key in OpenSSL's own old encryption, which RFC 7468 does not know.
pub fn has_legacy_encryption(input: &[u8]) -> bool {
    String::from_utf8_lossy(input).contains("Proc-Type: 4,ENCRYPTED")
}

/// Encodes one block: lines of 64 characters, a newline at the end.
pub fn encode(label: &str, der: &[u8]) -> Result<Zeroizing<String>> {
    der::pem::encode_string(label, der::pem::LineEnding::LF, der)
        .map(Zeroizing::new)
        .map_err(|_| Error::bug("PEM could not be encoded"))
}

/// The same for what is public, and may be large.
pub fn encode_public(label: &str, der: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    text.reserve(der.len() / OCTETS_OF_A_LINE * 65 + 128);
    for line in der.chunks(OCTETS_OF_A_LINE) {
        BASE64.encode_append(line, &mut text);
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}

/// The DER in a file that is one block with this label, as [`encode_public`] writes it, and nothing
/// else. `None` where it is not so plain, and has to be read in another way.
pub fn only_block(content: &[u8], label: &str) -> Option<Vec<u8>> {
    let body = content.strip_prefix(format!("-----BEGIN {label}-----\n").as_bytes())?;
    let body = body.strip_suffix(format!("-----END {label}-----\n").as_bytes())?;
    let mut digits = Vec::with_capacity(body.len());
    for line in body.split(|byte| *byte == b'\n') {
        digits.extend_from_slice(line);
    }
    BASE64.decode(&digits).ok()
}

/// The unencrypted private keys in PEM text, whatever their form: PKCS#8, PKCS#1 or SEC 1.
pub fn private_keys(input: &[u8]) -> Result<Vec<KeyBlock>> {
    let text = normalized(input);
    let mut rest: &[u8] = &text;
    let mut keys = Vec::new();
    // The error of rustls-pemfile can hold a line of the file, which may be a key's.
    while let Some((item, remainder)) =
        rustls_pemfile::read_one_from_slice(rest).map_err(|_| Error::refused("malformed PEM"))?
    {
        match item {
            Item::Pkcs8Key(mut key) => {
                keys.push(KeyBlock::Pkcs8(Zeroizing::new(key.secret_pkcs8_der().to_vec())));
                key.zeroize();
            }
            Item::Pkcs1Key(mut key) => {
                keys.push(KeyBlock::Pkcs1(Zeroizing::new(key.secret_pkcs1_der().to_vec())));
                key.zeroize();
            }
            Item::Sec1Key(mut key) => {
                keys.push(KeyBlock::Sec1(Zeroizing::new(key.secret_sec1_der().to_vec())));
                key.zeroize();
            }
            _ => {}
        }
        rest = remainder;
    }
    Ok(keys)
}

/// The same PEM at the start of each line, so that every reader finds it.
fn normalized(input: &[u8]) -> Zeroizing<Vec<u8>> {
    let input = input.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(input);
    let mut text = Vec::with_capacity(input.len() + 1);
    for line in input.split(|byte| *byte == b'\n') {
        text.extend_from_slice(line.trim_ascii());
        text.push(b'\n');
    }
    Zeroizing::new(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_behind_text_marks_and_indentation() {
        let pem = encode("CERTIFICATE", &[0x30, 0x00]).unwrap();
        let indented = format!("  {}", pem.trim_end().replace('\n', "\r\n  "));
        for input in [format!("\u{FEFF}{}", *pem), format!("Certificate:\n  Data\n{indented}")] {
            let found = blocks(input.as_bytes()).unwrap();
            assert_eq!(found.len(), 1, "{input}");
            assert_eq!(found[0].label, "CERTIFICATE");
            assert_eq!(*found[0].der, [0x30, 0x00]);
        }
    }

    #[test]
    fn what_is_public_is_encoded_alike_and_read_again() {
        for length in [0, 1, 47, 48, 49, 96, 1000] {
            let der = vec![0xA5; length];
            let text = encode_public("X509 CRL", &der);
            if length > 0 {
                assert_eq!(text, *encode("X509 CRL", &der).unwrap());
            }
            assert_eq!(only_block(text.as_bytes(), "X509 CRL"), Some(der));
            for other in [text.replace("CRL", "CRT"), format!("a{text}"), text.replace("pa", "--")]
            {
                assert!(other == text || only_block(other.as_bytes(), "X509 CRL").is_none());
            }
        }
    }

    #[test]
    fn labels_are_escaped_in_a_message() {
        let found = blocks(b"-----BEGIN A\x1b[31m-----\nMAA=\n-----END A\x1b[31m-----\n").unwrap();
        assert_eq!(labels(&found), "A\\u{1b}[31m");
        assert_eq!(labels(&[]), "text");
    }

    #[test]
    fn nothing_is_an_empty_list_and_a_torn_block_an_error() {
        assert!(blocks(b"hello").unwrap().is_empty());
        assert!(blocks(b"-----BEGIN CERTIFICATE-----\nMAA=\n").is_err());
    }
}
