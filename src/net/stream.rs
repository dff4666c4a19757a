//! A TCP connection with one deadline over all of it, the lookup of the name included; or with one over each
//! answer, and one over all.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::net::target::Host;

/// So many addresses of a host are tried.
const ADDRESSES: usize = 8;

/// A moment after which nothing is waited for.
#[derive(Clone, Copy)]
pub(super) struct Deadline(Instant);

impl Deadline {
    /// What is too far away to be counted is a day.
    pub(super) fn after(timeout: Duration) -> Self {
        Self(Instant::now() + timeout.min(Duration::from_secs(24 * 60 * 60)))
    }

    /// This moment, or the one after so much time, whichever is sooner.
    pub(super) fn sooner(self, timeout: Duration) -> Self {
        Self(self.0.min(Self::after(timeout).0))
    }

    /// Whether so much time is left, and more.
    pub(super) fn allows(self, pause: Duration) -> bool {
        self.left().is_ok_and(|left| left > pause)
    }

    /// The time that is left, never zero, which sockets take for "for ever".
    fn left(self) -> io::Result<Duration> {
        let left = self.0.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(late()) } else { Ok(left) }
    }
}

fn late() -> io::Error {
    io::Error::new(ErrorKind::TimedOut, "no answer in time")
}

/// The addresses of a host, of either family, in the order of the system's preference.
pub(super) fn lookup(host: &Host, port: u16, deadline: Deadline) -> Result<Vec<SocketAddr>> {
    let name = match host {
        Host::Address(address) => return Ok(vec![SocketAddr::new(*address, port)]),
        Host::Name(name) => name.clone(),
    };
    // The system's lookup knows no deadline: where it is late, its thread is left behind.
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new().spawn(move || {
        let found = (name.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>);
        let _ = sender.send(found);
    })?;
    let failed = |error: io::Error| {
        Error::refused("the host's address cannot be found")
            .caused_by(error)
            .hint("a host that is not in the DNS yet is reached with --connect ADDRESS:PORT")
    };
    match receiver.recv_timeout(deadline.left().map_err(failed)?) {
        Ok(found) => {
            let mut found = found.map_err(failed)?;
            found.dedup();
            found.truncate(ADDRESSES);
            Ok(found)
        }
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Err(failed(late())),
    }
}

/// Whether a lookup has failed without an answer: `EAI_AGAIN`, which the standard library gives in words alone, those
/// of glibc, of musl and of the BSDs; or no answer in time.
pub(super) fn is_unasked(error: &io::Error) -> bool {
    let words = error.to_string();
    error.kind() == ErrorKind::TimedOut
        || ["Temporary failure in name resolution", "Try again"]
            .iter()
            .any(|one| words.ends_with(one))
}

/// A connection whose every read and write ends with the deadline.
pub(super) struct Stream {
    tcp: TcpStream,
    address: SocketAddr,
    deadline: Deadline,
    pace: Option<Pace>,
    /// When the server's time for its greeting began, and how much it has taken.
    began: Instant,
    waited: Option<Duration>,
}

/// How much time there is for each answer.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    /// The end of everything.
    pub(super) end: Deadline,
    /// For what the server says before it is spoken to: its greeting.
    pub(super) greeting: Duration,
    /// For each answer, from the moment on when the question is sent.
    pub(super) answer: Duration,
}

impl Stream {
    /// Connects to the first address that answers. Each gets an equal share of the time that is left.
    pub(super) fn connect(addresses: &[SocketAddr], deadline: Deadline) -> Result<Self> {
        let mut failures = Vec::new();
        for (at, address) in addresses.iter().enumerate() {
            let untried = u32::try_from(addresses.len() - at).unwrap_or(u32::MAX);
            let attempt = deadline.left().and_then(|left| {
                let share = (left / untried).max(Duration::from_millis(1));
                TcpStream::connect_timeout(address, share)
            });
            match attempt {
                Ok(tcp) => {
                    // A client's last flight is two records: the second would wait for the server to
                    // acknowledge the first, which takes it 40 ms.
                    let _ = tcp.set_nodelay(true);
                    let address = *address;
                    let began = Instant::now();
                    return Ok(Self { tcp, address, deadline, pace: None, began, waited: None });
                }
                Err(error) => failures.push(format!("{address}: {error}")),
            }
        }
        if failures.is_empty() {
            return Err(Error::refused("the host has no address"));
        }
        Err(Error::refused(format!("no connection: {}", failures.join("; "))))
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Our end as an address literal (RFC 5321 4.1.3): the one name that is true and tells nothing new.
    pub(super) fn own_name(&self) -> String {
        match self.tcp.local_addr().map(|address| address.ip()) {
            Ok(IpAddr::V6(address)) => format!("[IPv6:{address}]"),
            Ok(IpAddr::V4(address)) => format!("[{address}]"),
            Err(_) => "[127.0.0.1]".into(),
        }
    }

    /// Gives the server time for its greeting from now on, and then for each answer.
    pub(super) fn keep(&mut self, pace: Pace) {
        self.deadline = pace.end.sooner(pace.greeting);
        self.pace = Some(pace);
        self.began = Instant::now();
        self.waited = None;
    }

    /// How long the server was waited for before it was spoken to.
    pub(super) fn waited(&self) -> Duration {
        self.waited.unwrap_or_default()
    }

    /// Brings the deadline nearer, for good.
    pub(super) fn shorten(&mut self, timeout: Duration) {
        self.deadline = self.deadline.sooner(timeout);
        self.pace = None;
    }

    /// Tries until it is done, or the time over.
    fn within<T>(
        &mut self,
        limit: fn(&TcpStream, Option<Duration>) -> io::Result<()>,
        mut attempt: impl FnMut(&mut TcpStream) -> io::Result<T>,
    ) -> io::Result<T> {
        loop {
            limit(&self.tcp, Some(self.deadline.left()?))?;
            match attempt(&mut self.tcp).map_err(|error| (error.kind(), error)) {
                Ok(done) => return Ok(done),
                Err((ErrorKind::Interrupted | ErrorKind::WouldBlock | ErrorKind::TimedOut, _)) => {}
                Err((_, error)) => return Err(error),
            }
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.within(TcpStream::set_read_timeout, |tcp| tcp.read(buffer))
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(pace) = self.pace {
            self.deadline = pace.end.sooner(pace.answer);
            self.waited.get_or_insert_with(|| self.began.elapsed());
        }
        self.within(TcpStream::set_write_timeout, |tcp| tcp.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
