//! The survey through its own interface, against servers that answer in every way.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mailca::net::hello::Version;
use mailca::net::probe::ClientIdentity;
use mailca::net::service::{Protocol, Service};
use mailca::net::starttls::{Fault, Relay};
use mailca::net::survey::{
    Injection, Observation, Observations, Obstacle, SurveyOptions, addresses, survey,
};
use mailca::net::target::Host;
use mailca::net::target::Target;
use mailca::pki::certificate::Certificate;
use mailca::pki::key::PrivateKey;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use crate::support::{Folder, Mail, chain, serve_at_once};

pub(super) const OPTIONS: SurveyOptions<'static> = SurveyOptions {
    timeout: Duration::from_secs(60),
    step: Duration::from_secs(30),
    patience: Duration::from_secs(30),
    server_name: None,
    connect: None,
    client: None,
    relay: None,
    is_brief: false,
};

pub(super) fn look(place: &str, options: &SurveyOptions<'_>) -> (Observations, usize) {
    let target = Target::parse(place, Service::Smtp).unwrap();
    let mut told = 0;
    let mut tell = |_: &Observation| told += 1;
    let seen = survey(&target, options, &mut tell).unwrap();
    (seen, told)
}

/// The configuration of a server with a certificate for mail.example.com.
fn config(folder: &Folder) -> ServerConfig {
    folder.mailca("issue --cn mail.example.com mail.example.com").success();
    let [key, own] = ["key.pem", "cert.pem"].map(|name| folder.path("mail.example.com").join(name));
    ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain(&[own.as_path()]), PrivateKeyDer::from_pem_file(key).unwrap())
        .unwrap()
}

const SERVICES: [(Protocol, &str, &str); 4] = [
    (Protocol::Smtp, "smtp", "submissions"),
    (Protocol::Imap, "imap", "imaps"),
    (Protocol::Pop3, "pop3", "pop3s"),
    (Protocol::Sieve, "sieve", ""),
];

#[test]
fn a_server_of_today_speaks_two_versions_and_nothing_weak() {
    let folder = Folder::with_ca();
    let config = config(&folder);
    for (protocol, with_starttls, implicit) in SERVICES {
        for name in [with_starttls, implicit].into_iter().filter(|name| !name.is_empty()) {
            let is_implicit = name == implicit;
            let server = Mail { implicit: is_implicit, ..Mail::new(protocol, config.clone()) };
            let (seen, told) = look(&format!("{}/{name}", server.start()), &OPTIONS);
            assert_eq!(seen.obstacle, None, "{name}");
            assert_eq!(seen.chain().len(), 1);
            assert_eq!(seen.versions.len(), 6);
            for one in &seen.versions {
                let wanted = one.version >= Version::Tls12;
                assert_eq!(one.is_spoken(), Some(wanted), "{name} {one:?}");
                assert_eq!(
                    (one.weak.as_slice(), one.unsure.as_deref()),
                    (&[][..], None),
                    "{one:?}"
                );
            }
            let injection = (!is_implicit).then_some(Injection::Dropped);
            assert_eq!(seen.injection, injection, "{name}");
            // The opening, the handshake, what is said inside, the versions; the injection, and what is shown
            // to who names no host.
            assert_eq!(told, if is_implicit { 9 } else { 11 }, "{name}");
            let inside = seen.inside.unwrap();
            assert_eq!((inside.is_answered, inside.end), (true, None), "{name}");
            let greeting = seen.opened.unwrap().seen.greeting;
            assert_eq!(greeting.is_empty(), is_implicit, "{name}: {greeting:?}");
            assert_eq!(inside.seen.greeting.is_empty(), !is_implicit, "{name}");
            assert!(!inside.seen.offers("STARTTLS") && !inside.seen.offers("STLS"), "{name}");
            assert!(!inside.seen.logins(protocol).plain.is_empty(), "{name}: {:?}", inside.seen);
        }
    }
}

#[test]
fn a_server_that_obeys_what_came_before_tls_is_found() {
    let folder = Folder::with_ca();
    let config = config(&folder);
    for (protocol, name, _) in SERVICES {
        let server = Mail { obeys: true, ..Mail::new(protocol, config.clone()) };
        let (seen, _) = look(&format!("{}/{name}", server.start()), &OPTIONS);
        assert_eq!(seen.injection, Some(Injection::Obeyed), "{name}");
    }
}

#[test]
fn what_cannot_be_reached_is_told_as_such() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (seen, told) = look(&format!("{closed}/smtp"), &OPTIONS);
    let Some(Obstacle::Unreachable(why)) = &seen.obstacle else { panic!("{seen:?}") };
    assert!(why.contains(&closed.to_string()) && why.contains("refused"), "{why}");
    assert!(seen.opened.is_none() && seen.versions.is_empty() && told == 0);
    let (seen, _) = look("no-such-host.invalid:25", &OPTIONS);
    assert!(matches!(seen.obstacle, Some(Obstacle::Unreachable(_))), "{seen:?}");
    // With an address to connect to, the name is not looked up.
    let options = SurveyOptions { connect: Some(closed), ..OPTIONS };
    let (seen, _) = look("no-such-host.invalid:25", &options);
    let Some(Obstacle::Unreachable(why)) = &seen.obstacle else { panic!("{seen:?}") };
    assert!(why.contains("refused"), "{why}");
    let found = addresses(&Host::Name("localhost".into()), 25, Duration::from_secs(30)).unwrap();
    assert!(found.iter().all(|one| one.ip().is_loopback() && one.port() == 25), "{found:?}");
}

#[test]
fn a_server_without_tls_is_asked_once() {
    for (protocol, name, _) in SERVICES {
        let folder = Folder::with_ca();
        let server = Mail { tls: None, ..Mail::new(protocol, config(&folder)) };
        let (seen, told) = look(&format!("{}/{name}", server.start()), &OPTIONS);
        if protocol == Protocol::Sieve {
            // That one offers it whatever happens, and closes.
            continue;
        }
        let missing = matches!(seen.obstacle, Some(Obstacle::Fault(Fault::NotOffered { .. })));
        assert!(missing && told == 1, "{name}: {:?}", seen.obstacle);
        let opened = seen.opened.unwrap();
        assert!(!opened.seen.greeting.is_empty(), "{name}");
        assert_eq!(opened.obstacle, seen.obstacle);
    }
}

#[test]
fn few_connections_are_made() {
    let folder = Folder::with_ca();
    let mail = Arc::new(Mail::new(Protocol::Smtp, config(&folder)));
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let address = serve_at_once(move |stream| {
        counter.fetch_add(1, Ordering::SeqCst);
        mail.attend_to(stream);
    });
    look(&format!("{address}/smtp"), &OPTIONS);
    assert_eq!(count.load(Ordering::SeqCst), 8);
}

/// A server that asks for a client certificate of the CA, and may insist.
fn asking(folder: &Folder, insists: bool) -> ServerConfig {
    let mut roots = RootCertStore::empty();
    roots.add(chain(&[folder.path("demoCA/cacert.pem").as_path()]).remove(0)).unwrap();
    let verifier = WebPkiClientVerifier::builder(Arc::new(roots));
    let verifier = if insists { verifier } else { verifier.allow_unauthenticated() };
    let [key, own] = ["key.pem", "cert.pem"].map(|name| folder.path("mail.example.com").join(name));
    ServerConfig::builder()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(chain(&[own.as_path()]), PrivateKeyDer::from_pem_file(key).unwrap())
        .unwrap()
}

#[test]
fn what_becomes_of_a_client_certificate_is_seen() {
    let folder = Folder::with_user();
    folder.mailca("issue --cn mail.example.com mail.example.com").success();
    folder.mailca("newca --ca-dir other --cn Other").success();
    folder.mailca("--ca-dir other issue --user jim --email jim@example.com jim").success();
    let relay = Relay::new(None, "someone@example.org").unwrap();
    let read = |name: &str| Certificate::from_file_content(&folder.read(name)).unwrap();
    let key = |name: &str| {
        PrivateKey::from_file_content(&folder.read(name), || panic!("encrypted")).unwrap()
    };
    let (joe, joes_key) = (read("joeuser/cert.pem"), key("joeuser/key.pem"));
    let (jim, jims_key) = (read("jim/cert.pem"), key("jim/key.pem"));
    let joe = Some(ClientIdentity { chain: &joe, key: &joes_key });
    let jim = Some(ClientIdentity { chain: &jim, key: &jims_key });
    let ca = read("demoCA/cacert.pem").remove(0);
    for (insists, client, is_welcome) in [
        (false, None, true),
        (false, joe, true),
        (true, None, false),
        (true, joe, true),
        (true, jim, false),
    ] {
        let server = Mail::new(Protocol::Smtp, asking(&folder, insists)).start();
        let options = SurveyOptions { client, relay: Some(&relay), ..OPTIONS };
        let (seen, _) = look(&format!("{server}/smtp"), &options);
        let request = seen.presented().unwrap().request.as_ref().unwrap();
        assert_eq!(request.authorities, [ca.subject.as_der().to_vec()]);
        assert_eq!(request.is_answered, client.is_some());
        let inside = seen.inside.as_ref().unwrap();
        let state = format!("{insists} {is_welcome}: {inside:?}");
        assert_eq!((inside.is_answered, inside.end.is_none()), (is_welcome, is_welcome), "{state}");
        let relayed = inside.relay.as_ref().unwrap().is_allowed(false);
        assert_eq!(relayed, is_welcome.then_some(false), "{state}");
        // Without the certificate it is asked again where there was one.
        let without = seen.relay_without_certificate.as_ref();
        assert_eq!(without.is_some(), client.is_some(), "{state}");
        assert!(without.is_none_or(|one| one.is_answered != insists), "{without:?}");
        // What our hellos see of the request.
        let old = seen.versions.iter().find_map(|one| one.accepted()).unwrap();
        assert!(old.asks_certificate, "{old:?}");
    }
    let folder = Folder::with_ca();
    let to_itself = Relay::new(Some("a@example.org"), "postmaster@example.com").unwrap();
    let server = Mail::new(Protocol::Smtp, config(&folder)).start();
    let options = SurveyOptions { relay: Some(&to_itself), ..OPTIONS };
    let (seen, _) = look(&format!("{server}/smtp"), &options);
    let request = seen.presented().unwrap().request.clone();
    assert_eq!(seen.inside.unwrap().relay.unwrap().is_allowed(false), Some(true));
    assert_eq!(request, None);
}

#[test]
fn a_client_whose_key_is_not_its_own_is_refused_before_anything_is_said() {
    let folder = Folder::with_user();
    folder.mailca("newreq --cn mail.example.com mail.example.com").success();
    let own = Certificate::from_file_content(&folder.read("joeuser/cert.pem")).unwrap();
    let key = folder.read("mail.example.com/key.pem");
    let key = PrivateKey::from_file_content(&key, || panic!("encrypted")).unwrap();
    let options =
        SurveyOptions { client: Some(ClientIdentity { chain: &own, key: &key }), ..OPTIONS };
    let target = Target::parse("127.0.0.1:9/smtp", Service::Smtp).unwrap();
    let error = survey(&target, &options, &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("not that of the client certificate"), "{error}");
}
