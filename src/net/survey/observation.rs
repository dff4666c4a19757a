//! What a survey sees.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use crate::net::hello::suites::Suite;
use crate::net::hello::{Accepted, Answer, Refusal, Version};
use crate::net::probe::Presented;
use crate::net::starttls::{Fault, RelayAnswer, Seen};
use crate::net::target::Target;

/// One thing that was seen, told as soon as it was.
#[derive(Clone, Debug)]
pub enum Observation {
    /// The server was reached, and the conversation up to TLS is over.
    Opened(Opened),
    /// A handshake with the newest that both sides know.
    Handshake(Handshake),
    /// What the server says inside TLS, to the client with its certificate, where it has one.
    Inside(Inside),
    /// The same question about relaying, without a client certificate.
    RelayWithoutCertificate(Inside),
    /// One version, and what is weak there.
    Version(VersionSeen),
    /// Whether a command in plain text is taken for one inside TLS.
    Injection(Injection),
    /// The certificates that a client gets that asks for no host name.
    Nameless(Vec<Vec<u8>>),
}

/// Everything that was seen of one server at one address.
#[derive(Clone, Debug)]
pub struct Observations {
    /// What was asked for.
    pub target: Target,
    /// Nothing where the server was not reached: [`Self::obstacle`] says why.
    pub opened: Option<Opened>,
    /// Why there is nothing more than this; none where the conversation came to the handshake.
    pub obstacle: Option<Obstacle>,
    /// The handshake of our own TLS, with versions 1.2 and 1.3.
    pub handshake: Option<Handshake>,
    /// Inside TLS.
    pub inside: Option<Inside>,
    /// The question about relaying without a client certificate, where there was one to leave out.
    pub relay_without_certificate: Option<Inside>,
    /// Every version that was tried, oldest first.
    pub versions: Vec<VersionSeen>,
    /// Not where TLS begins with the connection.
    pub injection: Option<Injection>,
    /// The certificates that a client gets that asks for no host name; empty where that was not seen. Many
    /// servers that deliver mail ask for none.
    pub nameless: Vec<Vec<u8>>,
}

/// Where a server was reached, and what it said before TLS.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The address.
    pub address: SocketAddr,
    /// What it said.
    pub seen: Seen,
    /// How long it took to greet; nothing where TLS comes first.
    pub waited: Duration,
    /// Why there can be no handshake.
    pub obstacle: Option<Obstacle>,
}

/// Why a server could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The name has no address, or there is no connection; in words.
    Unreachable(String),
    /// It said something that ends the conversation: no STARTTLS, a refusal, another protocol, or more
    /// than it should have ([`Fault::Injected`]).
    Fault(Fault),
    /// It did not send this in time.
    Late(&'static str),
    /// The connection broke; in words.
    Broken(String),
}

impl fmt::Display for Obstacle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(words) => formatter.write_str(words),
            Self::Fault(fault) => fault.fmt(formatter),
            Self::Late(awaited) => write!(formatter, "the server did not send {awaited} in time"),
            Self::Broken(words) => write!(formatter, "the connection broke: {words}"),
        }
    }
}

/// How the handshake with our own TLS went.
#[derive(Clone, Debug)]
pub enum Handshake {
    /// It brought a certificate. Whether it came to its end is in there.
    Presented(Box<Presented>),
    /// It ended before that: the server may speak only what is too old, or nothing.
    Failed(String),
}

/// What was said inside TLS.
#[derive(Clone, Debug, Default)]
pub struct Inside {
    /// Greeting (where TLS came first), name and capabilities.
    pub seen: Seen,
    /// Whether the server has said anything. Only then has one of TLS 1.3 accepted the client certificate,
    /// or that there is none.
    pub is_answered: bool,
    /// To the question about relaying, where it was asked.
    pub relay: Option<RelayAnswer>,
    /// Why it ended early; printable.
    pub end: Option<String>,
}

/// What became of a hello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server answered.
    Answered(Answer),
    /// It did not answer in time.
    Late,
    /// It did not come to the hello; in words.
    NotAsked(String),
}

/// What was seen of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionSeen {
    /// The version that was asked for.
    pub version: Version,
    /// What the server made of the best that the version has, with all its cipher suites together.
    pub outcome: Outcome,
    /// Weak cipher suites that it accepts: one at least for each weakness that it has. Not all that it
    /// would accept: one is enough to know.
    pub weak: Vec<Suite>,
    /// Why it is not certain that there are no further weaknesses; in words.
    pub unsure: Option<String>,
    /// The chains of certificates that it sent, with each certificate of its own once.
    pub shown: Vec<Vec<Vec<u8>>>,
    /// The shortest prime for Diffie-Hellman in a finite field, in bits, and with which suite.
    pub prime: Option<(Suite, usize)>,
    /// Whether it closed one of the connections without a word. That may mean "no", or "not you".
    pub is_closed: bool,
    /// Whether there was no connection for one of the questions.
    pub(super) is_unasked: bool,
}

impl VersionSeen {
    pub(super) fn new(version: Version, outcome: Outcome) -> Self {
        let (weak, shown) = (Vec::new(), Vec::new());
        let (is_closed, is_unasked) = (false, false);
        let (unsure, prime) = (None, None);
        let mut seen = Self { version, outcome, weak, unsure, shown, prime, is_closed, is_unasked };
        seen.note(&seen.outcome.clone());
        seen
    }

    /// Keeps what an answer shows beside what was asked.
    pub(super) fn note(&mut self, outcome: &Outcome) {
        self.is_unasked |= matches!(outcome, Outcome::NotAsked(_));
        let Outcome::Answered(answer) = outcome else { return };
        self.is_closed |= *answer == Answer::Refused(Refusal::Closed);
        let Answer::Accepted(accepted) = answer else { return };
        let is_known = self.shown.iter().any(|one| one.first() == accepted.chain.first());
        if !accepted.chain.is_empty() && !is_known {
            self.shown.push(accepted.chain.clone());
        }
        if let (Some(bits), Some(suite)) = (accepted.prime_bits, accepted.suites.first())
            && self.prime.is_none_or(|(_, shortest)| bits < shortest)
        {
            self.prime = Some((*suite, bits));
        }
    }
    /// What the server chose, where it was this version. A server may answer with an older one instead.
    pub fn accepted(&self) -> Option<&Accepted> {
        match &self.outcome {
            Outcome::Answered(Answer::Accepted(accepted)) if accepted.version == self.version => {
                Some(accepted)
            }
            _ => None,
        }
    }

    /// Whether the server speaks it: no answer at all is no certain no.
    pub fn is_spoken(&self) -> Option<bool> {
        match &self.outcome {
            Outcome::Answered(Answer::Strange(_)) | Outcome::Late | Outcome::NotAsked(_) => None,
            Outcome::Answered(_) => Some(self.accepted().is_some()),
        }
    }
}

/// Whether a command in plain text behind STARTTLS was taken for one inside TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Injection {
    /// The server obeyed it inside TLS.
    Obeyed,
    /// It threw it away.
    Dropped,
    /// It would not begin TLS with it, which is as good; in its words or ours.
    Refused(String),
    /// That could not be seen; in words.
    Unknown(String),
}

impl Observations {
    pub(super) fn new(target: &Target) -> Self {
        Self {
            target: target.clone(),
            opened: None,
            obstacle: None,
            handshake: None,
            inside: None,
            relay_without_certificate: None,
            versions: Vec::new(),
            injection: None,
            nameless: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, observation: Observation) {
        match observation {
            Observation::Opened(opened) => {
                self.obstacle.clone_from(&opened.obstacle);
                self.opened = Some(opened);
            }
            Observation::Handshake(handshake) => self.handshake = Some(handshake),
            Observation::Inside(inside) => self.inside = Some(inside),
            Observation::RelayWithoutCertificate(inside) => {
                self.relay_without_certificate = Some(inside);
            }
            Observation::Version(seen) => {
                let at = self.versions.partition_point(|one| one.version < seen.version);
                self.versions.insert(at, seen);
            }
            Observation::Injection(injection) => self.injection = Some(injection),
            Observation::Nameless(chain) => self.nameless = chain,
        }
    }

    /// Where the server closed connections without a word, the newest version that it speaks: what it says to
    /// that once more tells whether it meant the version or the client.
    pub(super) fn in_doubt(&self) -> Option<Version> {
        if !self.versions.iter().any(|one| one.is_closed) {
            return None;
        }
        let shaken = self.presented().and_then(|presented| presented.version);
        Version::ALL.into_iter().rev().find(|version| {
            shaken == Some(version.title())
                || self.version(*version).is_some_and(|seen| seen.accepted().is_some())
        })
    }

    /// The server keeps this client out: that it closed is no answer.
    pub(super) fn doubt_refusals(&mut self) {
        let why = "the server closed the connection, and then another one that had to succeed: it may have \
                   shut this client out";
        for one in self.versions.iter_mut().filter(|one| one.is_closed) {
            if one.outcome == Outcome::Answered(Answer::Refused(Refusal::Closed)) {
                one.outcome = Outcome::NotAsked(why.into());
            } else {
                one.unsure = Some(why.into());
            }
        }
        if let Some(Injection::Refused(_)) = self.injection {
            self.injection = Some(Injection::Unknown(why.into()));
        }
    }

    /// What the server presented to our own TLS.
    pub fn presented(&self) -> Option<&Presented> {
        match self.handshake.as_ref()? {
            Handshake::Presented(presented) => Some(presented),
            Handshake::Failed(_) => None,
        }
    }

    /// The certificates that it sent: to our own TLS, or to an old hello where that is all that it knows.
    /// Empty where none was seen.
    pub fn chain(&self) -> &[Vec<u8>] {
        if let Some(presented) = self.presented() {
            return &presented.chain;
        }
        let mut chains = self.versions.iter().rev().filter_map(VersionSeen::accepted);
        chains.find(|one| !one.chain.is_empty()).map(|one| one.chain.as_slice()).unwrap_or_default()
    }

    /// Chains with another certificate than [`Self::chain`], each certificate once, and the version of TLS in
    /// which they were shown; none for those that only clients get that ask for no host name.
    pub fn other_chains(&self) -> Vec<(Option<Version>, &[Vec<u8>])> {
        let mut known = vec![self.chain().first()];
        let of_versions =
            self.versions.iter().rev().flat_map(|one| {
                one.shown.iter().map(|chain| (Some(one.version), chain.as_slice()))
            });
        let all = of_versions.chain([(None, self.nameless.as_slice())]);
        all.filter(|(_, chain)| {
            let is_new = !chain.is_empty() && !known.contains(&chain.first());
            known.push(chain.first());
            is_new
        })
        .collect()
    }

    /// What was seen of a version.
    pub fn version(&self, version: Version) -> Option<&VersionSeen> {
        self.versions.iter().find(|one| one.version == version)
    }
}
