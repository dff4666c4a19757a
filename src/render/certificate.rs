//! A certificate in the reports of the commands that make one.

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::pki::certificate::Certificate;
use crate::pki::digest::{self, colon_hex};
use crate::pki::profile::Profile;

/// The facts on a certificate that a program asks for first.
pub fn summary(certificate: &Certificate) -> Value {
    json!({
        "serial": certificate.serial.to_string(),
        "subject": certificate.subject.to_string(),
        "issuer": certificate.issuer.to_string(),
        "names": certificate.alternative_names.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "profile": Profile::of(certificate).map(Profile::name),
        "not_before": rfc3339(certificate.not_before),
        "not_after": rfc3339(certificate.not_after),
        "sha256": fingerprint(certificate.as_der()),
    })
}

/// A moment as RFC 3339 has it, UTC.
pub fn rfc3339(moment: OffsetDateTime) -> Option<String> {
    moment.format(&Rfc3339).ok()
}

/// The SHA-256 fingerprint of DER bytes: upper-case hexadecimal, colons between the octets.
pub fn fingerprint(der: &[u8]) -> String {
    colon_hex(&digest::sha256(der))
}

/// The SHA-1 fingerprint, which old configurations and Windows name certificates by.
pub fn sha1_fingerprint(der: &[u8]) -> String {
    colon_hex(&digest::sha1(der))
}
