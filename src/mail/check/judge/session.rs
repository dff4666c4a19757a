//! What a server says before TLS and inside it.

use super::Subject;
use crate::mail::check::{Finding, Issue, Severity};
use crate::net::service::{Protocol, Service};
use crate::net::starttls::{Fault, Seen};
use crate::net::survey::{Handshake, Injection, Observations, Obstacle};
use crate::pki::general_name::GeneralName;

/// Judges the conversations.
pub(super) fn judge(seen: &Observations, subject: Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(seen.obstacle.as_ref().map(|obstacle| obstructed(obstacle, subject)));
    let before = seen.opened.as_ref().map(|opened| &opened.seen);
    let inside =
        seen.inside.as_ref().filter(|inside| inside.is_answered).map(|inside| &inside.seen);
    if let Some(before) = before {
        found.extend(login_before_tls(before, subject));
    }
    match &seen.injection {
        Some(Injection::Obeyed) => found.push(Finding::new(
            Issue::CommandInjection,
            "a command that was sent in plain text behind STARTTLS was answered inside TLS",
        )),
        Some(Injection::Unknown(why)) => {
            let seen = format!("whether commands can be put in before TLS was not seen: {why}");
            found.push(Finding::new(Issue::Incomplete, seen));
        }
        Some(Injection::Dropped | Injection::Refused(_)) | None => {}
    }
    if let Some(Handshake::Failed(why)) = &seen.handshake {
        found.push(Finding::new(Issue::HandshakeFailed, why.clone()));
    }
    found.extend(no_greeting(seen, subject));
    if let Some(inside) = inside {
        found.extend(inside_tls(inside, subject));
        found.extend(before.and_then(|before| changes(before, inside, subject)));
    }
    if let Some(name) = inside.or(before).and_then(|seen| seen.name.as_deref()) {
        found.extend(ehlo_name(name));
    }
    found
}

/// Where TLS comes first, whoever shakes hands may still be no mail server. One that asked for a certificate may
/// have gone because of it, which is told with that.
fn no_greeting(seen: &Observations, subject: Subject<'_>) -> Option<Finding> {
    let inside = seen.inside.as_ref()?;
    let why = inside.end.as_ref()?;
    let has_asked = seen.presented().is_some_and(|presented| presented.request.is_some());
    (subject.service.is_implicit() && inside.seen.greeting.is_empty() && !has_asked)
        .then(|| Finding::new(Issue::WrongProtocol, format!("inside TLS: {why}")))
}

fn obstructed(obstacle: &Obstacle, subject: Subject<'_>) -> Finding {
    let issue = match obstacle {
        Obstacle::Unreachable(why) => return Finding::new(Issue::Unreachable, why.clone()),
        Obstacle::Late(awaited) => {
            let seen = format!(
                "the server did not send {awaited} in time; a longer --timeout gives it more"
            );
            return Finding::new(Issue::WrongProtocol, seen);
        }
        Obstacle::Broken(why) => {
            return Finding::new(Issue::WrongProtocol, format!("the connection broke: {why}"));
        }
        Obstacle::Fault(fault) => match fault {
            Fault::NotOffered { .. } => Issue::StarttlsMissing,
            Fault::Refused { command: Some("STARTTLS" | "STLS"), .. } => Issue::StarttlsRefused,
            Fault::Withdrawn { .. } => Issue::HandshakeFailed,
            Fault::Injected => Issue::ResponseInjection,
            _ => Issue::WrongProtocol,
        },
    };
    let Obstacle::Fault(fault) = obstacle else { return Finding::new(issue, "") };
    let finding = Finding::new(issue, fault.to_string());
    // Another server goes on in plain text; whoever logs in should not.
    if issue == Issue::StarttlsMissing && subject.is_for_users() {
        return finding.as_bad_as(Severity::Critical);
    }
    finding
}

fn login_before_tls(before: &Seen, subject: Subject<'_>) -> Option<Finding> {
    let plain = before.logins(subject.service.protocol()).plain;
    (!plain.is_empty()).then(|| {
        let seen = format!("before TLS the server offers {}", plain.join(", "));
        Finding::new(Issue::LoginBeforeTls, seen)
    })
}

fn inside_tls(inside: &Seen, subject: Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(command) = ["STARTTLS", "STLS"].into_iter().find(|word| inside.offers(word)) {
        found.push(Finding::new(
            Issue::StarttlsInsideTls,
            format!("inside TLS it offers {command}"),
        ));
    }
    let logins = inside.logins(subject.service.protocol());
    let is_submission = matches!(subject.service, Service::Submission | Service::Submissions);
    if is_submission && logins.plain.is_empty() && logins.other.is_empty() {
        found.push(Finding::new(Issue::LoginMissing, "inside TLS it does not offer AUTH"));
    }
    found
}

/// Only of SMTP: the others have to be asked again, and change more than is of interest.
fn changes(before: &Seen, inside: &Seen, subject: Subject<'_>) -> Option<Finding> {
    if subject.service.protocol() != Protocol::Smtp || before.capabilities.is_empty() {
        return None;
    }
    let only = |one: &Seen, other: &Seen| {
        let lines = one.capabilities.iter().filter(|line| !other.capabilities.contains(line));
        lines.cloned().collect::<Vec<_>>().join(", ")
    };
    let (gone, new) = (only(before, inside), only(inside, before));
    let told = match (gone.as_str(), new.as_str()) {
        // As it should be, and so everywhere.
        ("" | "STARTTLS", "") => return None,
        (gone, "") => format!("gone inside TLS: {gone}"),
        ("", new) => format!("new inside TLS: {new}"),
        (gone, new) => format!("gone inside TLS: {gone}; new: {new}"),
    };
    Some(Finding::new(Issue::EhloChanges, told))
}

/// RFC 5321 4.1.1.1: a full host name, or an address in brackets.
fn ehlo_name(said: &str) -> Option<Finding> {
    let name = said.split_whitespace().next().unwrap_or_default();
    let is_literal = name.starts_with('[') && name.ends_with(']');
    let is_full = name.contains('.')
        && matches!(GeneralName::host(name), Ok(GeneralName::Dns(_)))
        && !name.to_ascii_lowercase().ends_with(".localdomain");
    (!is_literal && !is_full)
        .then(|| Finding::new(Issue::EhloName, format!("it calls itself \"{name}\"")))
}
