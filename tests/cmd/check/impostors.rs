//! Servers that show a certificate without its key, which anybody can copy.

use std::net::SocketAddr;
use std::sync::Arc;

use mailca::net::service::Protocol;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, SignatureAlgorithm, SignatureScheme, SupportedProtocolVersion};

use super::{check, finds, found, seen, signed};
use crate::support::{Folder, Mail, certificate_der, need};

/// Signs with made-up bytes, or with another key, and says that it is of this scheme.
#[derive(Clone, Debug)]
struct Impostor {
    scheme: SignatureScheme,
    algorithm: SignatureAlgorithm,
    bytes: Vec<u8>,
    other: Option<Arc<dyn SigningKey>>,
}

impl SigningKey for Impostor {
    fn choose_scheme(&self, _: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        Some(Box::new(self.clone()))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }
}

impl Signer for Impostor {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        match &self.other {
            Some(key) => key.choose_scheme(&[self.scheme]).unwrap().sign(message),
            None => Ok(self.bytes.clone()),
        }
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}

#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

fn server(
    folder: &Folder,
    certificate: &str,
    version: &'static SupportedProtocolVersion,
    key: Impostor,
) -> SocketAddr {
    let chain = vec![certificate_der(&folder.path(certificate)).into()];
    let certified = Arc::new(CertifiedKey::new(chain, Arc::new(key)));
    let config = ServerConfig::builder_with_protocol_versions(&[version])
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Always(certified)));
    Mail { implicit: true, ..Mail::new(Protocol::Smtp, config) }.start()
}

fn made_up(scheme: u16, length: usize) -> Impostor {
    Impostor {
        scheme: scheme.into(),
        algorithm: SignatureAlgorithm::ECDSA,
        bytes: vec![7; length],
        other: None,
    }
}

/// What suits no key, one key, or every one: Ed448, PSS keys, secp256r1, RSA, a scheme of nobody, SHA-1.
const SCHEMES: [u16; 12] = [
    0x0808, 0x0807, 0x081a, 0x0809, 0x0804, 0x0401, 0x0402, 0x0203, 0x0303, 0x0403, 0x0603, 0xfefe,
];

#[test]
fn a_made_up_signature_proves_nothing_whatever_it_says_it_is() {
    need!("openssl");
    let folder = Folder::with_ca();
    let extensions =
        "subjectAltName=DNS:mail.example.com\nextendedKeyUsage=serverAuth,clientAuth\n";
    for (name, key) in [
        ("p256", "EC ec_paramgen_curve:P-256"),
        ("p521", "EC ec_paramgen_curve:P-521"),
        ("k1", "EC ec_paramgen_curve:secp256k1"),
        ("brainpool", "EC ec_paramgen_curve:brainpoolP256r1"),
        ("rsa", "RSA rsa_keygen_bits:2048"),
        ("ed25519", "ED25519"),
        ("ed448", "ED448"),
    ] {
        signed(&folder, name, key, extensions, "-days 100");
        for (at, scheme) in SCHEMES.into_iter().enumerate() {
            let signature = made_up(scheme, [114, 0][at % 2]);
            let place = server(&folder, &format!("{name}.pem"), &TLS13, signature);
            let outcome = check(&folder, "submissions", place, "").exits(3);
            let is_found = found(&outcome).contains(&"error key-unproven".to_owned());
            assert!(is_found, "{name} {scheme:04x}: {outcome}");
        }
    }
}

#[test]
fn no_record_and_no_installed_certificate_is_seen_there_either() {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com mail.example.com").success();
    let records = folder.mailca("tlsa mail.example.com --port 465").success().text();
    folder.write("records", &records);
    for (version, scheme) in [(&TLS13, 0x0808), (&TLS13, 0xfefe), (&TLS12, 0x0203)] {
        let certificate = "mail.example.com/cert.pem";
        let place = server(&folder, certificate, version, made_up(scheme, 64));
        let outcome = check(&folder, "submissions", place, "--tlsa records").exits(3);
        let all = found(&outcome);
        assert!(all.contains(&"critical dane-mismatch".to_owned()), "{outcome}");
        assert!(!all.contains(&"info dane-match".to_owned()), "{outcome}");
        let line = format!("tlsa mail.example.com:submissions --check --connect {place}");
        folder.mailca(&line).verdict(&["has not shown that it has the key"]);
        folder.mkdir("etc");
        let line = format!("--for postfix --to etc --check {place}/submissions --timeout 1");
        let run = folder.mailca(&format!("install mail.example.com {line}"));
        run.refused(&["has not shown that it has the key"]);
        folder.bash("rm -rf etc").success();
    }
}

/// RSA in TLS 1.3 means PSS (RFC 8446 4.2.3), and each curve has its hash: a right signature of another
/// scheme is refused by every other client.
#[test]
fn what_the_newest_version_forbids_is_no_proof() {
    let folder = super::with_host();
    folder.mailca("issue --cn mail.example.com --key-type rsa-2048 rsa").success();
    let key = PrivateKeyDer::from_pem_file(folder.path("rsa/key.pem")).unwrap();
    let other = aws_lc_rs::sign::any_supported_type(&key).unwrap();
    for (scheme, is_proven) in
        [(SignatureScheme::RSA_PKCS1_SHA256, false), (SignatureScheme::RSA_PSS_SHA256, true)]
    {
        let algorithm = SignatureAlgorithm::RSA;
        let key = Impostor { scheme, algorithm, bytes: Vec::new(), other: Some(other.clone()) };
        let place = server(&folder, "rsa/cert.pem", &TLS13, key);
        let outcome = check(&folder, "submissions", place, "--fail-on critical").success();
        let all = found(&outcome);
        assert_eq!(!all.contains(&"error key-unproven".to_owned()), is_proven, "{outcome}");
        if !is_proven {
            let seen = seen(&outcome, "key-unproven");
            assert!(seen.contains("RSA_PKCS1_SHA256, which does not suit its key"), "{seen}");
        }
    }
}

/// A signature by such a key is not looked at, so that nothing is known but that the key is short: one job.
#[test]
fn a_short_key_is_one_thing_to_mend() {
    const ONE_VERSION: &str = "--ignore tls-1-2-missing";
    need!("openssl");
    let folder = Folder::with_ca();
    let extensions =
        "subjectAltName=DNS:mail.example.com\nextendedKeyUsage=serverAuth,clientAuth\n";
    signed(&folder, "short", "RSA rsa_keygen_bits:1024", extensions, "-days 100");
    let place = server(&folder, "short.pem", &TLS13, made_up(0x0804, 128));
    finds(check(&folder, "submissions", place, ONE_VERSION), &["error key-short"]);
    // Whoever knows that it is short is not told that all is well.
    let run = check(&folder, "submissions", place, &format!("{ONE_VERSION} --ignore key-short"));
    finds(run, &["error key-unproven"]);
    // A key that is long enough has to be shown.
    signed(&folder, "long", "RSA rsa_keygen_bits:2048", extensions, "-days 100");
    let place = server(&folder, "long.pem", &TLS13, made_up(0x0401, 256));
    finds(check(&folder, "submissions", place, ONE_VERSION), &["error key-unproven"]);
}
