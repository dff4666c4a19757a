//! What a DER value is, by the tags of its first elements.

use crate::error::Error;
use crate::pki::tlv;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const CONTEXT_0: u8 = 0xA0;
/// 1.2.840.113549.1.7, PKCS#7.
const PKCS7: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x07";
/// Java's own key store, and its variant.
const JAVA_KEY_STORES: [&[u8]; 2] = [b"\xFE\xED\xFE\xED", b"\xCE\xCE\xCE\xCE"];

/// What it looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Certificate,
    Request,
    Crl,
    /// RFC 5958.
    Pkcs8,
    /// RFC 5958 3.
    EncryptedKey,
    /// RFC 8017 A.1.2.
    Pkcs1,
    /// RFC 5915.
    Sec1,
    /// OpenSSL's own form of a DSA key.
    Dsa,
    /// `SubjectPublicKeyInfo`.
    PublicKey,
    /// An RSA public key (RFC 8017 A.1.1) or DH parameters (PKCS#3).
    TwoIntegers,
    /// The object identifier of a curve.
    Curve,
    Pkcs7,
    Pkcs12,
    Named(&'static str),
    Unknown,
}

impl Shape {
    /// Looks at the first elements; nothing is said about the rest.
    pub(super) fn of(der: &[u8]) -> Self {
        if der.first() == Some(&OBJECT_IDENTIFIER) {
            return Self::Curve;
        }
        let Ok(elements) = tlv::elements(der) else { return Self::of_ber(der) };
        let tags: Vec<u8> = elements.iter().map(|element| element[0]).collect();
        match (tags.as_slice(), elements.as_slice()) {
            ([SEQUENCE, SEQUENCE, BIT_STRING], [signed, ..]) => Self::of_signed(signed),
            ([SEQUENCE, OCTET_STRING], [algorithm, _]) if is_algorithm(algorithm) => {
                Self::EncryptedKey
            }
            ([SEQUENCE, OCTET_STRING], _) => Self::Named("digest (PKCS#1 DigestInfo)"),
            ([SEQUENCE, BIT_STRING], [algorithm, _]) if is_algorithm(algorithm) => Self::PublicKey,
            ([INTEGER, SEQUENCE, OCTET_STRING, ..], [_, algorithm, ..])
                if is_algorithm(algorithm) =>
            {
                Self::Pkcs8
            }
            ([INTEGER, OCTET_STRING, ..], _) => Self::Sec1,
            ([INTEGER, SEQUENCE, ..], [_, content, ..]) if is_algorithm(content) => Self::Pkcs12,
            ([INTEGER, INTEGER] | [INTEGER, INTEGER, INTEGER], _) => Self::TwoIntegers,
            ([INTEGER, INTEGER, INTEGER, INTEGER, INTEGER, INTEGER], _) => Self::Dsa,
            ([INTEGER, INTEGER, INTEGER, INTEGER, INTEGER, INTEGER, INTEGER, INTEGER, ..], _) => {
                Self::Pkcs1
            }
            ([OBJECT_IDENTIFIER, CONTEXT_0], [oid, _]) => Self::of_content(oid),
            ([0x0A, CONTEXT_0] | [0x0A], _) => Self::Named("OCSP response (RFC 6960)"),
            _ => Self::Unknown,
        }
    }

    /// Indefinite lengths occur in PKCS#7 and PKCS#12 alone.
    fn of_ber(der: &[u8]) -> Self {
        match der {
            [SEQUENCE, 0x80, INTEGER, ..] => Self::Pkcs12,
            [SEQUENCE, 0x80, OBJECT_IDENTIFIER, ..] => Self::Pkcs7,
            _ => Self::Unknown,
        }
    }

    /// A certificate, request or CRL, by the fields of its signed part.
    fn of_signed(signed: &[u8]) -> Self {
        let Ok(fields) = tlv::elements(signed) else { return Self::Unknown };
        let fields = match fields.first() {
            Some(version) if version[0] == CONTEXT_0 => return Self::Certificate,
            Some(version) if version[0] == INTEGER => &fields[1..],
            _ => &fields[..],
        };
        let is_time = |field: &&&[u8]| matches!(field[0], UTC_TIME | GENERALIZED_TIME);
        match fields {
            // The signature algorithm comes first in a certificate (v1) and a CRL, and the third
            // field is the validity or a time.
            [algorithm, ..] if is_algorithm(algorithm) => match fields.get(2) {
                Some(field) if is_time(&field) => Self::Crl,
                _ => Self::Certificate,
            },
            [name, ..] if is_name(name) => Self::Request,
            _ => Self::Unknown,
        }
    }

    fn of_content(oid: &[u8]) -> Self {
        let Some([kind]) = oid.get(2..).and_then(|oid| oid.strip_prefix(PKCS7)) else {
            return Self::Named("CMS content of an unknown type");
        };
        match kind {
            2 => Self::Pkcs7,
            1 => Self::Named("PKCS#7 data"),
            3 => Self::Named("encrypted S/MIME message (PKCS#7 EnvelopedData)"),
            6 => Self::Named("encrypted PKCS#7 (EncryptedData)"),
            _ => Self::Named("PKCS#7 content of an unknown type"),
        }
    }

    /// What to call it when it cannot be read.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Request => "certificate request",
            Self::Crl => "revocation list",
            Self::Pkcs8 | Self::Pkcs1 | Self::Sec1 | Self::Dsa => "private key",
            Self::EncryptedKey => "encrypted private key",
            Self::PublicKey | Self::TwoIntegers => "public key",
            Self::Curve => "EC parameters",
            Self::Pkcs7 => "PKCS#7 bundle",
            Self::Pkcs12 => "PKCS#12 file",
            Self::Named(name) => name,
            Self::Unknown => "unknown content",
        }
    }
}

fn is_algorithm(element: &[u8]) -> bool {
    element[0] == SEQUENCE
        && tlv::elements(element)
            .is_ok_and(|fields| fields.first().is_some_and(|field| field[0] == OBJECT_IDENTIFIER))
}

fn is_name(element: &[u8]) -> bool {
    element[0] == SEQUENCE
        && tlv::elements(element).is_ok_and(|rdns| rdns.first().is_none_or(|rdn| rdn[0] == SET))
}

/// Header and content length of a value; `None` for an indefinite length, or no DER at all.
fn lengths(der: &[u8]) -> Option<(usize, usize)> {
    match *der {
        [_, short @ 0..=0x7F, ..] => Some((2, usize::from(short))),
        [_, long @ 0x81..=0x84, ref rest @ ..] => {
            let octets = usize::from(long & 0x7F);
            let length =
                rest.get(..octets)?.iter().fold(0, |sum, octet| (sum << 8) | usize::from(*octet));
            Some((2 + octets, length))
        }
        _ => None,
    }
}

/// Whether the content is one SEQUENCE from its first byte to its last.
pub(super) fn is_whole_der(content: &[u8]) -> bool {
    match content {
        [SEQUENCE, 0x80, .., 0, 0] => Shape::of_ber(content) != Shape::Unknown,
        [SEQUENCE, ..] => split_first(content).is_some_and(|(_, rest)| rest.is_empty()),
        _ => false,
    }
}

/// The first SEQUENCE and what follows it.
pub(super) fn split_first(content: &[u8]) -> Option<(&[u8], &[u8])> {
    let (header, length) = lengths(content).filter(|_| content[0] == SEQUENCE)?;
    content.split_at_checked(header.checked_add(length)?)
}

/// What to say of content that is nothing we know.
pub(super) fn unrecognized(content: &[u8]) -> Error {
    if JAVA_KEY_STORES.iter().any(|magic| content.starts_with(magic)) {
        return Error::refused("it is a Java key store (JKS)").hint(
            "convert it: keytool -importkeystore -srckeystore OLD.jks \
             -destkeystore NEW.p12 -deststoretype PKCS12",
        );
    }
    let visible = content.iter().filter(|byte| !byte.is_ascii_whitespace());
    if content.trim_ascii().starts_with(b"MI")
        && visible.clone().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte))
    {
        return Error::refused("it is base64 without its -----BEGIN and -----END lines")
            .hint("add them, for example -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----")
            .hint("or decode it: base64 -d FILE | mailca show -");
    }
    if let Some((header, length)) = lengths(content).filter(|_| content[0] == SEQUENCE)
        && header + length > content.len()
        && !content.is_ascii()
    {
        return Error::refused(format!(
            "it is DER that breaks off: {} bytes of {} are there",
            content.len(),
            header + length
        ));
    }
    let kind = if content.contains(&0) || std::str::from_utf8(content).is_err() {
        "binary data of an unknown kind"
    } else {
        "text without a PEM block"
    };
    Error::refused(format!("it is {kind} ({} bytes)", content.len()))
        .hint("certificates, requests, CRLs, keys, PKCS#12 and PKCS#7 can be shown, in PEM or DER")
}
