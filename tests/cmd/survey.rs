//! The survey through its own interface, against servers that answer in every way.

use std::time::Duration;

use mailca::net::hello::Version;
use mailca::net::service::{Protocol, Service};
use mailca::net::survey::{Injection, Observation, Observations, SurveyOptions, survey};
use mailca::net::target::Target;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

use crate::support::{Folder, Mail, chain};

const OPTIONS: SurveyOptions<'static> = SurveyOptions {
    timeout: Duration::from_secs(60),
    step: Duration::from_secs(30),
    server_name: None,
    connect: None,
    client: None,
    relay: None,
};

fn look(place: &str, options: &SurveyOptions<'_>) -> (Observations, usize) {
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
            // The opening, the handshake, what is said inside, the versions, and the injection.
            assert_eq!(told, if is_implicit { 9 } else { 10 }, "{name}");
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
