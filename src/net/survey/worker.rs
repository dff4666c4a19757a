//! One piece of a survey, and how its connection is made.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use crate::net::hello::suites::Suite;
use crate::net::hello::{Accepted, Answer, Version};
use crate::net::probe::{Handshakes, Presented, reason};
use crate::net::starttls::{Aftermath, Conversation, Fault, Relay, Seen, farewell};
use crate::net::stream::{Deadline, Pace, Stream};
use crate::net::survey::observation::{
    Handshake, Injection, Inside, Observation, Obstacle, Outcome, VersionSeen,
};
use crate::net::survey::{SurveyOptions, session, versions};
use crate::net::target::{Host, Target};

/// How long to wait before a server that had no room is asked again.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(1)];

/// What is done over one connection, or over a few one after the other.
pub(super) enum Job {
    /// The handshake on the first connection, and what is said inside.
    Session(Box<(Stream, Seen)>),
    Version(Version),
    Injection,
    RelayWithoutCertificate,
}

/// Where the server is, and how it is talked to.
pub(super) struct Site<'a> {
    target: &'a Target,
    address: SocketAddr,
    own_name: String,
    server_name: Option<&'a str>,
    pace: Pace,
    /// How long the first greeting took.
    waited: Duration,
    relay: Option<&'a Relay>,
    handshakes: Handshakes,
    /// What the session chose, where it was TLS 1.3: it need not be asked for again.
    newest: OnceLock<Accepted>,
}

impl<'a> Site<'a> {
    pub(super) fn new(
        target: &'a Target,
        stream: &Stream,
        deadline: Deadline,
        options: &SurveyOptions<'a>,
        handshakes: Handshakes,
    ) -> Self {
        let name = match &target.host {
            Host::Name(name) => Some(name.as_str()),
            Host::Address(_) => None,
        };
        Self {
            target,
            address: stream.address(),
            own_name: stream.own_name(),
            // An address is no name to ask for (RFC 6066 3).
            server_name: options
                .server_name
                .or(name)
                .filter(|name| name.parse::<std::net::IpAddr>().is_err()),
            pace: Pace { end: deadline, greeting: options.patience, answer: options.step },
            waited: Duration::ZERO,
            relay: options.relay,
            handshakes,
            newest: OnceLock::new(),
        }
    }

    /// For the first connection.
    pub(super) fn pace(&self) -> Pace {
        self.pace
    }

    /// Others will have to wait as long.
    pub(super) fn allow_for(&mut self, waited: Duration) {
        self.waited = waited;
    }

    /// For what is said inside TLS. Whether to relay a server may ask others first.
    fn pace_inside(&self) -> Pace {
        match self.relay {
            Some(_) => Pace { answer: self.pace.greeting, ..self.pace },
            None => self.pace,
        }
    }

    pub(super) fn server_name(&self) -> Option<&str> {
        self.server_name
    }

    /// Does it, and tells what was seen. Gives it back where the server had no room for the connection, unless
    /// this is the last attempt.
    pub(super) fn run(&self, job: Job, is_last: bool, tell: &dyn Fn(Observation)) -> Option<Job> {
        match job {
            Job::Session(first) => self.session(*first, tell),
            Job::Version(Version::Tls13) if self.newest.get().is_some() => {
                if let Some(accepted) = self.newest.get() {
                    let outcome = Outcome::Answered(Answer::Accepted(accepted.clone()));
                    tell(Observation::Version(VersionSeen::new(Version::Tls13, outcome)));
                }
            }
            Job::Version(version) => {
                let seen = versions::look(self, version);
                if seen.is_unasked && !is_last {
                    return Some(Job::Version(version));
                }
                tell(Observation::Version(seen));
            }
            Job::Injection => match self.injection(tell) {
                Err(_) if !is_last => return Some(Job::Injection),
                Err(obstacle) => {
                    tell(Observation::Injection(Injection::Unknown(obstacle.to_string())));
                }
                Ok(injection) => tell(Observation::Injection(injection)),
            },
            Job::RelayWithoutCertificate => {
                tell(Observation::RelayWithoutCertificate(self.relay_without_certificate()));
            }
        }
        None
    }

    fn session(&self, (stream, seen): (Stream, Seen), tell: &dyn Fn(Observation)) {
        match self.handshakes.shake(stream, seen) {
            Err(silence) => {
                tell(Observation::Handshake(Handshake::Failed(silent(silence.as_ref()))));
            }
            Ok(mut session) => {
                let presented = session.presented.clone();
                if let Some(accepted) = newest(&presented) {
                    let _ = self.newest.set(accepted);
                }
                tell(Observation::Handshake(Handshake::Presented(Box::new(presented))));
                session.keep(self.pace_inside());
                let inside = session::inside(&mut session, self.target, &self.own_name, self.relay);
                if let Some(inside) = inside {
                    tell(Observation::Inside(inside));
                }
                session.end();
            }
        }
    }

    fn relay_without_certificate(&self) -> Inside {
        let failed = |end| Inside { end: Some(end), ..Inside::default() };
        let stream = match self.dial() {
            Ok(stream) => stream,
            Err(end) => return failed(end),
        };
        match self.handshakes.without_client().shake(stream, Seen::default()) {
            Err(silence) => failed(silent(silence.as_ref())),
            Ok(mut session) => {
                session.keep(self.pace_inside());
                let inside = session::inside(&mut session, self.target, &self.own_name, self.relay);
                let presented = session.end();
                inside.unwrap_or_else(|| failed(presented.notes.join("; ")))
            }
        }
    }

    /// Asks for no host name, to see which certificate is there for those who do not. Fails where there was no
    /// connection on which to ask.
    fn injection(&self, tell: &dyn Fn(Observation)) -> Result<Injection, Obstacle> {
        let nameless = self.injection_with(&self.handshakes.nameless(), tell)?;
        match nameless {
            // It may have been for the name.
            (Injection::Refused(_), false) => {
                Ok(self.injection_with(&self.handshakes.without_client(), &|_| {})?.0)
            }
            (outcome, _) => Ok(outcome),
        }
    }

    /// What became of it, and whether there was a handshake.
    fn injection_with(
        &self,
        handshakes: &Handshakes,
        tell: &dyn Fn(Observation),
    ) -> Result<(Injection, bool), Obstacle> {
        let protocol = self.target.service.protocol();
        let begin = || Conversation::injecting(self.target.service, &self.own_name);
        let stream = match self.dial_with(begin) {
            Ok(stream) => stream,
            Err(Obstacle::Fault(
                fault @ (Fault::Refused { .. } | Fault::Closed { .. } | Fault::Withdrawn { .. }),
            )) => {
                return Ok((Injection::Refused(fault.to_string()), true));
            }
            // It answered the command before TLS began, where everybody sees that.
            Err(Obstacle::Fault(Fault::Injected)) => {
                let why = "it answers the command before TLS begins";
                return Ok((Injection::Refused(why.into()), true));
            }
            Err(obstacle) => return Err(obstacle),
        };
        let mut session = match handshakes.shake(stream, Seen::default()) {
            Ok(session) => session,
            // Most likely it took the command for the beginning of the handshake.
            Err(silence) => return Ok((Injection::Refused(silent(silence.as_ref())), false)),
        };
        let verdict = session
            .inside()
            .map(|mut tls| aftermath(&mut tls, Aftermath::new(protocol), farewell(protocol)));
        let presented = session.end();
        let verdict = verdict.unwrap_or_else(|| Injection::Refused(presented.notes.join("; ")));
        tell(Observation::Nameless(presented.chain));
        Ok((verdict, true))
    }

    /// A connection on which the handshake can begin.
    pub(super) fn dial(&self) -> Result<Stream, String> {
        self.dial_with(|| Conversation::new(self.target.service, &self.own_name))
            .map_err(|obstacle| obstacle.to_string())
    }

    /// The same after a conversation of some kind. A server that has no room for so many connections is
    /// asked again after a while.
    fn dial_with(&self, begin: impl Fn() -> Conversation) -> Result<Stream, Obstacle> {
        let mut pauses = PAUSES.into_iter();
        loop {
            let outcome = self.try_dial(begin());
            let is_full = match &outcome {
                Err(Obstacle::Unreachable(_) | Obstacle::Broken(_)) => true,
                Err(Obstacle::Fault(Fault::Refused { command, .. })) => command.is_none(),
                Err(Obstacle::Fault(Fault::Closed { awaited })) => *awaited == "its greeting",
                _ => false,
            };
            match pauses.next().filter(|pause| is_full && self.pace.end.allows(*pause)) {
                Some(pause) => thread::sleep(pause),
                None => return outcome,
            }
        }
    }

    fn try_dial(&self, mut conversation: Conversation) -> Result<Stream, Obstacle> {
        let Pace { end, answer, .. } = self.pace;
        let mut stream = Stream::connect(&[self.address], end.sooner(answer))
            .map_err(|error| Obstacle::Unreachable(error.to_string()))?;
        stream.keep(Pace { greeting: answer + self.waited, ..self.pace });
        session::converse(&mut stream, &mut conversation, self.target)?;
        Ok(stream)
    }
}

/// Says goodbye and sees what comes.
fn aftermath(tls: &mut (impl Read + Write), mut aftermath: Aftermath, goodbye: &[u8]) -> Injection {
    if let Err(error) = tls.write_all(goodbye) {
        return Injection::Refused(reason(&error));
    }
    let mut bytes = [0; 1024];
    loop {
        match tls.read(&mut bytes) {
            // It closed without obeying anything.
            Ok(0) => return Injection::Dropped,
            Ok(count) => match aftermath.feed(&bytes[..count]) {
                Ok(None) => {}
                Ok(Some(true)) => return Injection::Obeyed,
                Ok(Some(false)) => return Injection::Dropped,
                Err(fault) => return Injection::Unknown(fault.to_string()),
            },
            // Without a goodbye, but it closed.
            Err(error) if error.kind() != ErrorKind::TimedOut => {
                return Injection::Refused(reason(&error));
            }
            Err(_) if aftermath.silent() == Some(false) => return Injection::Dropped,
            Err(error) => return Injection::Unknown(reason(&error)),
        }
    }
}

fn newest(presented: &Presented) -> Option<Accepted> {
    let is_newest = presented.version == Some(Version::Tls13.title());
    is_newest.then(|| Accepted {
        version: Version::Tls13,
        suites: presented.cipher_suite.as_deref().and_then(Suite::by_name).into_iter().collect(),
        chain: presented.chain.clone(),
        asks_certificate: presented.request.is_some(),
        prime_bits: None,
    })
}

fn silent(silence: Option<&std::io::Error>) -> String {
    silence.map_or_else(|| "the server presents no certificate".into(), reason)
}
