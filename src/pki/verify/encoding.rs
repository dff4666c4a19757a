//! Rules of encoding that x509-parser does not keep and OpenSSL or GnuTLS do: a certificate that breaks
//! one of them is refused by a mail server, or means something else to it.

use std::collections::HashSet;

use x509_parser::certificate::X509Certificate;
use x509_parser::der_parser::asn1_rs::{Any, FromDer as _, Tag};
use x509_parser::extensions::ParsedExtension;

use crate::pki::tlv::children;

/// What is wrong with the encoding of a certificate, as the end of a sentence that begins with it.
pub(super) fn fault(der: &[u8], parsed: &X509Certificate<'_>) -> Option<String> {
    let outer = children(der)?;
    if outer.len() != 3 {
        return Some("has something after its signature".into());
    }
    if parsed.signature_value.unused_bits != 0
        || parsed.tbs_certificate.subject_pki.subject_public_key.unused_bits != 0
    {
        return Some("has a signature or key of a broken number of octets".into());
    }
    if !is_minimal(parsed.raw_serial()) {
        return Some("has a malformed serial number".into());
    }
    if !has_plain_dates(outer[0].1) {
        return Some("has a date that is not in the form YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ".into());
    }
    extension_fault(parsed)
}

/// A DER integer has an octet, and none at its front that says nothing (X.690 8.3.2).
fn is_minimal(integer: &[u8]) -> bool {
    match integer {
        [] => false,
        [0, second, ..] => second & 0x80 != 0,
        [0xff, second, ..] => second & 0x80 == 0,
        _ => true,
    }
}

/// RFC 5280 4.1.2.5: in UTC, with seconds, without fractions.
fn has_plain_dates(to_be_signed: &[u8]) -> bool {
    let dates = || {
        let fields = children(to_be_signed)?;
        let version = usize::from(fields.first()?.1.first()? == &0xa0);
        children(fields.get(3 + version)?.1)
    };
    let plain = |(tag, date): &(u32, &[u8])| {
        let Ok((_, date)) = Any::from_der(date) else { return false };
        let digits = match Tag(*tag) {
            Tag::UtcTime => 12,
            Tag::GeneralizedTime => 14,
            _ => return false,
        };
        let Some((b'Z', rest)) = date.data.split_last() else { return false };
        rest.len() == digits && rest.iter().all(u8::is_ascii_digit)
    };
    dates().is_some_and(|dates| dates.len() == 2 && dates.iter().all(plain))
}

fn extension_fault(parsed: &X509Certificate<'_>) -> Option<String> {
    let mut seen = HashSet::new();
    for extension in parsed.extensions() {
        let oid = &extension.oid;
        if !seen.insert(oid.as_bytes()) {
            return Some(format!("has the extension {oid} twice"));
        }
        let known = match extension.parsed_extension() {
            ParsedExtension::UnsupportedExtension { .. } | ParsedExtension::Unparsed => false,
            ParsedExtension::ParseError { .. } => {
                return Some(format!("has a malformed extension {oid}"));
            }
            // RFC 5280 4.2.1.3; OpenSSL takes such a certificate for nobody's issue.
            ParsedExtension::KeyUsage(usage) if usage.flags == 0 => {
                return Some("has a key usage that allows nothing".into());
            }
            _ => true,
        };
        if known && !matches!(Any::from_der(extension.value), Ok(([], _))) {
            return Some(format!("has a malformed extension {oid}"));
        }
    }
    None
}
