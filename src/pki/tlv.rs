//! DER at the level of tag, length and value: taking a SEQUENCE apart and putting one together.
//!
//! Everything that a certificate repeats from somewhere else (a subject, an issuer, a public key)
//! goes through here as raw bytes, so that it arrives exactly as it was.

use der::{Decode, Encode, Header, Length, Reader, SliceReader, Tag};
use x509_parser::der_parser::asn1_rs::{Any, FromDer as _};

use crate::error::{Error, Result};

fn malformed(error: der::Error) -> Error {
    Error::refused("malformed DER").caused_by(error)
}

/// The elements of a DER SEQUENCE, each with its tag and length.
pub fn elements(sequence: &[u8]) -> Result<Vec<&[u8]>> {
    elements_of(sequence, Tag::Sequence)
}

/// The elements inside a constructed element with this tag, each with its own tag and length.
pub fn elements_of(encoded: &[u8], tag: Tag) -> Result<Vec<&[u8]>> {
    let mut outer = SliceReader::new(encoded).map_err(malformed)?;
    let header = Header::decode(&mut outer).map_err(malformed)?;
    if header.tag() != tag {
        return Err(Error::refused("malformed DER: an element has another tag than expected"));
    }
    let body = outer.read_slice(header.length()).map_err(malformed)?;
    outer.finish().map_err(malformed)?;
    let mut inner = SliceReader::new(body).map_err(malformed)?;
    let mut found = Vec::new();
    while !inner.is_finished() {
        found.push(inner.tlv_bytes().map_err(malformed)?);
    }
    Ok(found)
}

/// Encodes one element: `tag`, the length, and `parts` one after the other.
pub fn element(tag: Tag, parts: &[&[u8]]) -> Result<Vec<u8>> {
    let total: usize = parts.iter().map(|part| part.len()).sum();
    let length = Length::try_from(total).map_err(malformed)?;
    let mut encoded = Header::new(tag, length).to_der().map_err(malformed)?;
    encoded.reserve(total);
    for part in parts {
        encoded.extend_from_slice(part);
    }
    Ok(encoded)
}

/// Encodes one element of a universal primitive type by its tag number.
pub fn raw_element(tag: u8, content: &[u8]) -> Result<Vec<u8>> {
    element(Tag::from_der(&[tag]).map_err(malformed)?, &[content])
}

/// Encodes a SEQUENCE of elements that are encoded already.
pub fn sequence(parts: &[&[u8]]) -> Result<Vec<u8>> {
    element(Tag::Sequence, parts)
}

/// Encodes a BIT STRING without unused bits, as signatures are.
pub fn bit_string(bytes: &[u8]) -> Result<Vec<u8>> {
    element(Tag::BitString, &[&[0], bytes])
}

/// The content of an encoded BIT STRING that has no unused bits.
pub fn bit_string_content(encoded: &[u8]) -> Option<&[u8]> {
    let bits = der::asn1::BitStringRef::from_der(encoded).ok()?;
    bits.as_bytes()
}

/// The elements inside one constructed DER value: tag number and whole encoding of each.
pub fn children(der: &[u8]) -> Option<Vec<(u32, &[u8])>> {
    let (after, outer) = Any::from_der(der).ok()?;
    if !after.is_empty() {
        return None;
    }
    let mut found = Vec::new();
    let mut rest = outer.data;
    while !rest.is_empty() {
        let (after, any) = Any::from_der(rest).ok()?;
        found.push((any.tag().0, &rest[..rest.len() - after.len()]));
        rest = after;
    }
    Some(found)
}
