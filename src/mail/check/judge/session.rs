//! What a server says before TLS and inside it.

use super::Subject;
use crate::mail::check::{Finding, Issue, Severity};
use crate::net::hello::{Answer, Version};
use crate::net::service::{Protocol, Service};
use crate::net::starttls::{Fault, Seen};
use crate::net::survey::{Handshake, Injection, Inside, Observations, Obstacle, Outcome};
use crate::pki::general_name::GeneralName;

/// What the conversations call it.
const GREETING: &str = "its greeting";

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
        found.push(no_handshake(seen, why, subject));
    }
    found.extend(broken(seen, subject));
    if let Some(inside) = inside {
        let asks = seen.presented().is_some_and(|presented| presented.request.is_some());
        found.extend(inside_tls(inside, subject, asks));
        found.extend(before.and_then(|before| changes(before, inside, subject)));
    }
    if let Some(name) = inside.or(before).and_then(|seen| seen.name.as_deref()) {
        found.extend(ehlo_name(name));
    }
    found
}

/// No handshake. What the server says in plain text instead may tell why.
fn no_handshake(seen: &Observations, why: &str, subject: Subject<'_>) -> Finding {
    let said = seen.versions.iter().find_map(|one| match &one.outcome {
        Outcome::Answered(Answer::Strange(what)) => quoted(what),
        _ => None,
    });
    let Some(said) = said else { return uncommon(seen, why) };
    if subject.service.is_implicit() {
        let plain = match subject.service.protocol() {
            Protocol::Smtp if is_out_of_step(said) => Some(Protocol::Smtp),
            protocol => greets(said).filter(|greeting| *greeting == protocol),
        };
        if let Some(plain) = plain {
            return plain_text(plain, said, subject);
        }
    }
    let is_in_it = why.contains(said);
    let told = if is_in_it { why.to_owned() } else { format!("{why}: {said}") };
    Finding::new(Issue::HandshakeFailed, told)
}

/// What begins with these words as a server's greeting.
fn greets(said: &str) -> Option<Protocol> {
    let upper = said.to_ascii_uppercase();
    [
        ("* OK", Protocol::Imap),
        ("* PREAUTH", Protocol::Imap),
        ("+OK", Protocol::Pop3),
        ("220 ", Protocol::Smtp),
        ("220-", Protocol::Smtp),
        ("\"IMPLEMENTATION\"", Protocol::Sieve),
    ]
    .into_iter()
    .find_map(|(start, protocol)| upper.starts_with(start).then_some(protocol))
}

/// Whether a server of SMTP in plain text complains of a hello: as of somebody who speaks before he is greeted, or
/// of a command that it does not know. One without room, or that turns this client away, may say so with TLS, too.
fn is_out_of_step(said: &str) -> bool {
    let lower = said.to_ascii_lowercase();
    let is_of_commands =
        ["500", "501", "502", "503", "521"].iter().any(|one| said.starts_with(one));
    let is_of_order =
        ["synchroni", "protocol error", "pipelin"].iter().any(|one| lower.contains(one));
    is_of_commands || (said.starts_with("554") && is_of_order)
}

/// Plain text in the place of TLS. At the usual port it is the server that is set up wrongly, elsewhere the
/// service that was named.
fn plain_text(plain: Protocol, said: &str, subject: Subject<'_>) -> Finding {
    let (service, host, port) = (subject.service, subject.host, subject.port);
    let told =
        format!("it speaks {} in plain text, where {service} begins with TLS", plain.title());
    if service == Service::Submissions && port == service.port() {
        let told = format!(
            "{told}: \"{said}\"; what listens there is set up without it (in Postfix, smtpd_tls_wrappermode=yes \
             is missing)"
        );
        return Finding::new(Issue::WrongProtocol, told);
    }
    let plain = match plain {
        Protocol::Imap => Service::Imap,
        Protocol::Pop3 => Service::Pop3,
        Protocol::Sieve => Service::Sieve,
        Protocol::Smtp if port == Service::Submission.port() => Service::Submission,
        Protocol::Smtp => Service::Smtp,
    };
    Finding::new(Issue::WrongProtocol, format!("{told}: check {host}:{port}/{plain}"))
}

/// Another protocol inside TLS than the one that was named.
fn other_inside(why: &str, subject: Subject<'_>) -> Option<Finding> {
    let (service, host, port) = (subject.service, subject.host, subject.port);
    let said = why.strip_prefix("the server does not speak ").and_then(quoted)?;
    let other = greets(said).filter(|_| service.is_implicit())?;
    let named = match other {
        Protocol::Smtp => Service::Submissions,
        Protocol::Imap => Service::Imaps,
        Protocol::Pop3 => Service::Pop3s,
        Protocol::Sieve => return None,
    };
    let seen = format!(
        "inside TLS it speaks {}, and not {}: \"{said}\"; check {host}:{port}/{named}",
        other.title(),
        service.protocol().title()
    );
    (named != service).then(|| Finding::new(Issue::WrongProtocol, seen))
}

/// A server that answers a hello of today may have nothing that our own TLS knows.
fn uncommon(seen: &Observations, why: &str) -> Finding {
    let mut newest = seen.versions.iter().rev().filter(|one| one.version >= Version::Tls12);
    match newest.find_map(|one| one.accepted()) {
        Some(accepted) => {
            let suite = accepted.suites.first().map(ToString::to_string).unwrap_or_default();
            let told = format!("it answers to {} with {suite} alone; {why}", accepted.version);
            Finding::new(Issue::HandshakeUncommon, told)
        }
        None => Finding::new(Issue::HandshakeFailed, why),
    }
}

/// What was quoted of the server's words.
fn quoted(what: &str) -> Option<&str> {
    let (_, rest) = what.split_once('"')?;
    rest.rsplit_once('"').map(|(said, _)| said).filter(|said| !said.is_empty())
}

/// TLS may be in order and the server behind it not: it says nothing inside, or not what it offers. One that
/// asked for a certificate and got none may want one; and what it makes of ours is told with that.
fn broken(seen: &Observations, subject: Subject<'_>) -> Option<Finding> {
    let presented = seen.presented()?;
    let inside = seen.inside.as_ref();
    let works = |inside: &Inside| match subject.service.protocol() {
        Protocol::Smtp => inside.seen.name.is_some(),
        // Servers of old know no CAPA.
        Protocol::Pop3 => {
            inside.is_answered && (inside.end.is_none() || !inside.seen.capabilities.is_empty())
        }
        Protocol::Imap | Protocol::Sieve => !inside.seen.capabilities.is_empty(),
    };
    if inside.is_some_and(works) {
        return None;
    }
    let end = inside.and_then(|inside| inside.end.clone());
    let is_answered = inside.is_some_and(|inside| inside.is_answered);
    let notes = presented.notes.join("; ");
    let why = end.unwrap_or_else(|| match notes {
        notes if !notes.is_empty() => notes,
        _ if is_answered => "the server does not say what it offers".to_owned(),
        _ => "the server said nothing".to_owned(),
    });
    if let Some(finding) = other_inside(&why, subject) {
        return Some(finding);
    }
    match &presented.request {
        // Whoever insists on one ends the handshake, or says so with an alert or a refusal; who merely dies says
        // nothing.
        Some(request)
            if !is_answered
                && !request.is_answered
                && (!presented.is_finished
                    || why.contains("alert")
                    || why.contains("refuses EHLO")) =>
        {
            let told = Finding::new(Issue::ClientCertificateRequired, format!("inside TLS: {why}"));
            // Users may be known; servers that deliver to port 25 are not.
            let is_for_all = subject.service == Service::Smtp;
            Some(if is_for_all { told } else { told.as_bad_as(Severity::Warning) })
        }
        // The finding on our certificate says so.
        Some(request) if !is_answered && request.is_answered => None,
        // A signature that is wrong is another matter.
        _ if !presented.is_finished && !presented.is_key_proven => None,
        request => {
            let asked =
                if request.is_some() { "; it had asked for a client certificate" } else { "" };
            Some(Finding::new(Issue::SessionBroken, format!("inside TLS: {why}{asked}")))
        }
    }
}

fn obstructed(obstacle: &Obstacle, subject: Subject<'_>) -> Finding {
    let issue = match obstacle {
        Obstacle::Unreachable(why) => return Finding::new(Issue::Unreachable, why.clone()),
        Obstacle::Late(awaited) => {
            let named = Service::by_port(subject.port)
                .filter(|named| named.is_implicit() && *awaited == GREETING);
            let hint = named.map_or_else(
                || "a longer --timeout gives it more".to_owned(),
                |named| {
                    let (host, port) = (subject.host, subject.port);
                    format!("this port is the usual one of {named}, where TLS comes first: check {host}:{port}/{named}")
                },
            );
            let seen = format!("the server did not send {awaited} in time; {hint}");
            let issue = if *awaited == GREETING { Issue::NoGreeting } else { Issue::WrongProtocol };
            return Finding::new(issue, seen);
        }
        Obstacle::Broken(why) => {
            return Finding::new(Issue::NoGreeting, format!("the connection broke: {why}"));
        }
        Obstacle::Fault(fault) => match fault {
            Fault::NotOffered { .. } => Issue::StarttlsMissing,
            Fault::Refused { command: Some("STARTTLS" | "STLS"), .. } => Issue::StarttlsRefused,
            Fault::Refused { command: None, .. } => Issue::TurnedAway,
            Fault::Closed { awaited: GREETING } => Issue::NoGreeting,
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

fn inside_tls(inside: &Seen, subject: Subject<'_>, asks: bool) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(command) = ["STARTTLS", "STLS"].into_iter().find(|word| inside.offers(word)) {
        found.push(Finding::new(
            Issue::StarttlsInsideTls,
            format!("inside TLS it offers {command}"),
        ));
    }
    let logins = inside.logins(subject.service.protocol());
    let is_submission = matches!(subject.service, Service::Submission | Service::Submissions);
    // What offers nothing at all has a finding of its own.
    let is_told = is_submission && inside.name.is_some();
    if is_told && logins.plain.is_empty() && logins.other.is_empty() {
        let finding = Finding::new(Issue::LoginMissing, "inside TLS it does not offer AUTH");
        // Where it asks for certificates, users may be let in by those.
        found.push(if asks { finding.as_bad_as(Severity::Info) } else { finding });
    }
    found
}

/// Only of SMTP: the others have to be asked again, and change more than is of interest. That STARTTLS goes and
/// logins come is as it should be (RFC 3207 4.2); REQUIRETLS is for inside TLS alone (RFC 8689 2).
fn changes(before: &Seen, inside: &Seen, subject: Subject<'_>) -> Option<Finding> {
    if subject.service.protocol() != Protocol::Smtp || before.capabilities.is_empty() {
        return None;
    }
    let only = |one: &Seen, other: &Seen| {
        let lines = one.capabilities.iter().filter(|line| !other.capabilities.contains(line));
        let lines = lines.filter(|line| !is_of_tls(line));
        lines.cloned().collect::<Vec<_>>().join(", ")
    };
    let (gone, new) = (only(before, inside), only(inside, before));
    let told = match (gone.as_str(), new.as_str()) {
        ("", "") => return None,
        (gone, "") => format!("gone inside TLS: {gone}"),
        ("", new) => format!("new inside TLS: {new}"),
        (gone, new) => format!("gone inside TLS: {gone}; new: {new}"),
    };
    Some(Finding::new(Issue::EhloChanges, told))
}

fn is_of_tls(line: &str) -> bool {
    let word = line.split([' ', '=']).next().unwrap_or_default().to_ascii_uppercase();
    matches!(word.as_str(), "STARTTLS" | "AUTH" | "REQUIRETLS")
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
