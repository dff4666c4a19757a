//! DER by hand: what a certificate is made of, right or wrong on purpose.

use crate::support::tlv::element;

/// One element: the tag octet, the length, the content.
pub fn tlv(tag: u8, content: impl AsRef<[u8]>) -> Vec<u8> {
    element(tag, content.as_ref())
}

pub fn concat(parts: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    parts.into_iter().flatten().collect()
}

pub fn seq(parts: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    tlv(0x30, concat(parts))
}

/// Constructed and context-specific.
pub fn tagged(number: u8, content: impl AsRef<[u8]>) -> Vec<u8> {
    tlv(0xa0 | number, content)
}

pub fn oid(text: &str) -> Vec<u8> {
    let arcs: Vec<u64> = text.split('.').map(|arc| arc.parse().unwrap()).collect();
    let mut content = Vec::new();
    for arc in std::iter::once(arcs[0] * 40 + arcs[1]).chain(arcs[2..].iter().copied()) {
        let groups = (1..=9).find(|groups| arc >> (7 * groups) == 0).unwrap();
        for group in (0..groups).rev() {
            let more = if group == 0 { 0 } else { 0x80 };
            content.push(u8::try_from(arc >> (7 * group) & 0x7f).unwrap() | more);
        }
    }
    tlv(6, content)
}

/// A small INTEGER, not negative.
pub fn int(value: u64) -> Vec<u8> {
    let octets = value.to_be_bytes();
    let zeros = octets.iter().take_while(|octet| **octet == 0).count().min(7);
    let mut content = octets[zeros..].to_vec();
    if content[0] & 0x80 != 0 {
        content.insert(0, 0);
    }
    tlv(2, content)
}

/// A positive INTEGER from its octets.
pub fn positive(octets: &[u8]) -> Vec<u8> {
    let zero: &[u8] = if octets.first().is_none_or(|first| first & 0x80 != 0) { &[0] } else { &[] };
    tlv(2, [zero, octets].concat())
}

pub fn bits(content: &[u8]) -> Vec<u8> {
    tlv(3, [&[0], content].concat())
}

pub fn octets(content: impl AsRef<[u8]>) -> Vec<u8> {
    tlv(4, content)
}

pub fn null() -> Vec<u8> {
    vec![5, 0]
}

pub fn utf8(text: &str) -> Vec<u8> {
    tlv(12, text)
}

/// `UTCTime` or `GeneralizedTime` from `YYYYMMDDHHMMSSZ`, as RFC 5280 4.1.2.5 wants it.
pub fn moment(text: &str) -> Vec<u8> {
    if ("1950".."2050").contains(&text) { tlv(23, &text[2..]) } else { tlv(24, text) }
}

/// One attribute as an RDN of its own.
pub fn rdn(kind: &str, value: Vec<u8>) -> Vec<u8> {
    tlv(0x31, seq([oid(kind), value]))
}

/// A Name from `O=Example,CN=Root`; values hold no comma.
pub fn name(text: &str) -> Vec<u8> {
    seq(text.split(',').filter(|part| !part.is_empty()).map(|part| {
        let (kind, value) = part.split_once('=').unwrap();
        match kind {
            "CN" => rdn("2.5.4.3", utf8(value)),
            "O" => rdn("2.5.4.10", utf8(value)),
            "OU" => rdn("2.5.4.11", utf8(value)),
            "C" => rdn("2.5.4.6", tlv(19, value)),
            "DC" => rdn("0.9.2342.19200300.100.1.25", tlv(22, value)),
            "E" => rdn("1.2.840.113549.1.9.1", tlv(22, value)),
            _ => rdn(kind, utf8(value)),
        }
    }))
}

pub fn pem(label: &str, der: &[u8]) -> String {
    let text = data_encoding::BASE64.encode(der);
    let lines: Vec<_> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
