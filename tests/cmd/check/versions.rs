//! Versions and ciphers: what today's libraries speak by themselves, and the rest from a server that
//! answers with bytes put together by RFC 6101 and its successors.

use rustls::ServerConfig;
use rustls::version::{TLS12, TLS13};

use super::{Openssl, check, finds, resolver, seen, submissions, with_host};
use crate::support::{Folder, certificate_der, need, responder};

fn only(folder: &Folder, version: &'static rustls::SupportedProtocolVersion) -> ServerConfig {
    let certificate = certificate_der(&folder.path("mail/cert.pem"));
    ServerConfig::builder_with_protocol_versions(&[version])
        .with_no_client_auth()
        .with_cert_resolver(resolver(folder, "mail/key.pem", vec![certificate.into()]))
}

#[test]
fn a_version_that_is_missing_is_found() {
    let folder = with_host();
    let server = submissions(only(&folder, &TLS12));
    finds(check(&folder, "submissions", server, ""), &["info tls-1-3-missing"]);
    let server = submissions(only(&folder, &TLS13));
    finds(check(&folder, "submissions", server, ""), &["warning tls-1-2-missing"]);
}

/// The suites of which the server takes the first that is offered.
const WEAK: [u16; 7] = [
    0x0002, // TLS_RSA_WITH_NULL_SHA
    0x0018, // TLS_DH_anon_WITH_RC4_128_MD5
    0x0003, // TLS_RSA_EXPORT_WITH_RC4_40_MD5
    0x0009, // TLS_RSA_WITH_DES_CBC_SHA
    0x0005, // TLS_RSA_WITH_RC4_128_SHA
    0x000a, // TLS_RSA_WITH_3DES_EDE_CBC_SHA
    0x002f, // TLS_RSA_WITH_AES_128_CBC_SHA
];

pub(super) const ALERT: [u8; 7] = [0x15, 3, 1, 0, 2, 2, 40];

/// The suites of a hello from SSL 3 to TLS 1.2 (RFC 5246 7.4.1.2).
pub(super) fn offered(hello: &[u8]) -> Vec<u16> {
    let suites = 5 + 4 + 2 + 32 + 1 + usize::from(hello[43]);
    let length = usize::from(u16::from_be_bytes([hello[suites], hello[suites + 1]]));
    let list = &hello[suites + 2..suites + 2 + length];
    list.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}

pub(super) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind], &length[1..], body].concat()
}

/// `ServerHello`, Certificate and `ServerHelloDone` in one record; anonymously, without a certificate.
pub(super) fn flight(version: [u8; 2], suite: u16, certificate: &[u8]) -> Vec<u8> {
    let hello = [&version[..], &[7; 32], &[0], &suite.to_be_bytes(), &[0]].concat();
    let length = |count: usize| u32::try_from(count).unwrap().to_be_bytes()[1..].to_vec();
    let one = [length(certificate.len()), certificate.to_vec()].concat();
    let list = [length(one.len()), one].concat();
    let shown = if certificate.is_empty() { Vec::new() } else { message(11, &list) };
    let body = [message(2, &hello), shown, message(14, &[])].concat();
    let size = u16::try_from(body.len()).unwrap().to_be_bytes();
    [&[0x16], &version[..], &size, &body].concat()
}

/// The hello of an SSL 2 server: RC4, and export RC4.
fn ssl_2(certificate: &[u8]) -> Vec<u8> {
    let kinds = [1, 0, 0x80, 2, 0, 0x80];
    let length = |count: usize| u16::try_from(count).unwrap().to_be_bytes();
    let body = [
        &[4, 0, 1, 0, 2][..],
        &length(certificate.len()),
        &length(kinds.len()),
        &length(16),
        certificate,
        &kinds,
        &[9; 16],
    ]
    .concat();
    let size = length(body.len());
    [&[size[0] | 0x80, size[1]], body.as_slice()].concat()
}

#[test]
fn everything_old_is_found() {
    let folder = with_host();
    let certificate = certificate_der(&folder.path("mail/cert.pem"));
    let (server, _) = responder(&[], move |hello| {
        if hello[0] & 0x80 != 0 {
            return ssl_2(&certificate);
        }
        let version = [hello[9], hello[10]];
        if version > [3, 2] {
            return ALERT.to_vec();
        }
        let offered = offered(hello);
        match WEAK.into_iter().find(|suite| offered.contains(suite)) {
            Some(suite) => flight(version, suite, &certificate),
            None => ALERT.to_vec(),
        }
    });
    let wanted = [
        "critical ssl-2",
        "critical cipher-null",
        "critical cipher-export",
        "error ssl-3",
        "error tls-modern-missing",
        "error cipher-anonymous",
        "error cipher-rc4",
        "error cipher-des",
        "warning tls-1-0",
        "warning tls-1-1",
        "warning cipher-3des",
        "info cipher-static-rsa",
    ];
    let outcome = finds(check(&folder, "imaps", server, ""), &wanted);
    for (id, suite) in [
        ("ssl-2", "SSL_CK_RC4_128_WITH_MD5"),
        ("cipher-null", "TLS_RSA_WITH_NULL_SHA"),
        ("cipher-export", "TLS_RSA_EXPORT_WITH_RC4_40_MD5"),
        ("cipher-anonymous", "TLS_DH_anon_WITH_RC4_128_MD5"),
        ("cipher-des", "TLS_RSA_WITH_DES_CBC_SHA"),
        ("cipher-3des", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
    ] {
        assert!(seen(&outcome, id).contains(suite), "{id}: {outcome}");
    }
    assert!(seen(&outcome, "cipher-null").ends_with("in TLS 1.1, TLS 1.0, SSL 3"));
    let port = &super::document(&outcome)["hosts"][0]["ports"][0];
    let versions = serde_json::json!(["TLS 1.1", "TLS 1.0", "SSL 3", "SSL 2"]);
    assert_eq!(port["tls_versions"], versions);
    // The certificate was seen all the same.
    assert_eq!(port["chain"].as_array().unwrap().len(), 1);
}

#[test]
fn an_anonymous_cipher_is_less_bad_where_nobody_logs_in() {
    let folder = with_host();
    let words = &["220 x ESMTP Postfix\r\n", "250-x.example.com\r\n250 STARTTLS\r\n", "220 go\r\n"];
    let (server, _) = responder(words, |hello| {
        let version = [hello[9], hello[10]];
        // TLS_DH_anon_WITH_AES_128_CBC_SHA
        if version == [3, 3] && offered(hello).contains(&0x0034) {
            flight(version, 0x0034, &[])
        } else {
            ALERT.to_vec()
        }
    });
    let outcome = check(&folder, "smtp", server, "").exits(3);
    assert!(super::found(&outcome).contains(&"warning cipher-anonymous".to_owned()), "{outcome}");
}

#[test]
fn old_versions_of_openssl_are_found() {
    need!("openssl");
    let folder = with_host();
    folder.mailca("issue --cn mail.example.com --key-type rsa-2048 rsa").success();
    for (version, wanted) in [("-tls1", "tls-1-0"), ("-tls1_1", "tls-1-1")] {
        let arguments = format!(
            "-key rsa/key.pem -cert rsa/cert.pem -cipher ALL:COMPLEMENTOFALL@SECLEVEL=0 {version}"
        );
        let server = Openssl::start(&folder, &arguments);
        let outcome = check(&folder, "submissions", server.1, "").exits(3);
        for id in
            [wanted, "tls-modern-missing", "cipher-null", "cipher-anonymous", "cipher-static-rsa"]
        {
            assert!(!seen(&outcome, id).is_empty(), "{version} {id}");
        }
    }
}
