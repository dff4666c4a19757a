//! Certificates and servers that one program takes and another does not; and what cannot be judged.

use mailca::net::service::Protocol;
use rustls::ServerConfig;
use rustls::server::WebPkiClientVerifier;

use super::versions::message;
use super::{
    Openssl, check, check_files, config, finds, found, resolver, seen, signed, submissions,
    with_host,
};
use crate::support::{Folder, Mail, certificate_der, need, responder};

const EC: &str = "EC ec_paramgen_curve:P-256";
const GOOD: &str = "subjectAltName=DNS:mail.example.com\nextendedKeyUsage=serverAuth,clientAuth\n";

#[test]
fn what_gnutls_refuses_is_found() {
    need!("openssl");
    let folder = Folder::with_ca();
    let rsa = "RSA rsa_keygen_bits:2048";
    for (name, key, more, wanted) in [
        ("staple", EC, "tlsfeature=status_request\n", "error staple-missing"),
        ("wrap", rsa, "keyUsage=critical,keyEncipherment\n", "error signing-usage-missing"),
        ("ca", EC, "basicConstraints=critical,CA:TRUE\n", "warning authority-as-server"),
    ] {
        signed(&folder, name, key, &(GOOD.to_owned() + more), "-days 100");
        let server =
            submissions(config(&folder, &format!("{name}.key"), &[&format!("{name}.pem")]));
        finds(check(&folder, "submissions", server, ""), &[wanted]);
    }
    // One with a response is in order, whatever is in it.
    let chain = vec![certificate_der(&folder.path("staple.pem")).into()];
    let key = rustls::pki_types::pem::PemObject::from_pem_file(folder.path("staple.key")).unwrap();
    let stapling = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert_with_ocsp(chain, key, vec![1, 2, 3])
        .unwrap();
    finds(check(&folder, "submissions", submissions(stapling), ""), &[]);
}

/// A root, one below it, and a certificate for the host, all of openssl's, with these keys and days.
fn chain(folder: &Folder, keys: [&str; 3], days: [i64; 3]) {
    let authority = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n";
    folder.write("ca.ext", authority);
    folder.write("own.ext", GOOD);
    for (name, key) in ["top", "sub", "own"].into_iter().zip(keys) {
        folder.foreign_key(name, key);
        let subject = if name == "own" { "/CN=mail.example.com" } else { &format!("/CN={name}") };
        folder
            .openssl(&format!("req -new -key {name}.key -out {name}.csr -subj {subject}"))
            .success();
    }
    for (name, issuer, extensions, days) in [
        ("top", "-signkey top.key", "ca.ext", days[0]),
        ("sub", "-CA top.pem -CAkey top.key -set_serial 2", "ca.ext", days[1]),
        ("own", "-CA sub.pem -CAkey sub.key -set_serial 3", "own.ext", days[2]),
    ] {
        let line = format!("x509 -req -in {name}.csr {issuer} -extfile {extensions} -days {days}");
        folder.openssl(&format!("{line} -out {name}.pem")).success();
    }
}

#[test]
fn a_ca_that_ends_soon_is_found() {
    need!("openssl");
    for (days, wanted) in [
        ([900, 500, 100], &[][..]),
        ([900, 5, 100], &["warning expires-soon"]),
        ([5, 500, 100], &["warning expires-soon"]),
    ] {
        let folder = Folder::empty();
        chain(&folder, [EC; 3], days);
        let server = submissions(config(&folder, "own.key", &["own.pem", "sub.pem"]));
        let outcome = finds(check(&folder, "submissions", server, "--ca top.pem"), wanted);
        let line = format!("check mail.example.com:submissions --connect {server} --ca top.pem");
        let nagios = folder.mailca(&format!("{line} --format nagios")).output();
        if wanted.is_empty() {
            assert!(
                nagios.text().contains("days=100") || nagios.text().contains("days=99"),
                "{nagios}"
            );
        } else {
            let name = if days[0] == 5 { "CA certificate top" } else { "CA certificate sub" };
            assert!(seen(&outcome, "expires-soon").contains(name), "{outcome}");
            assert!(
                nagios.text().contains("days=5") || nagios.text().contains("days=4"),
                "{nagios}"
            );
        }
    }
}

#[test]
fn a_ca_that_cannot_be_used_is_told_with_the_reason() {
    need!("openssl");
    for (keys, wanted, why) in [
        ([EC, "RSA rsa_keygen_bits:1024", EC], "error chain-invalid", "RSA 1024 bits"),
        ([EC, "ED448", EC], "warning chain-unverified", "Ed448"),
        (["ED448", EC, EC], "warning chain-unverified", "Ed448"),
        ([EC, "EC ec_paramgen_curve:secp256k1", EC], "warning chain-unverified", "secp256k1"),
    ] {
        let folder = Folder::empty();
        chain(&folder, keys, [900, 500, 100]);
        let server = submissions(config(&folder, "own.key", &["own.pem", "sub.pem"]));
        let outcome = check(&folder, "submissions", server, "--ca top.pem").exits(3);
        let all = found(&outcome);
        assert!(all.contains(&wanted.to_owned()), "{keys:?}: {outcome}");
        assert!(!all.iter().any(|one| one.contains("superfluous")), "{keys:?}: {outcome}");
        let id = wanted.split(' ').nth(1).unwrap();
        assert!(seen(&outcome, id).contains(why), "{keys:?}: {outcome}");
    }
}

#[test]
fn a_list_beside_the_ca_counts() {
    let folder = with_host();
    folder.mailca("revoke mail --yes").success();
    folder.mailca("crl").success();
    folder.bash("cat demoCA/cacert.pem demoCA/crl.pem > both.pem; mv demoCA gone").success();
    let run = |words: &str| check_files(&folder, "mail/key.pem", &["mail/cert.pem"], words);
    finds(run("--ca both.pem"), &["critical revoked"]);
    finds(run("--ca gone/cacert.pem"), &[]);
}

#[test]
fn what_is_not_known_of_a_revocation_is_told() {
    for script in [
        "rm demoCA/index.txt",
        "echo garbage > demoCA/index.txt",
        ": > demoCA/index.txt",
        "sed -i /^R/d demoCA/index.txt",
        "sed -i 's/^\\(R.\\{20\\}\\).*/\\1/' demoCA/index.txt; truncate -s -1 demoCA/index.txt",
    ] {
        let folder = with_host();
        folder.mailca("revoke mail --yes").success();
        folder.bash(&format!("rm -f demoCA/crl.pem; {script}")).success();
        let run = check_files(&folder, "mail/key.pem", &["mail/cert.pem"], "");
        let outcome = finds(run, &["warning revocation-unknown"]);
        assert!(seen(&outcome, "revocation-unknown").contains("index.txt"), "{outcome}");
    }
}

#[test]
fn records_for_another_host_or_port_are_told() {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com mail.example.com").success();
    let records = folder.mailca("tlsa mail.example.com --port 25").success().text();
    folder.write("records", &records);
    let (key, own) = ("mail.example.com/key.pem", "mail.example.com/cert.pem");
    let run = check_files(&folder, key, &[own], "--tlsa records");
    let outcome = finds(run, &["warning dane-not-compared"]);
    let seen = seen(&outcome, "dane-not-compared");
    assert!(seen.contains("_465._tcp.mail.example.com"), "{seen}");
    assert!(seen.contains("the first is for _25._tcp.mail.example.com"), "{seen}");
}

#[test]
fn a_record_vouches_for_a_server_on_port_25() {
    let folder = with_host();
    folder.mailca("newca --ca-dir other --cn Other").success();
    folder.mailca("issue --ca-dir other --cn mail.example.com mail.example.com").success();
    folder.mailca("issue --ca-dir other --cn alias.example.com alias").success();
    let records =
        folder.mailca("tlsa mail.example.com --ca-dir other --port 25 --port 587").success().text();
    folder.write("records", records);
    let configuration =
        || config(&folder, "mail.example.com/key.pem", &["mail.example.com/cert.pem"]);
    let server = Mail::new(Protocol::Smtp, configuration()).start();
    let outcome = check(&folder, "smtp", server, "--tlsa records").output();
    let all = found(&outcome);
    assert!(all.contains(&"info untrusted".to_owned()), "{outcome}");
    assert!(all.contains(&"info dane-match".to_owned()), "{outcome}");
    // Programs of users do not look at records.
    let outcome = check(&folder, "submission", server, "--tlsa records").exits(3);
    assert!(found(&outcome).contains(&"error untrusted".to_owned()), "{outcome}");
}

#[test]
fn port_25_lets_nobody_in_without_a_certificate() {
    let folder = Folder::with_user();
    folder.mailca("issue --cn mail.example.com mail").success();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate_der(&folder.path("demoCA/cacert.pem")).into()).unwrap();
    let verifier = WebPkiClientVerifier::builder(std::sync::Arc::new(roots)).build().unwrap();
    let chain = vec![certificate_der(&folder.path("mail/cert.pem")).into()];
    let insisting = ServerConfig::builder()
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(resolver(&folder, "mail/key.pem", chain));
    let server = Mail::new(Protocol::Smtp, insisting).start();
    let outcome = check(&folder, "smtp", server, "").exits(3);
    assert!(found(&outcome).contains(&"error client-certificate-required".to_owned()), "{outcome}");
    let outcome = check(&folder, "submission", server, "").output();
    assert!(
        found(&outcome).contains(&"warning client-certificate-required".to_owned()),
        "{outcome}"
    );
}

#[test]
fn an_uncommon_kind_of_tls_is_not_called_none() {
    need!("openssl");
    let folder = with_host();
    folder.mailca("issue --cn mail.example.com --key-type rsa-2048 rsa").success();
    for options in [
        "-tls1_2 -cipher kDHE",
        "-tls1_2 -cipher ECDHE -curves P-521",
        "-tls1_3 -curves P-521",
        "-tls1_2 -cipher ECDHE -curves secp256k1",
        "-tls1_2 -cipher kRSA",
    ] {
        let pair = "-key rsa/key.pem -cert rsa/cert.pem";
        let server = Openssl::start(&folder, &format!("{pair} {options}"));
        let outcome = check(&folder, "submissions", server.1, "").exits(3);
        let all = found(&outcome);
        assert!(all.contains(&"warning handshake-uncommon".to_owned()), "{options}: {outcome}");
        assert!(!all.iter().any(|one| one.contains("handshake-failed")), "{options}: {outcome}");
    }
}

#[test]
fn a_short_prime_is_found() {
    let folder = with_host();
    let certificate = certificate_der(&folder.path("mail/cert.pem"));
    // TLS_DHE_RSA_WITH_AES_256_GCM_SHA384, and the same without a certificate.
    for (bits, suite, wanted) in [
        (1024, 0x009f, Some("warning diffie-hellman-short")),
        (1024, 0x00a7, Some("warning diffie-hellman-short")),
        (512, 0x009f, Some("error diffie-hellman-short")),
        (2048, 0x009f, None),
    ] {
        let certificate = certificate.clone();
        let (server, _) = responder(&[], move |hello| {
            let is_asked = hello[0] == 0x16 && hello[9..11] == [3, 3];
            // ECDHE comes first, as everywhere.
            let mut both = [0xc02f, suite].into_iter();
            let offered = super::versions::offered(hello);
            match both.find(|one| is_asked && offered.contains(one)) {
                Some(0xc02f) => super::versions::flight([3, 3], 0xc02f, &certificate),
                Some(suite) => flight_with_prime(suite, bits, &certificate),
                None => super::versions::ALERT.to_vec(),
            }
        });
        let outcome = check(&folder, "imaps", server, "").exits(3);
        let mut all = found(&outcome);
        all.retain(|one| one.ends_with("diffie-hellman-short"));
        assert_eq!(all, Vec::from_iter(wanted), "{bits}: {outcome}");
        if wanted.is_some() {
            let seen = seen(&outcome, "diffie-hellman-short");
            assert!(seen.starts_with(&format!("{bits} bits with TLS_DH")), "{seen}");
        }
    }
}

/// A flight of TLS 1.2 with a `ServerKeyExchange` whose prime has so many bits (RFC 5246 7.4.3).
fn flight_with_prime(suite: u16, bits: usize, certificate: &[u8]) -> Vec<u8> {
    let prime = vec![0xff; bits / 8];
    let counted =
        |bytes: &[u8]| [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat();
    // Generator and public value, and no signature that anybody looks at.
    let exchange = [counted(&prime), counted(&[2]), counted(&prime), vec![8, 4, 0, 0]].concat();
    let is_anonymous = suite == 0x00a7;
    let flight =
        super::versions::flight([3, 3], suite, if is_anonymous { &[] } else { certificate });
    let done = flight.len() - 4;
    let messages = [&flight[5..done], &message(12, &exchange), &flight[done..]].concat();
    [&[0x16, 3, 3], counted(&messages).as_slice()].concat()
}

/// Something other than a goodbye, once: there was one command.
#[test]
fn an_odd_goodbye_is_no_injection() {
    let folder = with_host();
    for goodbye in ["500 5.5.2 what\r\n", "250 2.0.0 bye\r\n"] {
        let server = super::conversations::smtp_with(
            config(&folder, "mail/key.pem", &["mail/cert.pem"]),
            "250-mail.example.com\r\n250 STARTTLS\r\n",
            "250-mail.example.com\r\n250 AUTH PLAIN\r\n",
            goodbye,
        );
        finds(check(&folder, "smtp", server, ""), &[]);
    }
}

#[test]
fn a_cipher_that_hardly_anybody_has_is_seen() {
    let folder = with_host();
    let certificate = certificate_der(&folder.path("mail/cert.pem"));
    // TLS_RSA_WITH_SEED_CBC_SHA in TLS 1.0, and nothing else.
    let (server, _) = responder(&[], move |hello| {
        let is_asked = hello[0] == 0x16 && hello[9..11] == [3, 1];
        if is_asked && super::versions::offered(hello).contains(&0x0096) {
            super::versions::flight([3, 1], 0x0096, &certificate)
        } else {
            super::versions::ALERT.to_vec()
        }
    });
    let outcome = check(&folder, "imaps", server, "").exits(3);
    assert!(found(&outcome).contains(&"warning tls-1-0".to_owned()), "{outcome}");
}
