//! The server's own certificate, for itself: dates, key, signature, usages.

use x509_parser::prelude::{FromDer, X509Certificate};

use super::{Standard, Subject};
use crate::mail::check::{Finding, Issue};
use crate::net::service::Protocol;
use crate::pki::certificate::{Certificate, oid};
use crate::pki::inspect::text::{count, minute};
use crate::pki::signature::{self, KeyAlgorithm, key_description};

/// The shortest RSA key that is accepted today.
const RSA_BITS: usize = 2048;
/// The longest that Apple's programs accept a server's certificate of a private CA.
const APPLE_DAYS: i64 = 825;

/// Judges it, and those above it as far as their keys and signatures go.
pub(super) fn judge(
    chain: &[Certificate],
    subject: Subject<'_>,
    standard: &Standard<'_>,
) -> Vec<Finding> {
    let Some(own) = chain.first() else { return Vec::new() };
    let mut found = Vec::new();
    found.extend(dates(own, standard));
    match (standard.revoked)(own) {
        Ok(None) => {}
        Ok(Some(when)) => {
            let seen = format!("the serial number {} was revoked: {when}", own.serial);
            found.push(Finding::new(Issue::Revoked, seen));
        }
        Err(why) => found.push(Finding::new(Issue::RevocationUnknown, why)),
    }
    for certificate in chain {
        found.extend(key(certificate, own));
        found.extend(signed(certificate, own));
    }
    found.extend(usages(own, subject));
    found.extend(signing(own));
    if own.is_ca && !own.is_self_signed() {
        let seen = format!("the certificate of {} may sign others", own.title());
        found.push(Finding::new(Issue::AuthorityAsServer, seen));
    }
    let days = (own.not_after - own.not_before).whole_days();
    // Other servers do not care.
    if days > APPLE_DAYS && subject.is_for_users() {
        let seen = format!("{} is valid for {}", own.title(), days_of(days));
        found.push(Finding::new(Issue::ValidTooLong, seen));
    }
    found
}

fn dates(own: &Certificate, standard: &Standard<'_>) -> Option<Finding> {
    let (now, title) = (standard.now, own.title());
    if now < own.not_before {
        let seen = format!("{title} is not valid before {}", minute(own.not_before));
        return Some(Finding::new(Issue::NotYetValid, seen));
    }
    if now > own.not_after {
        let ago = days_of((now - own.not_after).whole_days());
        let seen = format!("{title} expired on {}, {ago} ago", minute(own.not_after));
        return Some(Finding::new(Issue::Expired, seen));
    }
    let left = own.not_after - now;
    (left < standard.expiring).then(|| {
        let seen =
            format!("{title} ends on {}, in {}", minute(own.not_after), days_of(left.whole_days()));
        Finding::new(Issue::ExpiresSoon, seen)
    })
}

/// Of a CA on the way to a root: whom it has signed ends with it.
pub(super) fn authority_ends(one: &Certificate, standard: &Standard<'_>) -> Finding {
    let left = days_of((one.not_after - standard.now).whole_days());
    let seen =
        format!("the CA certificate {} ends on {}, in {left}", one.title(), minute(one.not_after));
    Finding::new(Issue::ExpiresSoon, seen)
}

/// In every handshake with forward secrecy, and in all of TLS 1.3, the server signs (RFC 8446 4.4.2.2).
fn signing(own: &Certificate) -> Option<Finding> {
    let (_, parsed) = X509Certificate::from_der(own.as_der()).ok()?;
    let usage = parsed.key_usage().ok()??;
    (!usage.value.digital_signature()).then(|| {
        let seen = format!("its key usage is {}", usage.value);
        Finding::new(Issue::SigningUsageMissing, seen)
    })
}

/// The extension of RFC 7633 with `status_request`.
const MUST_STAPLE: (&str, &[u8]) = ("1.3.6.1.5.5.7.1.24", &[2, 1, 5]);

/// Whether it may not be shown without a response of OCSP, and is.
pub(super) fn staple(own: &Certificate, is_stapled: bool) -> Option<Finding> {
    let (_, parsed) = X509Certificate::from_der(own.as_der()).ok()?;
    let (id, feature) = MUST_STAPLE;
    let demands = parsed.extensions().iter().any(|extension| {
        extension.oid.to_id_string() == id
            && extension.value.windows(feature.len()).any(|part| part == feature)
    });
    (demands && !is_stapled).then(|| {
        let seen = format!("the certificate of {} has the extension \"must staple\"", own.title());
        Finding::new(Issue::StapleMissing, seen)
    })
}

fn days_of(days: i64) -> String {
    count(usize::try_from(days).unwrap_or_default(), "day")
}

fn key(certificate: &Certificate, own: &Certificate) -> Option<Finding> {
    let is_short = match KeyAlgorithm::of(&certificate.public_key) {
        Ok(KeyAlgorithm::Rsa { bits } | KeyAlgorithm::RsaPss { bits }) => bits < RSA_BITS,
        Ok(_) | Err(_) => false,
    };
    is_short.then(|| {
        let key = key_description(&certificate.public_key);
        Finding::new(Issue::KeyShort, format!("the key of {} is {key}", called(certificate, own)))
    })
}

/// A root is trusted for being given: its own signature says nothing.
fn signed(certificate: &Certificate, own: &Certificate) -> Option<Finding> {
    let is_own = certificate.as_der() == own.as_der();
    if certificate.is_self_signed() && !is_own {
        return None;
    }
    let (_, parsed) = X509Certificate::from_der(certificate.as_der()).ok()?;
    signature::is_weak(&parsed.signature_algorithm).then(|| {
        let how = signature::algorithm_name(&parsed.signature_algorithm);
        let seen = format!("{} is signed with {how}", called(certificate, own));
        Finding::new(Issue::SignatureWeak, seen)
    })
}

fn called(certificate: &Certificate, own: &Certificate) -> String {
    if certificate.as_der() == own.as_der() {
        format!("the certificate of {}", certificate.title())
    } else {
        format!("the CA certificate {}", certificate.title())
    }
}

/// Whether the extended key usages, where there are any, allow a server to use it.
pub(super) fn is_for_servers(own: &Certificate) -> bool {
    has_usage(own, oid::SERVER_AUTH)
}

/// Whether they allow a client to.
pub(super) fn is_for_clients(own: &Certificate) -> bool {
    has_usage(own, oid::CLIENT_AUTH)
}

fn has_usage(own: &Certificate, wanted: &str) -> bool {
    // anyExtendedKeyUsage (RFC 5280 4.2.1.12) is not enough for OpenSSL.
    let usages = own.extended_key_usage.as_ref();
    usages.is_none_or(|usages| usages.iter().any(|usage| usage == wanted))
}

fn usages(own: &Certificate, subject: Subject<'_>) -> Option<Finding> {
    if !is_for_servers(own) {
        let seen = "its extended key usage lacks serverAuth";
        return Some(Finding::new(Issue::ServerUsageMissing, seen));
    }
    let sends = subject.service.protocol() == Protocol::Smtp;
    (sends && !is_for_clients(own)).then(|| {
        let seen = "its extended key usage lacks clientAuth";
        Finding::new(Issue::ClientUsageMissing, seen)
    })
}
