//! Client certificates and relaying.

use super::{Standard, Subject};
use crate::mail::check::{Finding, Issue};
use crate::net::service::Protocol;
use crate::net::starttls::RelayAnswer;
use crate::net::survey::{Inside, Observations};
use crate::pki::certificate::Certificate;
use crate::pki::inspect::text::count;
use crate::pki::name::{printable_name, same_name};

/// Judges what came of ours, and of the question about relaying.
pub(super) fn judge(
    seen: &Observations,
    subject: Subject<'_>,
    standard: &Standard<'_>,
) -> Vec<Finding> {
    let Some(presented) = seen.presented() else { return Vec::new() };
    let mut found = Vec::new();
    match (&presented.request, standard.client) {
        (None, Some(_)) => found.push(Finding::new(
            Issue::ClientCertificateNotAsked,
            "the handshake had no request for a certificate",
        )),
        (None, None) => {}
        (Some(request), None) => {
            let names: Vec<_> =
                request.authorities.iter().take(3).map(|name| printable_name(name)).collect();
            let mut told = match request.authorities.len() {
                0 => "it names no CA".to_owned(),
                1..=3 => format!("it names {}", names.join("; ")),
                more => format!("it names {}: {} …", count(more, "CA"), names.join("; ")),
            };
            if let Some(Inside { is_answered: false, end: Some(why), .. }) = &seen.inside {
                told = format!("{told}; without one: {why}");
            }
            found.push(Finding::new(Issue::ClientCertificateAsked, told));
        }
        (Some(request), Some(own)) => {
            found.extend(authority(&request.authorities, own));
            found.push(outcome(seen, request.is_answered));
        }
    }
    if subject.service.protocol() == Protocol::Smtp {
        found.extend(relaying(seen, standard));
    }
    found
}

/// A server that names CAs should name ours, or mail programs do not offer the certificate.
fn authority(names: &[Vec<u8>], own: &Certificate) -> Option<Finding> {
    let is_ours = |name: &Vec<u8>| same_name(name, own.issuer.as_der());
    if names.is_empty() || names.iter().any(is_ours) {
        return None;
    }
    let seen =
        format!("{} is not among the {} that it names", own.issuer, count(names.len(), "CA"));
    Some(Finding::new(Issue::ClientAuthorityMissing, seen))
}

/// Whether the server went on. In TLS 1.3 that is seen only when it says something.
fn outcome(seen: &Observations, is_answered: bool) -> Finding {
    if !is_answered {
        let why = "the server wants a signature that the key of the certificate cannot make";
        return Finding::new(Issue::ClientCertificateRefused, why);
    }
    match &seen.inside {
        Some(Inside { is_answered: true, .. }) => {
            Finding::new(Issue::ClientCertificateAccepted, "the server went on after it was shown")
        }
        Some(Inside { end: Some(why), .. }) => {
            Finding::new(Issue::ClientCertificateRefused, why.clone())
        }
        _ => {
            let notes = seen.presented().map(|presented| presented.notes.join("; "));
            let why = notes.filter(|notes| !notes.is_empty());
            let why = why.unwrap_or_else(|| "the server said nothing after it".to_owned());
            Finding::new(Issue::ClientCertificateRefused, why)
        }
    }
}

fn relaying(seen: &Observations, standard: &Standard<'_>) -> Vec<Finding> {
    let Some(to) = standard.relay_to else { return Vec::new() };
    let answer = |inside: &Option<Inside>| inside.as_ref().and_then(|inside| inside.relay.clone());
    let with = answer(&seen.inside);
    if standard.client.is_none() {
        return vec![anybody(to, with.as_ref())];
    }
    let without = answer(&seen.relay_without_certificate);
    let mut found = Vec::new();
    if without.as_ref().and_then(RelayAnswer::is_allowed) == Some(true) {
        found.push(anybody(to, without.as_ref()));
    }
    let told = words(with.as_ref());
    found.push(match with.as_ref().and_then(RelayAnswer::is_allowed) {
        Some(true) => {
            Finding::new(Issue::RelayAllowed, format!("with the certificate, to {to}: {told}"))
        }
        Some(false) => {
            Finding::new(Issue::RelayRefused, format!("with the certificate, to {to}: {told}"))
        }
        None => unclear(to, &told),
    });
    found
}

/// The answer to somebody without a certificate.
fn anybody(to: &str, answer: Option<&RelayAnswer>) -> Finding {
    let told = words(answer);
    match answer.and_then(RelayAnswer::is_allowed) {
        Some(true) => {
            Finding::new(Issue::RelayOpen, format!("without a certificate, to {to}: {told}"))
        }
        // As it should be.
        Some(false) => Finding::new(Issue::RelayRefused, format!("to {to}: {told}"))
            .as_bad_as(crate::mail::check::Severity::Info),
        None => unclear(to, &told),
    }
}

fn unclear(to: &str, told: &str) -> Finding {
    Finding::new(Issue::Incomplete, format!("whether it relays to {to} was not seen: {told}"))
}

fn words(answer: Option<&RelayAnswer>) -> String {
    let Some(answer) = answer else { return "the question was not reached".to_owned() };
    answer.recipient.clone().or_else(|| answer.sender.clone()).unwrap_or_default()
}
