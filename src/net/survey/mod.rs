//! All that can be seen of one server at one address from outside: the conversation before TLS, the
//! handshake and the one inside, and over connections of their own which versions and weak cipher
//! suites it accepts, and whether it obeys what comes in plain text behind STARTTLS.
//!
//! A server in order gets eight connections, at most [`AT_ONCE`] at a time, and is gone through in the
//! time of four conversations. One that closes some of them without a word gets one more, to see whether it
//! meant what it was asked, or the client. One deadline holds over all, another over each answer. Nothing is
//! judged here, nobody logs in, and no message is sent.
//!
//! Some servers let a client wait for their greeting, to see whether it speaks first, or because they look it
//! up: 6 seconds are usual, 30 are met, and RFC 5321 4.5.3.2 wants clients to wait for 5 minutes. The first
//! connection has patience; the others wait for as long as the first one had to, and a little.

mod observation;
mod session;
mod versions;
mod worker;

pub use observation::{
    Handshake, Injection, Inside, Observation, Observations, Obstacle, Opened, Outcome, VersionSeen,
};

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::error::Result;
use crate::net::hello::Version;
use crate::net::probe::{ClientIdentity, Handshakes};
use crate::net::starttls::Relay;
use crate::net::stream::{self, Deadline, Stream};
use crate::net::survey::worker::{Job, Site};
use crate::net::target::{Host, Target};

/// So many connections at a time: mail servers allow a client a few more than this.
pub const AT_ONCE: usize = 4;

/// How to look.
#[derive(Clone, Copy)]
pub struct SurveyOptions<'a> {
    /// For everything together, from the lookup of the name on.
    pub timeout: Duration,
    /// For a connection to be opened, and for each answer.
    pub step: Duration,
    /// For the first greeting, and for each answer about relaying, before which a server may ask others. Further
    /// greetings may take longer than a step by as much as the first one took.
    pub patience: Duration,
    /// The host name to ask for in the handshake (RFC 6066 3) instead of the target's.
    pub server_name: Option<&'a str>,
    /// Where to connect to instead of looking the host up.
    pub connect: Option<SocketAddr>,
    /// What to present where the server asks for a certificate.
    pub client: Option<ClientIdentity<'a>>,
    /// What to ask about relaying; for SMTP only.
    pub relay: Option<&'a Relay>,
    /// Whether to make one connection alone, and see what it shows.
    pub is_brief: bool,
}

/// The addresses of a host, of both families, in the order of the system's preference.
pub fn addresses(host: &Host, port: u16, timeout: Duration) -> Result<Vec<SocketAddr>> {
    stream::lookup(host, port, Deadline::after(timeout))
}

/// Whether a connection can be made at all; else why not, in words.
pub fn reach(address: SocketAddr, timeout: Duration) -> std::result::Result<(), String> {
    let stream = Stream::connect(&[address], Deadline::after(timeout));
    stream.map(drop).map_err(|error| error.to_string())
}

/// Why a host has no address here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFound {
    /// In words.
    pub why: String,
    /// Whether nobody has said that there is none: this machine could not ask, or got no answer.
    pub is_unasked: bool,
}

/// The addresses of a host, or why there are none.
pub fn found(host: &Host, timeout: Duration) -> std::result::Result<Vec<SocketAddr>, NotFound> {
    addresses(host, 0, timeout).map_err(|error| {
        let source = std::error::Error::source(&error);
        let cause = source.and_then(|source| source.downcast_ref::<std::io::Error>());
        NotFound { why: error.to_string(), is_unasked: cause.is_some_and(stream::is_unasked) }
    })
}

/// Whether an address is this machine's own: servers are more open to themselves.
pub fn is_own(address: SocketAddr) -> bool {
    let any: IpAddr = match address {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    // Nothing is sent: the system says which of its addresses it would send from.
    let from = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect(address)?;
        socket.local_addr()
    });
    from.is_ok_and(|from| from.ip() == address.ip())
}

/// Looks at one server, at the first of its addresses that answers, and tells what it sees as it comes.
///
/// Fails only where the options cannot be used: what is wrong with the server is in the observations.
pub fn survey(
    target: &Target,
    options: &SurveyOptions<'_>,
    tell: &mut dyn FnMut(&Observation),
) -> Result<Observations> {
    let deadline = Deadline::after(options.timeout);
    let handshakes = Handshakes::new(target, options.server_name, options.client)?;
    let mut observations = Observations::new(target);
    let mut note = |observations: &mut Observations, one: Observation| {
        tell(&one);
        observations.add(one);
    };
    let connected = match options.connect {
        Some(address) => Ok(vec![address]),
        None => stream::lookup(&target.host, target.port, deadline.sooner(options.step)),
    }
    .and_then(|addresses| Stream::connect(&addresses, deadline.sooner(options.step)));
    let mut stream = match connected {
        Ok(stream) => stream,
        Err(error) => {
            observations.obstacle = Some(Obstacle::Unreachable(error.to_string()));
            return Ok(observations);
        }
    };
    let mut site = Site::new(target, &stream, deadline, options, handshakes);
    stream.keep(site.pace());
    let (opened, stream) = session::open(stream, target);
    site.allow_for(opened.waited);
    note(&mut observations, Observation::Opened(opened));
    let Some((stream, seen)) = stream else { return Ok(observations) };
    let jobs = Mutex::new(jobs(target, options, Job::Session(Box::new((stream, seen)))));
    let again = Mutex::new(Vec::new());
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            let sender = sender.clone();
            let (site, jobs, again) = (&site, &jobs, &again);
            scope.spawn(move || {
                let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                while let Some(job) = next() {
                    let left = site.run(job, false, &|one| drop(sender.send(one)));
                    again.lock().unwrap_or_else(PoisonError::into_inner).extend(left);
                }
            });
        }
        drop(sender);
        for one in receiver {
            note(&mut observations, one);
        }
    });
    // There may be room for one connection at a time.
    for job in again.into_inner().unwrap_or_else(PoisonError::into_inner) {
        let told = Mutex::new(Vec::new());
        let tell = |one| told.lock().unwrap_or_else(PoisonError::into_inner).push(one);
        site.run(job, true, &tell);
        for one in told.into_inner().unwrap_or_else(PoisonError::into_inner) {
            note(&mut observations, one);
        }
    }
    if let Some(newest) = observations.in_doubt()
        && !versions::is_still_welcome(&site, newest)
    {
        observations.doubt_refusals();
    }
    Ok(observations)
}

/// What there is to do, what takes longest first.
fn jobs(target: &Target, options: &SurveyOptions<'_>, session: Job) -> VecDeque<Job> {
    if options.is_brief {
        return VecDeque::from([session]);
    }
    let mut jobs = VecDeque::from([session, Job::Version(Version::Tls12)]);
    if !target.service.is_implicit() {
        jobs.push_back(Job::Injection);
    }
    if options.client.is_some() && options.relay.is_some() {
        jobs.push_back(Job::RelayWithoutCertificate);
    }
    let old = [Version::Tls10, Version::Tls11, Version::Ssl3, Version::Ssl2];
    jobs.extend(old.map(Job::Version));
    // The last, since the session has told about it by then.
    jobs.push_back(Job::Version(Version::Tls13));
    jobs
}
