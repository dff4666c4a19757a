//! Which versions of TLS and which weak ciphers a server accepts.

use super::Subject;
use crate::mail::check::{Finding, Issue, Severity};
use crate::net::hello::suites::{Suite, Weakness};
use crate::net::hello::{Answer, Version};
use crate::net::survey::{Handshake, Observations, Outcome, VersionSeen};

/// The versions that it accepts, newest first.
pub(super) fn accepted(seen: &Observations) -> Vec<Version> {
    let by_handshake = seen.presented().and_then(|presented| presented.version);
    let is_spoken = |version: &Version| {
        by_handshake == Some(version.title())
            || seen.version(*version).and_then(VersionSeen::is_spoken) == Some(true)
    };
    Version::ALL.into_iter().rev().filter(is_spoken).collect()
}

/// Judges them.
pub(super) fn judge(seen: &Observations, subject: Subject<'_>) -> Vec<Finding> {
    let accepted = accepted(seen);
    let mut found = Vec::new();
    for (version, issue) in [
        (Version::Ssl2, Issue::Ssl2),
        (Version::Ssl3, Issue::Ssl3),
        (Version::Tls10, Issue::Tls10),
        (Version::Tls11, Issue::Tls11),
    ] {
        if accepted.contains(&version) {
            found.push(Finding::new(issue, chosen(seen, version)));
        }
    }
    found.extend(missing(seen, &accepted));
    for weakness in Weakness::ALL {
        found.extend(weak(seen, weakness, subject));
    }
    found.extend(short_primes(seen));
    found.extend(unsure(seen));
    found
}

/// OpenSSL's clients want as many bits of a prime for Diffie-Hellman.
const PRIME_BITS: usize = 2048;
/// Fewer were broken (Logjam).
const BROKEN_BITS: usize = 1024;

fn short_primes(seen: &Observations) -> Option<Finding> {
    let primes = seen.versions.iter().rev().filter_map(|one| Some((one.version, one.prime?)));
    let short: Vec<_> = primes.filter(|(_, (_, bits))| *bits < PRIME_BITS).collect();
    let shortest = short.iter().map(|(_, (_, bits))| *bits).min()?;
    let told = short
        .iter()
        .map(|(version, (suite, bits))| format!("{bits} bits with {suite} in {version}"));
    let finding = Finding::new(Issue::DiffieHellmanShort, told.collect::<Vec<_>>().join("; "));
    Some(if shortest < BROKEN_BITS { finding.as_bad_as(Severity::Error) } else { finding })
}

fn chosen(seen: &Observations, version: Version) -> String {
    let suites = seen.version(version).and_then(VersionSeen::accepted).map(|one| &one.suites);
    match suites.map(Vec::as_slice) {
        Some([one, ..]) => format!("it answered to {version} with {one}"),
        _ => format!("it answered to {version}"),
    }
}

/// What is new enough, and not accepted. Where that is not certain, nothing is said.
fn missing(seen: &Observations, accepted: &[Version]) -> Option<Finding> {
    let is_refused = |version: Version| {
        !accepted.contains(&version)
            && seen.version(version).and_then(VersionSeen::is_spoken) == Some(false)
    };
    match (is_refused(Version::Tls12), is_refused(Version::Tls13)) {
        // That it accepts none at all is said with the handshake, and has other reasons.
        (true, true) => accepted.first().map(|newest| {
            let seen = format!("the newest that it accepts is {newest}");
            Finding::new(Issue::TlsModernMissing, seen)
        }),
        (true, false) => Some(Finding::new(Issue::Tls12Missing, "it refused TLS 1.2")),
        (false, true) => Some(Finding::new(Issue::Tls13Missing, "it refused TLS 1.3")),
        (false, false) => None,
    }
}

fn issue(weakness: Weakness) -> Issue {
    match weakness {
        Weakness::Null => Issue::CipherNull,
        Weakness::Anonymous => Issue::CipherAnonymous,
        Weakness::Export => Issue::CipherExport,
        Weakness::Des => Issue::CipherDes,
        Weakness::Rc4 => Issue::CipherRc4,
        Weakness::TripleDes => Issue::Cipher3Des,
        Weakness::StaticKey => Issue::CipherStaticRsa,
    }
}

/// The suites with a weakness, each with its versions. SSL 2 has nothing else, and is said as such.
fn weak(seen: &Observations, weakness: Weakness, subject: Subject<'_>) -> Option<Finding> {
    let mut told: Vec<(Suite, Vec<&'static str>)> = Vec::new();
    let newest_first = seen.versions.iter().rev().filter(|one| one.version != Version::Ssl2);
    for one in newest_first {
        let mut suites = one.weak.iter().filter(|suite| suite.weaknesses().contains(&weakness));
        let Some(suite) = suites.next() else { continue };
        match told.iter_mut().find(|(known, _)| known == suite) {
            Some((_, versions)) => versions.push(one.version.title()),
            None => told.push((*suite, vec![one.version.title()])),
        }
    }
    if told.is_empty() {
        return None;
    }
    let told = told.iter().map(|(suite, versions)| format!("{suite} in {}", versions.join(", ")));
    let finding = Finding::new(issue(weakness), told.collect::<Vec<_>>().join("; "));
    if weakness == Weakness::Anonymous && !subject.is_for_users() {
        return Some(finding.as_bad_as(Severity::Warning));
    }
    Some(finding)
}

fn unsure(seen: &Observations) -> Option<Finding> {
    let accepted = accepted(seen);
    let mut told: Vec<(Vec<&'static str>, String)> = Vec::new();
    let unclear = seen
        .versions
        .iter()
        .filter(|one| {
            one.is_spoken().is_none() && !accepted.contains(&one.version) || one.unsure.is_some()
        })
        .map(|one| (one.version.title(), one.unsure.clone().unwrap_or_else(|| why(&one.outcome))));
    // What has one reason is said once.
    for (version, why) in unclear {
        match told.iter_mut().find(|(_, known)| *known == why) {
            Some((versions, _)) => versions.push(version),
            None => told.push((vec![version], why)),
        }
    }
    let told: Vec<_> =
        told.iter().map(|(versions, why)| format!("{}: {why}", versions.join(", "))).collect();
    (!told.is_empty()).then(|| Finding::new(Issue::Incomplete, told.join("; ")))
}

/// What the server said to the hello of every version, or before it could be sent, where there was no handshake and
/// this was always the same.
pub(super) fn same_words(seen: &Observations) -> Option<&str> {
    let has_failed = matches!(seen.handshake, Some(Handshake::Failed(_)));
    let versions = seen.versions.iter().filter(|_| has_failed);
    let mut words = versions.map(|one| match &one.outcome {
        Outcome::Answered(Answer::Strange(what)) | Outcome::NotAsked(what) => Some(what.as_str()),
        _ => None,
    });
    let first = words.next()??;
    words.all(|other| other == Some(first)).then_some(first)
}

fn why(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Answered(Answer::Strange(what)) | Outcome::NotAsked(what) => what.clone(),
        Outcome::Late => "the server did not answer in time".to_owned(),
        Outcome::Answered(_) => String::new(),
    }
}
