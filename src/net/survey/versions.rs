//! Which versions a server speaks, and which weak cipher suites in them: a hello for each question, on a
//! connection of its own.
//!
//! The weak suites are offered all together. A server that accepts none is through with one hello; of one
//! that accepts something, the suites without a new weakness are left out of the next. In TLS 1.2 those that
//! need another certificate than the first, or finite-field Diffie-Hellman, are among them: what the server
//! shows and sends for those is seen in the clear.

use std::io::{self, ErrorKind, Read, Write};

use aws_lc_rs::rand;

use crate::net::hello::client::{Offer, RANDOM};
use crate::net::hello::server::Flight;
use crate::net::hello::suites::{self, Kind, Suite, Weakness};
use crate::net::hello::{Answer, Refusal, Version};
use crate::net::stream::Stream;
use crate::net::survey::observation::{Outcome, VersionSeen};
use crate::net::survey::worker::Site;

/// Finds out about one version.
pub(super) fn look(site: &Site<'_>, version: Version) -> VersionSeen {
    // Whoever refuses an old version with every suite that it has is through with it. Those of TLS 1.2
    // are too many for one hello.
    let mut first = suites::strong(version);
    if version < Version::Tls12 {
        first.extend(suites::weak(version, &Weakness::ALL));
    }
    let mut seen = VersionSeen::new(version, ask(site, version, &first));
    match (version, &seen.outcome) {
        (Version::Tls13, _) => {}
        // The server has told all of its kinds at once.
        (Version::Ssl2, _) => {
            seen.weak = seen.accepted().map(|one| one.suites.clone()).unwrap_or_default();
        }
        (_, Outcome::Late | Outcome::NotAsked(_) | Outcome::Answered(Answer::Strange(_))) => {
            seen.unsure = Some(unsure(&seen.outcome));
        }
        // protocol_version: whatever is offered, it will not be this version.
        (_, Outcome::Answered(Answer::Refused(Refusal::Alert(70)))) => {}
        (Version::Tls12, Outcome::Answered(Answer::Refused(_))) => {
            look_further(site, &mut seen, &[]);
        }
        (Version::Tls12, _) if seen.accepted().is_some() => {
            look_further(site, &mut seen, &Kind::ALL);
        }
        _ if seen.accepted().is_some() => look_further(site, &mut seen, &[]),
        _ => {}
    }
    seen
}

/// Offers what is weak, and the kinds of suites that it may have beside the one that it chose, until the server
/// accepts nothing more.
fn look_further(site: &Site<'_>, seen: &mut VersionSeen, kinds: &[Kind]) {
    let version = seen.version;
    let mut missing = Weakness::ALL.to_vec();
    let mut kinds = kinds.to_vec();
    let mut found = seen.accepted().cloned();
    let mut offered = Vec::new();
    loop {
        if let Some(Suite::Tls(number)) = found.as_ref().and_then(|one| one.suites.first()).copied()
        {
            let chosen = Suite::Tls(number);
            let weaknesses = chosen.weaknesses();
            if !offered.is_empty() && !offered.contains(&number) {
                seen.unsure = Some(format!("the server chose {chosen}, which it was not offered"));
                return;
            }
            if !weaknesses.is_empty() {
                seen.weak.push(chosen);
            }
            missing.retain(|one| !weaknesses.contains(one));
            kinds.retain(|one| !weaknesses.is_empty() || Some(*one) != chosen.kind());
        }
        offered = suites::strong_of(version, &kinds);
        offered.extend(suites::weak(version, &missing));
        if offered.is_empty() {
            return;
        }
        let next = VersionSeen::new(version, ask(site, version, &offered));
        seen.note(&next.outcome);
        found = next.accepted().cloned();
        if found.is_none() {
            if next.is_spoken().is_none() {
                seen.unsure = Some(unsure(&next.outcome));
            }
            return;
        }
        // It had nothing of the better ones.
        if seen.accepted().is_none() {
            seen.outcome = next.outcome;
        }
    }
}

fn unsure(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Answered(Answer::Strange(what)) | Outcome::NotAsked(what) => what.clone(),
        _ => "the server did not answer in time".into(),
    }
}

/// Whether the server still answers a hello as well as it did, to this client.
pub(super) fn is_still_welcome(site: &Site<'_>, version: Version) -> bool {
    let seen = VersionSeen::new(version, ask(site, version, &suites::strong(version)));
    seen.accepted().is_some()
}

/// Sends one hello and reads the answer.
fn ask(site: &Site<'_>, version: Version, suites: &[u16]) -> Outcome {
    let mut stream = match site.dial() {
        Ok(stream) => stream,
        Err(obstacle) => return Outcome::NotAsked(obstacle),
    };
    let mut random = [0; RANDOM];
    if rand::fill(&mut random).is_err() {
        return Outcome::NotAsked("the system has no random numbers".into());
    }
    let offer = Offer { version, suites, server_name: site.server_name(), random: &random };
    match exchange(&mut stream, &offer) {
        Ok(answer) => Outcome::Answered(answer),
        Err(error) if error.kind() == ErrorKind::TimedOut => Outcome::Late,
        // A reset is how some servers close.
        Err(_) => Outcome::Answered(Answer::Refused(Refusal::Closed)),
    }
}

fn exchange(stream: &mut Stream, offer: &Offer<'_>) -> io::Result<Answer> {
    stream.write_all(&offer.bytes())?;
    let mut flight = Flight::new(offer.version);
    let mut bytes = [0; 4096];
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return Ok(flight.closed()),
            Ok(count) => {
                if let Some(answer) = flight.feed(&bytes[..count]) {
                    return Ok(answer.clone());
                }
            }
            // A reset is how some servers close.
            Err(error) if error.kind() != ErrorKind::TimedOut => return Ok(flight.closed()),
            Err(error) => return flight.silent().ok_or(error),
        }
    }
}
