//! Makes findings of what was seen on one port.

mod certificate;
mod chain;
mod client;
mod dane;
mod session;
mod versions;

use time::{Duration, OffsetDateTime};

use crate::mail::check::report::{Folder, PortReport, sort};
use crate::mail::check::{Finding, Issue, Severity, Software};
use crate::net::hello::Version;
use crate::net::service::Service;
use crate::net::survey::Observations;
use crate::net::target::Host;
use crate::pki::certificate::Certificate;
use crate::pki::signature::key_description;
use crate::pki::tlsa::Published;

/// Whose roots are trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The CA's in the CA folder.
    Own,
    /// Those of files that were named.
    Given,
    /// The system's.
    System,
}

impl Trust {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Given => "given",
            Self::System => "system",
        }
    }
}

/// What a server is judged by.
pub struct Standard<'a> {
    /// The moment.
    pub now: OffsetDateTime,
    /// How long before its end a certificate ends soon.
    pub expiring: Duration,
    /// Whose roots these are.
    pub trust: Trust,
    /// The certificates that are trusted, in DER; those among them that are no roots are known
    /// intermediates.
    pub roots: &'a [Vec<u8>],
    /// The system's roots in DER, to know a public CA by; where the roots are its own, none.
    pub system_roots: &'a [Vec<u8>],
    /// Certificates in DER that the CA here has above it, trusted or not.
    pub known: &'a [Vec<u8>],
    /// Says whether a certificate was revoked: when and why. Fails where those who should know cannot be asked.
    pub revoked: &'a (dyn Fn(&Certificate) -> Result<Option<String>, String> + Sync),
    /// Says which certificate folders here have this certificate, or else one for the host.
    pub folders: &'a (dyn Fn(Option<&Certificate>, &Host) -> Vec<OneFolder> + Sync),
    /// The TLSA records, for whichever port.
    pub tlsa: &'a [Published],
    /// The certificate that was presented to the server, with those that were sent along; or none.
    pub client: &'a [Certificate],
    /// The address that was asked to be relayed to.
    pub relay_to: Option<&'a str>,
}

/// A certificate folder here.
#[derive(Clone, Debug)]
pub struct OneFolder {
    /// Its name.
    pub name: String,
    /// Its certificate, and those above it that it has.
    pub chain: Vec<Certificate>,
}

/// Whom a server should be.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The name or address that its certificate should have.
    pub host: &'a Host,
    /// The port at which its clients find it, for TLSA records.
    pub port: u16,
    /// What is spoken there.
    pub service: Service,
}

impl Subject<'_> {
    /// The host as certificates have it.
    fn identity(self) -> crate::pki::identity::Identity {
        match self.host {
            Host::Name(name) => crate::pki::identity::Identity::Host(name.clone()),
            Host::Address(address) => crate::pki::identity::Identity::Address(*address),
        }
    }

    /// Whether users log in there, and not only other servers deliver.
    fn is_for_users(self) -> bool {
        self.service != Service::Smtp
    }
}

/// Makes a report of what was seen on one port.
pub fn judge(seen: &Observations, subject: Subject<'_>, standard: &Standard<'_>) -> PortReport {
    let read: Vec<_> = seen.chain().iter().map(|der| Certificate::from_der(der).ok()).collect();
    let mut findings = session::judge(seen, subject);
    findings.extend(versions::judge(seen, subject));
    // Where the server speaks nothing but what is too old, that says it all.
    let is_too_old = findings.iter().any(|one| one.issue == Issue::TlsModernMissing)
        && !versions::accepted(seen).is_empty();
    findings.retain(|one| !(is_too_old && one.issue == Issue::HandshakeFailed));
    if let Some(words) = versions::same_words(seen) {
        // It said the same to every hello: once is enough.
        findings.retain(|one| one.issue != Issue::Incomplete);
        for finding in findings.iter_mut().filter(|one| one.issue == Issue::HandshakeFailed) {
            words.clone_into(&mut finding.seen);
        }
    }
    if read.first().is_some_and(Option::is_none) {
        let seen = "what the server sent as its certificate is malformed";
        findings.push(Finding::new(Issue::CertificateUnreadable, seen));
    }
    // Without the server's own, nothing can be said of those above it.
    let chain: Vec<_> = match read.first() {
        Some(Some(_)) => read.into_iter().flatten().collect(),
        _ => Vec::new(),
    };
    let presented = seen.presented();
    let is_proven = presented.is_some_and(|one| one.is_key_proven);
    // Where no handshake came about, that is said.
    if let Some(one) = presented.filter(|one| !one.is_key_proven) {
        findings.push(Finding::new(Issue::KeyUnproven, one.notes.join("; ")));
    }
    findings.extend(of_chain(&chain, subject, standard));
    if let (Some(own), Some(presented)) = (chain.first(), presented) {
        findings.extend(certificate::staple(own, presented.is_stapled));
    }
    let others = others(seen, subject, standard);
    for (_, more) in &others {
        // What is said of a CA that both have in common is said once.
        let is_said = |one: &Finding| {
            let mut same = findings.iter().filter(|known| known.issue == one.issue);
            same.any(|known| one.seen.ends_with(&known.seen))
        };
        let new: Vec<_> = more.iter().filter(|one| !is_said(one)).cloned().collect();
        findings.extend(new);
    }
    findings.extend(client::judge(seen, subject, standard, software(seen)));
    findings.extend(dane::judge(&chain, subject, is_proven, standard));
    if subject.service == Service::Smtp && is_proven && dane::is_vouched(&chain, subject, standard)
    {
        findings.iter_mut().for_each(allow_for_dane);
    }
    join_incomplete(&mut findings);
    sort(&mut findings);
    let greeting = greeting(seen);
    let ends = others.iter().filter_map(|(end, _)| *end).chain(chain::end(&chain, standard)).min();
    let folder = folder(&chain, subject, standard);
    PortReport {
        target: seen.target.clone(),
        address: seen.opened.as_ref().map(|opened| opened.address),
        software: software(seen),
        greeting: greeting.first().cloned(),
        versions: versions::accepted(seen),
        cipher_suite: presented.and_then(|one| one.cipher_suite.clone()),
        ends,
        chain,
        name: subject.host.to_string(),
        asks_certificate: presented.map(|one| one.request.is_some()),
        folder,
        findings,
    }
}

/// The folder here that has the certificate; else the best of those for the host: one that is in order before
/// others, and that which lasts longest.
fn folder(chain: &[Certificate], subject: Subject<'_>, standard: &Standard<'_>) -> Option<Folder> {
    let own = chain.first().map(Certificate::as_der);
    let is_sound = |one: &OneFolder| {
        let mut bad = of_chain(&one.chain, subject, standard).into_iter();
        let counts =
            |found: &Finding| found.issue.is_of_certificate() && found.severity > Severity::Info;
        !bad.any(|found| counts(&found))
    };
    let all = (standard.folders)(chain.first(), subject.host).into_iter().filter_map(|one| {
        let first = one.chain.first()?;
        let is_presented = own == Some(first.as_der());
        let end = first.not_after;
        let is_sound = is_sound(&one);
        Some((end, Folder { name: one.name, is_presented, is_sound }))
    });
    let best = all.max_by_key(|(end, one)| (one.is_presented, one.is_sound, *end));
    best.map(|(_, folder)| folder)
}

/// What there is to say of a chain.
fn of_chain(chain: &[Certificate], subject: Subject<'_>, standard: &Standard<'_>) -> Vec<Finding> {
    let mut findings = certificate::judge(chain, subject, standard);
    let is_weak = findings.iter().any(|finding| finding.issue == Issue::SignatureWeak);
    findings.extend(chain::judge(chain, subject, standard, is_weak));
    findings
}

/// What is wrong with the certificates that only some clients get, and when each ends: a server may have one for
/// RSA beside one for ECDSA, or another for clients that ask for no host name.
fn others(
    seen: &Observations,
    subject: Subject<'_>,
    standard: &Standard<'_>,
) -> Vec<(Option<OffsetDateTime>, Vec<Finding>)> {
    let one = |(version, ders): (Option<Version>, &[Vec<u8>])| {
        let read: Vec<_> = ders.iter().map(|der| Certificate::from_der(der).ok()).collect();
        let who = version.map_or_else(
            || "a client that asks for no host name".to_owned(),
            |version| format!("some clients in {version}"),
        );
        let Some(Some(own)) = read.first().cloned() else {
            let seen = format!("what the server sends to {who} as its certificate is malformed");
            return (None, vec![Finding::new(Issue::CertificateUnreadable, seen)]);
        };
        let chain: Vec<_> = read.into_iter().flatten().collect();
        let mut findings = of_chain(&chain, subject, standard);
        if version.is_some() {
            // Nothing can be said for it, since its key was not seen, but against it.
            let told = dane::judge(&chain, subject, true, standard);
            findings.extend(told.into_iter().filter(|one| one.issue != Issue::DaneRecordUnusable));
        } else {
            // A server with many hosts shows one of them to those who ask for none.
            let is_name =
                |one: &Finding| matches!(one.issue, Issue::NameMismatch | Issue::SanMissing);
            findings.retain(|one| !is_name(one));
        }
        findings.retain(|one| one.severity > Severity::Info);
        let key = key_description(&own.public_key);
        for finding in &mut findings {
            let seen = &finding.seen;
            finding.seen = format!("another certificate, {key}, that {who} gets: {seen}");
        }
        (chain::end(&chain, standard), findings)
    };
    seen.other_chains().into_iter().map(one).collect()
}

/// Whoever looks at the record lets this server in whatever its certificate says, and nobody else asks on port 25.
fn allow_for_dane(finding: &mut Finding) {
    let is_allowed = matches!(
        finding.issue,
        Issue::Untrusted
            | Issue::ForeignCa
            | Issue::SelfSigned
            | Issue::IntermediateMissing
            | Issue::ChainInvalid
            | Issue::ChainUnverified
            | Issue::NameMismatch
            | Issue::SanMissing
    );
    if is_allowed
        && finding.severity > Severity::Info
        && !finding.seen.starts_with("another certificate")
    {
        finding.severity = Severity::Info;
        finding.seen.push_str("; a TLSA record vouches for the key");
    }
}

/// What was not answered is one finding.
fn join_incomplete(findings: &mut Vec<Finding>) {
    let is_one = |one: &Finding| one.issue == Issue::Incomplete;
    let told: Vec<_> = findings.extract_if(.., |one| is_one(one)).map(|one| one.seen).collect();
    if !told.is_empty() {
        findings.push(Finding::new(Issue::Incomplete, told.join("; ")));
    }
}

/// What the server says first: before TLS, or inside it where that is the beginning.
fn greeting(seen: &Observations) -> &[String] {
    let before = seen.opened.as_ref().map(|opened| opened.seen.greeting.as_slice());
    let inside = seen.inside.as_ref().map(|inside| inside.seen.greeting.as_slice());
    before.filter(|lines| !lines.is_empty()).or(inside).unwrap_or_default()
}

/// A server of sieve says among its capabilities what it is.
fn software(seen: &Observations) -> Option<Software> {
    let before = seen.opened.iter().flat_map(|opened| &opened.seen.capabilities);
    let inside = seen.inside.iter().flat_map(|inside| &inside.seen.capabilities);
    let implementation = before.chain(inside).filter(|line| line.starts_with("IMPLEMENTATION"));
    Software::guess(greeting(seen).iter().chain(implementation).map(String::as_str))
}
