//! The survey of servers of the past, of which recorded bytes are all that is left.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mailca::net::hello::Version;
use mailca::net::hello::suites::Weakness;
use mailca::net::survey::{Handshake, Injection, Observations};
use tls_parser::{TlsMessage, TlsMessageHandshake, parse_tls_plaintext};

use super::survey::{OPTIONS, look};
use crate::support::flights::{
    CERTIFICATE, HANDSHAKE_FAILURE, PROTOCOL_VERSION, SSL2, SSL2_NO_CIPHER, WEAK, flight,
};
use crate::support::responder;

/// What a server of the past accepts: suites by version, the one that it likes best first.
type Past = BTreeMap<u16, Vec<u16>>;

/// Its answer to a hello, as OpenSSL gave it then: the newest version that both know, and the first of its
/// suites that is offered.
fn answer(past: &Past, hello: &[u8]) -> Vec<u8> {
    if hello[0] & 0x80 != 0 {
        return if past.contains_key(&2) { SSL2.to_vec() } else { SSL2_NO_CIPHER.to_vec() };
    }
    let (_, record) = parse_tls_plaintext(hello).unwrap();
    let [TlsMessage::Handshake(TlsMessageHandshake::ClientHello(hello))] = &record.msg[..] else {
        panic!("{:?}", record.msg);
    };
    let Some((version, suites)) = past.range(3..=hello.version.0).next_back() else {
        return PROTOCOL_VERSION.to_vec();
    };
    let offered = |suite: &&u16| hello.ciphers.iter().any(|one| one.0 == **suite);
    suites.iter().find(offered).map_or_else(
        || HANDSHAKE_FAILURE.to_vec(),
        |suite| flight(*version, *suite, &[CERTIFICATE]),
    )
}

fn server(past: Past) -> (SocketAddr, Arc<AtomicUsize>) {
    responder(
        &[
            "220 mx.example.com ESMTP Sendmail 8.9.3\r\n",
            "250-mx\r\n250 STARTTLS\r\n",
            "220 go\r\n",
        ],
        move |hello| answer(&past, hello),
    )
}

fn weak(seen: &Observations, version: u16) -> Vec<String> {
    let version = seen.version(Version::by_number(version).unwrap()).unwrap();
    assert_eq!(version.unsure, None, "{version:?}");
    version.weak.iter().map(ToString::to_string).collect()
}

#[test]
fn every_weak_suite_is_found_alone() {
    for (name, version, suite) in WEAK {
        let (address, _) = server(Past::from([(version, vec![suite])]));
        let (seen, _) = look(&format!("{address}/smtp"), &OPTIONS);
        assert_eq!(weak(&seen, version), [name]);
        for one in &seen.versions {
            let is_it = one.version.number() == version;
            assert_eq!(one.is_spoken(), Some(is_it), "{name}: {one:?}");
            assert_eq!(one.weak.is_empty(), !is_it, "{name}: {one:?}");
        }
        // Our own TLS sees nothing there, the old hello the certificate.
        assert!(matches!(seen.handshake, Some(Handshake::Failed(_))), "{:?}", seen.handshake);
        assert!(seen.inside.is_none());
        assert_eq!(seen.chain(), [CERTIFICATE]);
        assert!(matches!(seen.injection, Some(Injection::Refused(_))), "{:?}", seen.injection);
    }
}

#[test]
fn every_weakness_is_found_beside_the_others() {
    let suites = |number: u16| WEAK.iter().filter(move |one| one.1 == number).map(|one| one.2);
    let mut past: Past =
        [0x0300, 0x0301, 0x0302, 0x0303].map(|number| (number, suites(number).collect())).into();
    past.insert(2, Vec::new());
    // One that is in order comes first in the newest: it must not hide the rest.
    past.get_mut(&0x0303).unwrap().insert(0, 0xc02f);
    let (address, hellos) = server(past.clone());
    let (seen, _) = look(&format!("{address}/smtp"), &OPTIONS);
    for (number, suites) in &past {
        let version = seen.version(Version::by_number(*number).unwrap()).unwrap();
        assert_eq!(version.is_spoken(), Some(true), "{version:?}");
        assert_eq!(version.unsure, None);
        let found: Vec<Weakness> = version.weak.iter().flat_map(|one| one.weaknesses()).collect();
        for suite in suites {
            for one in mailca::net::hello::suites::Suite::Tls(*suite).weaknesses() {
                assert!(found.contains(&one), "{version:?}: {one:?}");
            }
        }
    }
    assert_eq!(weak(&seen, 2).len(), 3);
    let newest = seen.version(Version::Tls12).unwrap().accepted().unwrap();
    assert_eq!(newest.suites[0].name(), Some("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
    assert_eq!(seen.version(Version::Tls13).unwrap().is_spoken(), Some(false));
    // Not a hello for every suite.
    let count = hellos.load(Ordering::SeqCst);
    assert!(count < 40, "{count}");
}

#[test]
fn a_server_that_chooses_what_was_not_offered_is_not_asked_for_ever() {
    let (address, hellos) = responder(&[], |_| flight(0x0303, 0x0004, &[CERTIFICATE]));
    let (seen, _) = look(&format!("{address}/imaps"), &OPTIONS);
    let found = seen.version(Version::Tls12).unwrap();
    assert_eq!(found.weak.len(), 1, "{found:?}");
    assert!(found.unsure.as_ref().unwrap().contains("not offered"), "{found:?}");
    // An answer with a newer version than was asked for is none.
    assert_eq!(seen.version(Version::Tls10).unwrap().is_spoken(), Some(false));
    assert!(hellos.load(Ordering::SeqCst) < 20);
}
