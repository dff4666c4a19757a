//! The probe: connects to a mail server, has the conversation up to TLS, shakes hands, and says what
//! the server presented. It judges no certificate, and trusts the server with nothing.
//!
//! One deadline holds over everything, name lookup and slow servers included. Memory is bounded by
//! the conversation's limits and by those of rustls for a handshake.

mod scheme;
mod witness;

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, ClientConnection, ProtocolVersion};

use crate::error::{Error, Result};
use crate::net::probe::witness::{ClientCertificate, Testimony, Witness};
use crate::net::service::Protocol;
use crate::net::starttls::{Conversation, Fault, Seen, farewell};
use crate::net::stream::{self, Deadline, Pace, Stream};
use crate::net::talk::{Break, talk};
use crate::net::target::{Host, Target};
use crate::pki::certificate::Certificate;
use crate::pki::key::PrivateKey;
use crate::pki::printable::printable;

/// How long a server may take over its goodbye.
const GOODBYE: Duration = Duration::from_millis(500);
/// The most bytes that are read of it.
const GOODBYE_BYTES: usize = 16 * 1024;

/// How to probe.
#[derive(Clone, Copy)]
pub struct ProbeOptions<'a> {
    /// For everything together, from the lookup of the name on.
    pub timeout: Duration,
    /// The host name to ask for in the handshake (RFC 6066 3) instead of the target's.
    pub server_name: Option<&'a str>,
    /// What to present where the server asks for a certificate.
    pub client: Option<ClientIdentity<'a>>,
    /// Where to connect to instead of looking the host up. The target's service is what is spoken.
    pub connect: Option<SocketAddr>,
}

/// A client certificate with its key.
#[derive(Clone, Copy)]
pub struct ClientIdentity<'a> {
    /// The certificate, and above it those that are sent along.
    pub chain: &'a [Certificate],
    /// The key of the first one.
    pub key: &'a PrivateKey,
}

/// What a server presented.
#[derive(Clone, Debug)]
pub struct Presented {
    /// Where it was found.
    pub address: SocketAddr,
    /// What it said before TLS.
    pub seen: Seen,
    /// Its certificates in DER, as it sent them: its own first. Never empty. Nothing says that they
    /// are well formed or belong together.
    pub chain: Vec<Vec<u8>>,
    /// `TLS 1.3` or `TLS 1.2`; `None` where the handshake ended before that was certain.
    pub version: Option<&'static str>,
    /// The cipher suite as IANA names it.
    pub cipher_suite: Option<String>,
    /// Whether the server has shown that it has the key of its certificate. Without that it may be anybody,
    /// however far the handshake came.
    pub is_key_proven: bool,
    /// Whether it sent a response of OCSP along (RFC 6066 8).
    pub is_stapled: bool,
    /// Whether the handshake came to its end. In TLS 1.3 that says nothing on whether the server accepts
    /// a client certificate.
    pub is_finished: bool,
    /// What the server said when it asked for a client certificate; `None` where it did not ask.
    pub request: Option<CertificateRequest>,
    /// What kept the two above from being so, printable.
    pub notes: Vec<String>,
}

/// How a server asked for a client certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRequest {
    /// The names of the CAs that it names as acceptable, in DER. None means any, or that it does not say.
    pub authorities: Vec<Vec<u8>>,
    /// Whether it got a certificate: there was one, with a key that can sign as the server wants.
    pub is_answered: bool,
}

/// What a server presented, and the connection, where the handshake came to its end.
pub struct Session {
    /// What it presented.
    pub presented: Presented,
    protocol: Protocol,
    live: Option<(ClientConnection, Stream)>,
}

/// Connects, looks, and says goodbye.
///
/// Fails where the server cannot be reached, says something else than its protocol wants before TLS,
/// or ends the handshake before it has sent a certificate; and where the timeout is over by then.
pub fn presented(target: &Target, options: &ProbeOptions<'_>) -> Result<Presented> {
    Ok(open(target, options)?.close())
}

/// The same, with the connection left open.
pub fn open(target: &Target, options: &ProbeOptions<'_>) -> Result<Session> {
    let handshakes = Handshakes::new(target, options.server_name, options.client)?;
    let deadline = Deadline::after(options.timeout);
    let mut stream = match options.connect {
        Some(address) => Stream::connect(&[address], deadline),
        None => stream::lookup(&target.host, target.port, deadline)
            .and_then(|addresses| Stream::connect(&addresses, deadline)),
    }
    .map_err(|error| error.at(target.place()))?;
    let late = |awaited: &str| {
        let seconds = (options.timeout.as_secs_f32() * 10.0).round() / 10.0;
        Error::refused(format!("the server did not send {awaited} within {seconds} s"))
            .at(target.place())
    };
    let seen = converse(&mut stream, target, late)?;
    handshakes.shake(stream, seen).map_err(|silence| match silence {
        Some(error) if error.kind() == ErrorKind::TimedOut => late("its certificate"),
        Some(error) => no_handshake(&error, target),
        None => Error::refused("the server presents no certificate").at(target.place()),
    })
}

/// What the handshakes with one server have in common.
pub(super) struct Handshakes {
    protocol: Protocol,
    name: ServerName<'static>,
    /// Whether the server is told the name.
    is_named: bool,
    client: Option<Arc<CertifiedKey>>,
}

impl Handshakes {
    /// Fails where the name cannot be asked for, or the client's key is not its certificate's.
    pub(super) fn new(
        target: &Target,
        instead: Option<&str>,
        client: Option<ClientIdentity<'_>>,
    ) -> Result<Self> {
        let client = client.map(certified).transpose()?.map(Arc::new);
        let name = server_name(target, instead)?;
        Ok(Self { protocol: target.service.protocol(), name, is_named: true, client })
    }

    /// The same without a client certificate.
    pub(super) fn without_client(&self) -> Self {
        let (protocol, name) = (self.protocol, self.name.clone());
        Self { protocol, name, is_named: self.is_named, client: None }
    }

    /// The same for a client that has no certificate and asks for no host name.
    pub(super) fn nameless(&self) -> Self {
        Self { is_named: false, ..self.without_client() }
    }

    /// Shakes hands after the conversation. Where no certificate comes, gives what went wrong; nothing
    /// where the handshake ended well without one.
    pub(super) fn shake(
        &self,
        mut stream: Stream,
        seen: Seen,
    ) -> std::result::Result<Session, Option<io::Error>> {
        let witness = Arc::new(Witness::new());
        let client = Arc::new(ClientCertificate::new(self.client.clone()));
        let mut config = config(Arc::clone(&witness), Arc::clone(&client)).map_err(Some)?;
        config.enable_sni = self.is_named;
        let mut connection = ClientConnection::new(Arc::new(config), self.name.clone())
            .map_err(|error| Some(io::Error::other(error)))?;
        let outcome = connection.complete_io(&mut stream).map(|_| ());
        let testimony = witness.testimony();
        if testimony.chain.is_empty() {
            return Err(outcome.err());
        }
        let mut presented =
            summed_up(stream.address(), seen, testimony, &connection, outcome.as_ref());
        presented.request = client.request();
        let live = outcome.is_ok().then_some((connection, stream));
        Ok(Session { presented, protocol: self.protocol, live })
    }
}

fn summed_up(
    address: SocketAddr,
    seen: Seen,
    testimony: Testimony,
    connection: &ClientConnection,
    outcome: std::result::Result<&(), &io::Error>,
) -> Presented {
    let mut notes: Vec<String> = testimony.doubt.into_iter().collect();
    if let Err(error) = outcome {
        notes.push(format!("the handshake did not come to its end: {}", reason(error)));
    }
    Presented {
        address,
        seen,
        chain: testimony.chain,
        version: connection.protocol_version().and_then(version),
        cipher_suite: connection
            .negotiated_cipher_suite()
            // The names of TLS 1.3's have a prefix of their own in rustls.
            .map(|suite| format!("{:?}", suite.suite()).replacen("TLS13_", "TLS_", 1)),
        is_key_proven: testimony.is_proven,
        is_stapled: testimony.is_stapled,
        is_finished: outcome.is_ok(),
        request: None,
        notes,
    }
}

impl Session {
    /// The connection inside TLS, where the handshake came to its end.
    pub(super) fn inside(&mut self) -> Option<impl Read + Write + '_> {
        let (connection, stream) = self.live.as_mut()?;
        Some(rustls::Stream::new(connection, stream))
    }

    /// Gives the server time to greet inside TLS.
    pub(super) fn keep(&mut self, pace: Pace) {
        if let Some((_, stream)) = self.live.as_mut() {
            stream.keep(pace);
        }
    }

    /// Ends it without another word of the protocol: it has been said.
    pub(super) fn end(self) -> Presented {
        if let Some((mut connection, mut stream)) = self.live {
            stream.shorten(GOODBYE);
            connection.send_close_notify();
            let _ = flush(&mut connection, &mut stream);
        }
        self.presented
    }

    /// Says goodbye, so that the server logs no error. That it does not answer is none of ours.
    pub fn close(self) -> Presented {
        if let Some((mut connection, mut stream)) = self.live {
            stream.shorten(GOODBYE);
            let _ = say_goodbye(&mut connection, &mut stream, self.protocol);
        }
        self.presented
    }
}

fn say_goodbye(
    connection: &mut ClientConnection,
    stream: &mut Stream,
    protocol: Protocol,
) -> io::Result<()> {
    connection.writer().write_all(farewell(protocol))?;
    flush(connection, stream)?;
    // Who closes with words of the server's unread resets the connection.
    let mut words = [0; 1024];
    let mut read = 0;
    while read < GOODBYE_BYTES {
        let count = connection.read_tls(stream)?;
        let state = connection.process_new_packets().map_err(io::Error::other)?;
        if count == 0 || state.peer_has_closed() {
            break;
        }
        read += count;
        while matches!(connection.reader().read(&mut words), Ok(count) if count > 0) {}
    }
    connection.send_close_notify();
    flush(connection, stream)
}

fn flush(connection: &mut ClientConnection, stream: &mut Stream) -> io::Result<()> {
    while connection.wants_write() {
        connection.write_tls(stream)?;
    }
    Ok(())
}

/// Has the conversation up to the handshake.
fn converse(stream: &mut Stream, target: &Target, late: impl Fn(&str) -> Error) -> Result<Seen> {
    let mut conversation = Conversation::new(target.service, &stream.own_name());
    match talk(stream, &mut conversation) {
        Ok(()) => Ok(conversation.seen().clone()),
        Err(Break::Fault(fault)) => {
            if matches!(fault, Fault::NotOffered { .. } | Fault::Refused { .. }) {
                let _ = stream.write_all(farewell(target.service.protocol()));
            }
            Err(Error::from(fault).at(target.place()))
        }
        Err(Break::Io(error)) if error.kind() == ErrorKind::TimedOut => {
            let error = late(conversation.awaited());
            Err(if conversation.seen().greeting.is_empty() {
                error.hint(
                    "where TLS begins with the connection, say so: HOST:PORT/submissions, /imaps or /pop3s",
                )
            } else {
                error
            })
        }
        Err(Break::Io(error)) => {
            Err(Error::refused("the connection broke").caused_by(error).at(target.place()))
        }
    }
}

fn config(witness: Arc<Witness>, client: Arc<ClientCertificate>) -> io::Result<ClientConfig> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(witness)
        .with_client_cert_resolver(client);
    config.resumption = Resumption::disabled();
    Ok(config)
}

fn certified(client: ClientIdentity<'_>) -> Result<CertifiedKey> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(client.key.as_pkcs8()));
    let key = aws_lc_rs::sign::any_supported_type(&key).map_err(|error| {
        Error::refused("the client certificate and its key cannot be used").caused_by(error)
    })?;
    if client.chain.first().is_none_or(|own| own.public_key != client.key.public_key()) {
        return Err(Error::refused("the key is not that of the client certificate"));
    }
    let chain = client.chain.iter().map(|one| CertificateDer::from(one.as_der().to_vec()));
    Ok(CertifiedKey::new(chain.collect(), key))
}

fn server_name(target: &Target, instead: Option<&str>) -> Result<ServerName<'static>> {
    let name = match (instead, &target.host) {
        (Some(name), _) => name.to_owned(),
        (None, Host::Name(name)) => name.clone(),
        (None, Host::Address(address)) => return Ok(ServerName::IpAddress((*address).into())),
    };
    let unfit = format!("\"{}\" cannot be asked for in a handshake", printable(&name));
    ServerName::try_from(name).map_err(|_| Error::usage(unfit))
}

fn version(version: ProtocolVersion) -> Option<&'static str> {
    match version {
        ProtocolVersion::TLSv1_2 => Some("TLS 1.2"),
        ProtocolVersion::TLSv1_3 => Some("TLS 1.3"),
        _ => None,
    }
}

/// The error of a handshake that brought no certificate.
fn no_handshake(error: &io::Error, target: &Target) -> Error {
    let is_other = matches!(
        tls_error(error),
        Some(rustls::Error::InvalidMessage(_) | rustls::Error::InappropriateMessage { .. })
    );
    let made = Error::refused(format!("no TLS handshake: {}", reason(error))).at(target.place());
    match (is_other, target.service.is_implicit()) {
        (true, true) => {
            made.hint("where STARTTLS comes first, say so: HOST:PORT/submission, /imap or /pop3")
        }
        _ => made,
    }
}

fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// What went wrong in a handshake, printable.
pub(super) fn reason(error: &io::Error) -> String {
    match (tls_error(error), error.kind()) {
        (Some(rustls::Error::InvalidMessage(_)), _) => {
            "the server answered with something that is not TLS".into()
        }
        (Some(rustls::Error::AlertReceived(alert)), _) => {
            format!("the server ended it with the alert {alert:?}")
        }
        (Some(error), _) => printable(&error.to_string()),
        (None, ErrorKind::TimedOut) => "no time was left".into(),
        (None, ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => {
            "the server closed the connection".into()
        }
        (None, _) => printable(&error.to_string()),
    }
}
