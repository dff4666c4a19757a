//! The survey through its own interface, against servers that answer in every way.

use std::time::Duration;

use mailca::net::hello::Version;
use mailca::net::service::Service;
use mailca::net::survey::{Observation, Observations, SurveyOptions, survey};
use mailca::net::target::Target;

use crate::support::{Folder, tls_server};

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

#[test]
fn a_server_of_today_speaks_two_versions_and_nothing_weak() {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com mail.example.com").success();
    let [key, own] = ["key.pem", "cert.pem"].map(|name| folder.path("mail.example.com").join(name));
    let (address, _heard) = tls_server(&[], &key, &[own.as_path()]);
    let (seen, told) = look(&format!("{address}/imaps"), &OPTIONS);
    assert_eq!(seen.obstacle, None);
    assert_eq!(seen.chain().len(), 1);
    assert_eq!(seen.versions.len(), 6);
    for one in &seen.versions {
        let wanted = one.version >= Version::Tls12;
        assert_eq!(one.is_spoken(), Some(wanted), "{one:?}");
        assert_eq!((one.weak.as_slice(), one.unsure.as_deref()), (&[][..], None), "{one:?}");
    }
    assert_eq!(seen.injection, None);
    // The opening, the handshake, what is said inside, and the versions.
    assert_eq!(told, 9);
}
