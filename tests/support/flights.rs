//! First flights of servers that today's libraries can no longer be made to send, byte for byte as the
//! RFCs lay them out.
#![allow(dead_code, reason = "each test uses another part of it")]

/// An alert record: fatal, `handshake_failure` (RFC 5246 7.2).
pub const HANDSHAKE_FAILURE: &[u8] = b"\x15\x03\x00\x00\x02\x02\x28";
/// Fatal, `protocol_version`.
pub const PROTOCOL_VERSION: &[u8] = b"\x15\x03\x01\x00\x02\x02\x46";
/// A warning, `unrecognized_name` (RFC 6066 3), after which the handshake goes on.
pub const UNRECOGNIZED_NAME: &[u8] = b"\x15\x03\x01\x00\x02\x01\x70";
/// The error of SSL 2 where client and server share no cipher.
pub const SSL2_NO_CIPHER: &[u8] = b"\x80\x03\x00\x00\x01";

/// What stands for a certificate: five bytes of DER.
pub const CERTIFICATE: &[u8] = b"\x30\x03\x02\x01\x00";

/// A server of SSL 2: `SERVER-HELLO` with the certificate, and the kinds `RC4_128`, `RC2_128_EXPORT40` and
/// `DES_192_EDE3`, and a connection identifier of four bytes.
pub const SSL2: &[u8] = b"\x80\x1d\
    \x04\x00\x01\x00\x02\x00\x05\x00\x09\x00\x04\
    \x30\x03\x02\x01\x00\
    \x01\x00\x80\x04\x00\x80\x07\x00\xc0\
    \x41\x42\x43\x44";
/// The same without any kind (CVE-2015-3197 made some servers do their work with one nevertheless).
pub const SSL2_WITHOUT_KINDS: &[u8] = b"\x80\x14\
    \x04\x00\x01\x00\x02\x00\x05\x00\x00\x00\x04\
    \x30\x03\x02\x01\x00\
    \x41\x42\x43\x44";

/// Old and weak: the name that IANA gives, the version, the number of the suite.
pub const WEAK: [(&str, u16, u16); 16] = [
    ("TLS_RSA_WITH_RC4_128_MD5", 0x0300, 0x0004),
    ("TLS_RSA_EXPORT_WITH_RC4_40_MD5", 0x0300, 0x0003),
    ("TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA", 0x0300, 0x0014),
    ("TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5", 0x0301, 0x0006),
    ("TLS_RSA_WITH_DES_CBC_SHA", 0x0301, 0x0009),
    ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", 0x0301, 0x000a),
    ("TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", 0x0301, 0xc012),
    ("TLS_RSA_WITH_IDEA_CBC_SHA", 0x0301, 0x0007),
    ("TLS_RSA_WITH_RC4_128_SHA", 0x0302, 0x0005),
    ("TLS_DH_anon_WITH_AES_256_CBC_SHA", 0x0302, 0x003a),
    ("TLS_ECDHE_RSA_WITH_RC4_128_SHA", 0x0303, 0xc011),
    ("TLS_DH_anon_WITH_RC4_128_MD5", 0x0303, 0x0018),
    ("TLS_ECDH_anon_WITH_NULL_SHA", 0x0303, 0xc015),
    ("TLS_RSA_WITH_NULL_SHA256", 0x0303, 0x003b),
    ("TLS_RSA_WITH_AES_128_GCM_SHA256", 0x0303, 0x009c),
    ("TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256", 0x0303, 0xc031),
];

/// The flight of a server of SSL 3 to TLS 1.2 in one record: `ServerHello`, `Certificate` with one, where
/// the server is not anonymous, `ServerHelloDone` (RFC 5246 7.4; RFC 6101 5.6).
pub fn flight(version: u16, suite: u16, certificates: &[&[u8]]) -> Vec<u8> {
    let mut messages = server_hello(version, suite, &[]);
    if !certificates.is_empty() {
        let list: Vec<u8> = certificates.iter().flat_map(|one| counted(one)).collect();
        messages.extend(message(11, &counted(&list)));
    }
    messages.extend(message(14, &[]));
    record(22, version, &messages)
}

/// The `ServerHello` of TLS 1.3 (RFC 8446 4.1.3) that chooses the version and a key of x25519.
pub fn tls13(suite: u16) -> Vec<u8> {
    let mut extensions = b"\x00\x33\x00\x24\x00\x1d\x00\x20".to_vec();
    extensions.extend([9; 32]);
    extensions.extend(b"\x00\x2b\x00\x02\x03\x04");
    record(22, 0x0303, &server_hello(0x0303, suite, &extensions))
}

/// A `ServerHello`, without a session.
pub fn server_hello(version: u16, suite: u16, extensions: &[u8]) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    body.extend([7; 32]);
    body.push(0);
    body.extend(suite.to_be_bytes());
    body.push(0);
    if !extensions.is_empty() {
        body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
        body.extend(extensions);
    }
    message(2, &body)
}

/// A handshake message.
pub fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind], counted(body).as_slice()].concat()
}

/// A record.
pub fn record(kind: u8, version: u16, body: &[u8]) -> Vec<u8> {
    let mut record = vec![kind];
    record.extend(version.to_be_bytes());
    record.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
    record.extend(body);
    record
}

/// A length of three bytes, and what has it.
fn counted(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&length[1..], body].concat()
}
