//! Client certificates and relaying. Sendmail alone decides after the handshake, and says what it decided in its
//! log: `verify=` and a word. Which one follows from what is seen here in all cases but one, and is said.

use super::certificate::is_for_clients;
use super::{Standard, Subject};
use crate::mail::check::{Finding, Issue, Severity, Software};
use crate::net::probe::CertificateRequest;
use crate::net::service::Protocol;
use crate::net::starttls::RelayAnswer;
use crate::net::survey::{Inside, Observations};
use crate::pki::certificate::Certificate;
use crate::pki::inspect::text::{count, minute};
use crate::pki::name::{printable_name, same_name};

/// Judges what came of ours, and of the question about relaying.
pub(super) fn judge(
    seen: &Observations,
    subject: Subject<'_>,
    standard: &Standard<'_>,
    software: Option<Software>,
) -> Vec<Finding> {
    let Some(presented) = seen.presented() else { return Vec::new() };
    let is_sendmail = software == Some(Software::Sendmail);
    let mut found = Vec::new();
    match (&presented.request, standard.client.first()) {
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
        (Some(request), Some(_)) => {
            found.extend(authority(&request.authorities, standard.client));
            found.push(outcome(seen, request.is_answered));
        }
    }
    // Who ended the handshake has logged something else.
    if is_sendmail
        && presented.is_finished
        && let Some(finding) =
            found.iter_mut().find(|one| one.issue != Issue::ClientAuthorityMissing)
    {
        finding.seen.push_str("; ");
        finding.seen.push_str(verify(presented.request.as_ref(), seen, standard).words());
    }
    if subject.service.protocol() == Protocol::Smtp {
        found.extend(relaying(seen, subject, standard));
    }
    if let Some(why) = standard.client.first().and_then(|own| unfit(own, standard)) {
        found = as_unfit(found, &why, subject, standard);
    }
    found
}

/// Why a server should give our certificate no rights, as far as that is known here.
fn unfit(own: &Certificate, standard: &Standard<'_>) -> Option<String> {
    let serial = &own.serial;
    if let Ok(Some(when)) = (standard.revoked)(own) {
        return Some(format!("the CA here has revoked the serial number {serial}: {when}"));
    }
    if standard.now > own.not_after {
        return Some(format!("it expired on {}", minute(own.not_after)));
    }
    (standard.now < own.not_before)
        .then(|| format!("it is not valid before {}", minute(own.not_before)))
}

/// With such a certificate a refusal is right, and rights are wrong.
fn as_unfit(
    found: Vec<Finding>,
    why: &str,
    subject: Subject<'_>,
    standard: &Standard<'_>,
) -> Vec<Finding> {
    let unseen = match (subject.service.protocol(), standard.relay_to) {
        (Protocol::Smtp, None) => {
            "which gives no rights yet: what it may do was not asked (--relay-to)"
        }
        (Protocol::Smtp, Some(_)) => "which gives no rights yet: what it may do was not seen",
        _ => "which gives no rights yet: whether one can log in with it is not seen from outside",
    };
    let mut rest = Vec::new();
    // That a server goes on after it gives no rights: many look at it only where it would give some.
    let told = Finding::new(Issue::ClientCertificateInvalid, why.to_owned());
    let mut told = told.as_bad_as(Severity::Info);
    let mut is_taken = false;
    for finding in found {
        match finding.issue {
            Issue::ClientCertificateRefused | Issue::RelayRefused => {
                told.seen = format!("{why}; and the server refuses it, as it should");
                rest.push(finding.as_bad_as(Severity::Info));
            }
            Issue::RelayAllowed => {
                is_taken = true;
                told.severity = Severity::Critical;
                told.seen = format!("{why}; and mail is relayed {}", finding.seen);
            }
            Issue::ClientCertificateAccepted => {
                // What was seen of relaying says more.
                if told.seen == why {
                    told.seen = format!("{why}; {}, {unseen}", finding.seen);
                }
            }
            _ => rest.push(finding),
        }
    }
    // Open to everybody, it is no matter of the certificate.
    if is_taken && rest.iter().any(|one| one.issue == Issue::RelayOpen) {
        told.severity = Severity::Warning;
    }
    rest.push(told);
    rest
}

/// What Sendmail makes of a client, as it writes it behind `verify=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verify {
    Not,
    No,
    Ok,
    Fail,
    /// Nothing that is seen from outside says which.
    OkOrFail,
}

impl Verify {
    fn words(self) -> &'static str {
        match self {
            Self::Not => "Sendmail's log says verify=NOT: it has not asked",
            Self::No => "Sendmail's log says verify=NO: none was shown",
            Self::Ok => "Sendmail's log says verify=OK: the certificate gives the right to relay",
            Self::Fail => {
                "Sendmail's log says verify=FAIL: the certificate gives no rights, and why is in the line before"
            }
            Self::OkOrFail => {
                "Sendmail's log says verify=OK, or verify=FAIL and why in the line before"
            }
        }
    }
}

fn verify(
    request: Option<&CertificateRequest>,
    seen: &Observations,
    standard: &Standard<'_>,
) -> Verify {
    let Some(request) = request else { return Verify::Not };
    if standard.client.is_empty() || !request.is_answered {
        return Verify::No;
    }
    let allowed = |inside: &Option<Inside>| inside.as_ref()?.relay.as_ref()?.is_allowed(false);
    match (allowed(&seen.inside), allowed(&seen.relay_without_certificate)) {
        // It is the certificate that makes the difference.
        (Some(true), Some(false)) => Verify::Ok,
        _ if is_worthless(request, standard) => Verify::Fail,
        _ => Verify::OkOrFail,
    }
}

/// Whether OpenSSL does not verify it for a client: it has ended, is for something else, or of a CA that is
/// not among those that Sendmail names, which are those of confCACERT.
fn is_worthless(request: &CertificateRequest, standard: &Standard<'_>) -> bool {
    let is_unfit = standard.client.first().is_some_and(|own| {
        standard.now < own.not_before || standard.now > own.not_after || !is_for_clients(own)
    });
    is_unfit || authority(&request.authorities, standard.client).is_some()
}

/// A server that names CAs should name ours, or mail programs do not offer the certificate.
fn authority(names: &[Vec<u8>], chain: &[Certificate]) -> Option<Finding> {
    let own = chain.first()?;
    let is_ours = |name: &Vec<u8>| chain.iter().any(|one| same_name(name, one.issuer.as_der()));
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

fn relaying(seen: &Observations, subject: Subject<'_>, standard: &Standard<'_>) -> Vec<Finding> {
    let Some(to) = standard.relay_to else { return Vec::new() };
    let with = answer(seen.inside.as_ref());
    let is_allowed = |answer: &RelayAnswer| answer.is_allowed(subject.is_for_users());
    if standard.client.is_empty() {
        return vec![anybody(to, seen.inside.as_ref(), subject)];
    }
    let without = answer(seen.relay_without_certificate.as_ref());
    let mut found = Vec::new();
    // What was not seen is told, too, and what is right is told with the certificate.
    let is_refused = match without.and_then(is_allowed) {
        Some(is_allowed) => !is_allowed,
        // Who gets in with a certificate alone relays for nobody else.
        None => seen.relay_without_certificate.as_ref().is_some_and(|inside| {
            let end = inside.end.as_deref().unwrap_or_default();
            !inside.is_answered && (end.contains("alert") || end.contains("refuses EHLO"))
        }),
    };
    if !is_refused {
        found.push(anybody(to, seen.relay_without_certificate.as_ref(), subject));
    }
    let told = words(seen.inside.as_ref());
    found.push(match with.and_then(is_allowed) {
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

fn answer(inside: Option<&Inside>) -> Option<&RelayAnswer> {
    inside.and_then(|inside| inside.relay.as_ref())
}

/// The answer to somebody without a certificate.
fn anybody(to: &str, inside: Option<&Inside>, subject: Subject<'_>) -> Finding {
    let told = words(inside);
    let answer = answer(inside);
    let is_own = is_of_host(to, &subject.host.to_string());
    match answer.and_then(|answer| answer.is_allowed(subject.is_for_users())) {
        // Of its own domain, every server takes mail, and not for everybody there.
        Some(is_allowed)
            if is_own && (is_allowed || !answer.is_some_and(RelayAnswer::names_relaying)) =>
        {
            Finding::new(
                Issue::RelayUnclear,
                format!("{to} may well be an address of the server's own: {told}"),
            )
        }
        Some(true) => {
            Finding::new(Issue::RelayOpen, format!("without a certificate, to {to}: {told}"))
        }
        // As it should be.
        Some(false) => {
            Finding::new(Issue::RelayRefused, format!("to {to}: {told}")).as_bad_as(Severity::Info)
        }
        None => unclear(to, &told),
    }
}

/// Whether an address is in the host's own domain, or in one above it.
fn is_of_host(to: &str, host: &str) -> bool {
    let domain = to.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
    let host = host.to_ascii_lowercase();
    !domain.is_empty() && (host == domain || host.ends_with(&format!(".{domain}")))
}

fn unclear(to: &str, told: &str) -> Finding {
    Finding::new(Issue::RelayUnclear, format!("whether it relays to {to} was not seen: {told}"))
}

fn words(inside: Option<&Inside>) -> String {
    let said = answer(inside)
        .and_then(|answer| answer.recipient.as_ref().or(answer.sender.as_ref()).cloned());
    let end = || inside.and_then(|inside| inside.end.clone());
    said.or_else(end).unwrap_or_else(|| "the question was not reached".to_owned())
}

#[cfg(test)]
mod tests {
    use super::is_of_host;

    #[test]
    fn an_address_of_the_hosts_own_is_known() {
        for (to, wanted) in [
            ("root@mx.example.com", true),
            ("joe@EXAMPLE.com", true),
            ("joe@example.net", false),
            ("joe@ample.com", false),
            ("joe@sub.mx.example.com", false),
        ] {
            assert_eq!(is_of_host(to, "mx.example.com"), wanted, "{to}");
        }
    }
}
