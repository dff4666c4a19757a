//! What one certificate in a path may do: dates, critical extensions, CA or not, key usage, purpose
//! (RFC 5280 6.1.3, 6.1.4; OpenSSL's `-purpose`).

use time::macros::format_description;
use time::{Duration, OffsetDateTime, UtcOffset};
use x509_parser::x509::X509Version;

use super::certificate::Certificate;
use crate::error::{Error, Result};
use crate::pki::printable::shortened;

/// What the leaf is to be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A TLS server.
    Server,
    /// A TLS client.
    Client,
    /// Signing or encrypting e-mail, either of the two: OpenSSL's `smimesign` and `smimeencrypt` ask for
    /// one each, and the latter knows no key agreement.
    Smime,
}

impl Purpose {
    fn words(self) -> &'static str {
        match self {
            Self::Server => "a TLS server (serverAuth)",
            Self::Client => "a TLS client (clientAuth)",
            Self::Smime => "S/MIME (emailProtection)",
        }
    }
}

/// More unknown purposes than this are counted in an error instead of named.
const PURPOSES_SHOWN: usize = 5;

/// The extensions that OpenSSL understands where they are critical: not the key identifiers, which RFC
/// 5280 4.2.1.1 and 4.2.1.2 forbid to be. Policies are read and, without a policy asked for, demand nothing.
const UNDERSTOOD: &[&str] = &[
    "2.5.29.15",
    "2.5.29.17",
    "2.5.29.19",
    "2.5.29.30",
    "2.5.29.31",
    "2.5.29.32",
    "2.5.29.33",
    "2.5.29.36",
    "2.5.29.37",
    "2.5.29.54",
    "2.16.840.1.113730.1.1",
];

/// How a sentence calls a certificate: `the certificate of "…"` or `the CA certificate "…"`.
pub(super) fn called(certificate: &Certificate<'_>, is_leaf: bool) -> String {
    if is_leaf {
        format!("the certificate of \"{}\"", certificate.label)
    } else {
        format!("the CA certificate \"{}\"", certificate.label)
    }
}

pub(super) fn check_dates(
    certificate: &Certificate<'_>,
    is_leaf: bool,
    at: OffsetDateTime,
) -> Result<()> {
    if at < certificate.not_before() {
        return Err(Error::verdict(format!(
            "{} is not valid before {}, as of {}",
            called(certificate, is_leaf),
            date_words(certificate.not_before(), at),
            at.date()
        ))
        .hint("check the clock of this machine and of the CA's"));
    }
    if at > certificate.not_after() {
        let error = Error::verdict(format!(
            "{} expired on {}, as of {}",
            called(certificate, is_leaf),
            date_words(certificate.not_after(), at),
            at.date()
        ));
        return Err(error.hint(if is_leaf {
            "renew it"
        } else {
            "the CA needs a new certificate"
        }));
    }
    Ok(())
}

pub(super) fn check_critical_extensions(
    certificate: &Certificate<'_>,
    is_leaf: bool,
) -> Result<()> {
    let unknown = certificate.parsed.extensions().iter().find(|extension| {
        extension.critical && !UNDERSTOOD.contains(&extension.oid.to_id_string().as_str())
    });
    match unknown {
        Some(extension) => Err(Error::verdict(format!(
            "{} has a critical extension that is not understood: {}",
            called(certificate, is_leaf),
            extension.oid
        ))),
        None => Ok(()),
    }
}

/// That an issuer may issue (RFC 5280 6.1.4 k, n). A v1 certificate may only as a trust anchor.
pub(super) fn check_is_ca(issuer: &Certificate<'_>, is_anchor: bool) -> Result<()> {
    let name = called(issuer, false);
    if issuer.parsed.version() != X509Version::V3 && issuer.basic_constraints().is_none() {
        if is_anchor {
            return Ok(());
        }
        return Err(Error::verdict(format!(
            "{name} is X.509 version {}; an intermediate CA must be version 3",
            issuer.parsed.version().0 + 1
        )));
    }
    if !issuer.is_ca() {
        return Err(Error::verdict(format!(
            "{name} is not a CA: its basicConstraints do not say CA:TRUE"
        )));
    }
    match issuer.key_usage() {
        Some(usage) if !usage.key_cert_sign() => Err(Error::verdict(format!(
            "{name} may not sign certificates: its key usage is {usage}, without Key Cert Sign"
        ))),
        _ => Ok(()),
    }
}

/// That path length constraints are kept; the path runs from leaf to root (RFC 5280 4.2.1.9).
pub(super) fn check_path_lengths(path: &[&Certificate<'_>]) -> Result<()> {
    let mut below: Vec<&str> = Vec::new();
    for issuer in path.iter().skip(1) {
        let limit =
            issuer.basic_constraints().and_then(|constraints| constraints.path_len_constraint);
        if let Some(limit) = limit
            && below.len() > limit as usize
        {
            return Err(Error::verdict(format!(
                "the CA \"{}\" may have {limit} intermediate CAs below it, but this chain has {}: {}",
                issuer.label,
                below.len(),
                below.iter().map(|label| format!("\"{label}\"")).collect::<Vec<_>>().join(", ")
            )));
        }
        if !issuer.is_self_issued() {
            below.push(&issuer.label);
        }
    }
    Ok(())
}

/// That a certificate is for a purpose, as `openssl verify -purpose` decides it: for every certificate of
/// the path the extended key usage, for the leaf the key usage and nsCertType too.
pub(super) fn check_purpose(
    certificate: &Certificate<'_>,
    purpose: Purpose,
    is_leaf: bool,
) -> Result<()> {
    let refusal = |found: String| {
        Error::verdict(format!(
            "{} is not for {}: its {found}",
            called(certificate, is_leaf),
            purpose.words()
        ))
    };
    if let Some(usage) = certificate.extended_key_usage() {
        let fits = match purpose {
            Purpose::Server => usage.server_auth || has_server_gated(usage),
            Purpose::Client => usage.client_auth,
            Purpose::Smime => usage.email_protection,
        };
        if !fits {
            return Err(refusal(format!("extended key usage is {}", extended_words(usage))));
        }
    }
    if !is_leaf {
        return Ok(());
    }
    if let Some(kind) = certificate.netscape_type() {
        let fits = match purpose {
            Purpose::Server => kind.ssl_server(),
            Purpose::Client => kind.ssl_client(),
            // OpenSSL: "workaround for some buggy certificates".
            Purpose::Smime => kind.smime() || kind.ssl_client(),
        };
        if !fits {
            return Err(refusal("nsCertType is for something else".into()));
        }
    }
    if let Some(usage) = certificate.key_usage() {
        let fits = match purpose {
            Purpose::Server => {
                usage.digital_signature() || usage.key_encipherment() || usage.key_agreement()
            }
            Purpose::Client => usage.digital_signature() || usage.key_agreement(),
            Purpose::Smime => {
                usage.digital_signature()
                    || usage.non_repudiation()
                    || usage.key_encipherment()
                    || usage.key_agreement()
            }
        };
        if !fits {
            return Err(refusal(format!("key usage is {usage}")));
        }
    }
    Ok(())
}

/// Netscape's and Microsoft's server gated cryptography, which OpenSSL takes for serverAuth.
fn has_server_gated(usage: &x509_parser::extensions::ExtendedKeyUsage<'_>) -> bool {
    usage.other.iter().any(|oid| {
        matches!(oid.to_id_string().as_str(), "2.16.840.1.113730.4.1" | "1.3.6.1.4.1.311.10.3.3")
    })
}

fn extended_words(usage: &x509_parser::extensions::ExtendedKeyUsage<'_>) -> String {
    let named = [
        (usage.any, "anyExtendedKeyUsage"),
        (usage.server_auth, "serverAuth"),
        (usage.client_auth, "clientAuth"),
        (usage.code_signing, "codeSigning"),
        (usage.email_protection, "emailProtection"),
        (usage.time_stamping, "timeStamping"),
        (usage.ocsp_signing, "OCSPSigning"),
    ];
    let mut words: Vec<String> =
        named.iter().filter(|(set, _)| *set).map(|(_, name)| (*name).to_owned()).collect();
    let unknown = usage.other.iter().take(PURPOSES_SHOWN);
    words.extend(unknown.map(|oid| shortened(&oid.to_id_string())));
    if usage.other.len() > PURPOSES_SHOWN {
        words.push(format!("{} more", usage.other.len() - PURPOSES_SHOWN));
    }
    if words.is_empty() { "empty".into() } else { words.join(", ") }
}

/// A date for people, with how far it is from `at`: `2026-03-01 (256 days ago)`; within two days with
/// the time, in UTC.
pub(super) fn date_words(then: OffsetDateTime, at: OffsetDateTime) -> String {
    let then = then.to_offset(UtcOffset::UTC);
    let distance = (then - at).abs();
    let date = if distance < Duration::days(2) {
        then.format(format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC"))
    } else {
        then.format(format_description!("[year]-[month]-[day]"))
    }
    // These formats hold nothing that can fail.
    .unwrap_or_else(|_| then.to_string());
    let (count, unit) = if distance >= Duration::days(2) {
        (distance.whole_days(), "days")
    } else if distance >= Duration::hours(2) {
        (distance.whole_hours(), "hours")
    } else if distance >= Duration::minutes(2) {
        (distance.whole_minutes(), "minutes")
    } else {
        (distance.whole_seconds(), "seconds")
    };
    let unit = if count == 1 { unit.trim_end_matches('s') } else { unit };
    if then > at {
        format!("{date} (in {count} {unit})")
    } else {
        format!("{date} ({count} {unit} ago)")
    }
}
