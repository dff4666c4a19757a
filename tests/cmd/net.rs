//! The probe through its own interface, for what no command asks of it yet.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use mailca::error::Kind;
use mailca::net::probe::{ClientIdentity, ProbeOptions, open, presented};
use mailca::net::service::Service;
use mailca::net::target::Target;
use mailca::pki::certificate::Certificate;
use mailca::pki::key::PrivateKey;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{RootCertStore, ServerConfig};

use crate::support::{Folder, chain, tls_server, tls_server_with};

const OPTIONS: ProbeOptions<'static> = ProbeOptions {
    timeout: Duration::from_secs(30),
    server_name: None,
    client: None,
    connect: None,
};

fn with_host() -> Folder {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com mail.example.com").success();
    folder
}

fn certificates(folder: &Folder, name: &str) -> Vec<Certificate> {
    Certificate::from_file_content(&folder.read(name)).unwrap()
}

fn key(folder: &Folder, name: &str) -> PrivateKey {
    let encrypted = || panic!("it is encrypted");
    PrivateKey::from_file_content(&folder.read(name), encrypted).unwrap()
}

/// The certified key of mail.example.com's certificate and some key.
fn certified(folder: &Folder, key: &str) -> CertifiedKey {
    let key = PrivateKeyDer::from_pem_file(folder.path(key)).unwrap();
    let path = folder.path("mail.example.com/cert.pem");
    CertifiedKey::new(chain(&[path.as_path()]), any_supported_type(&key).unwrap())
}

#[test]
fn a_host_is_found_by_its_name_and_its_address() {
    let folder = with_host();
    let [key, own] = ["key.pem", "cert.pem"].map(|name| folder.path("mail.example.com").join(name));
    let (address, heard) = tls_server(&[], &key, &[own.as_path()]);
    for host in ["localhost", "127.0.0.1"] {
        let text = format!("{host}:{}/imaps", address.port());
        let target = Target::parse(&text, Service::Smtp).unwrap();
        let found = presented(&target, &OPTIONS).unwrap();
        assert_eq!(found.address, address);
        assert_eq!(found.chain[0], certificates(&folder, "mail.example.com/cert.pem")[0].as_der());
        assert!(found.is_finished && found.is_key_proven && found.notes.is_empty());
        assert_eq!(heard.recv().unwrap(), "a9 LOGOUT\r\n");
    }
}

/// Passes on the name that was asked for.
#[derive(Debug)]
struct Names(SingleCertAndKey, std::sync::mpsc::Sender<Option<String>>);

impl ResolvesServerCert for Names {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let _ = self.1.send(hello.server_name().map(str::to_owned));
        self.0.resolve(hello)
    }
}

#[test]
fn the_host_is_asked_for_by_its_name() {
    let folder = with_host();
    let (sender, asked) = std::sync::mpsc::channel();
    let own = SingleCertAndKey::from(certified(&folder, "mail.example.com/key.pem"));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Names(own, sender)));
    let connect = Some(tls_server_with(&[], config).0);
    for (host, server_name, wanted) in [
        ("bücher.example", None, Some("xn--bcher-kva.example")),
        ("192.0.2.1", None, None),
        ("192.0.2.1", Some("mail.example.com"), Some("mail.example.com")),
    ] {
        let target = Target::parse(host, Service::Imaps).unwrap();
        presented(&target, &ProbeOptions { server_name, connect, ..OPTIONS }).unwrap();
        assert_eq!(asked.recv().unwrap().as_deref(), wanted, "{host}");
    }
    let target = Target::parse("192.0.2.1", Service::Imaps).unwrap();
    let options = ProbeOptions { server_name: Some("a b"), connect, ..OPTIONS };
    assert_eq!(presented(&target, &options).unwrap_err().kind(), Kind::Usage);
}

#[test]
fn a_certificate_without_its_key_is_seen_as_such() {
    let folder = with_host();
    folder.mailca("newreq --cn other.example.com other").success();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified(&folder, "other/key.pem"))));
    let (address, _) = tls_server_with(&[], config);
    let target = Target::parse("mail.example.com", Service::Imaps).unwrap();
    let found = presented(&target, &ProbeOptions { connect: Some(address), ..OPTIONS }).unwrap();
    assert_eq!(found.chain[0], certificates(&folder, "mail.example.com/cert.pem")[0].as_der());
    assert!(!found.is_finished && !found.is_key_proven);
    assert!(found.notes[0].contains("did not come to its end"), "{:?}", found.notes);
    // No record stands for it, though the key in the certificate is the one in a record.
    let line = format!("tlsa mail.example.com:imaps --check --connect {address}");
    folder.mailca(&line).verdict(&["has not shown that it has the key"]);
}

#[test]
fn a_client_certificate_is_presented() {
    let folder = Folder::with_user();
    folder.mailca("issue --cn mail.example.com mail.example.com").success();
    let mut roots = RootCertStore::empty();
    roots.add(chain(&[folder.path("demoCA/cacert.pem").as_path()]).remove(0)).unwrap();
    let config = ServerConfig::builder_with_protocol_versions(&[&rustls::version::TLS12])
        .with_client_cert_verifier(WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap())
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified(
            &folder,
            "mail.example.com/key.pem",
        ))));
    let connect: Option<SocketAddr> = Some(tls_server_with(&[], config).0);
    let target = Target::parse("mail.example.com", Service::Imaps).unwrap();
    let own = certificates(&folder, "joeuser/cert.pem");
    let [right, wrong] =
        ["joeuser/key.pem", "mail.example.com/key.pem"].map(|name| key(&folder, name));
    let client = Some(ClientIdentity { chain: &own, key: &right });
    let session = open(&target, &ProbeOptions { client, connect, ..OPTIONS }).unwrap();
    assert!(session.presented.is_finished, "{:?}", session.presented.notes);
    assert_eq!(session.presented.version, Some("TLS 1.2"));
    assert_eq!(session.close().address.ip(), IpAddr::from([127, 0, 0, 1]));
    // Without one the server ends the handshake, and its chain was seen all the same.
    let found = presented(&target, &ProbeOptions { connect, ..OPTIONS }).unwrap();
    assert!(!found.is_finished && found.chain.len() == 1);
    let client = Some(ClientIdentity { chain: &own, key: &wrong });
    let error = presented(&target, &ProbeOptions { client, connect, ..OPTIONS }).unwrap_err();
    assert!(error.to_string().contains("not that of the client certificate"), "{error}");
}
