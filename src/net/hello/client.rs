//! A `ClientHello` as bytes, with its record.
//!
//! Nothing secret is in it, and no handshake can be finished with it: the key shares of TLS 1.3 are
//! public values that nobody here has a private key for.

use crate::net::hello::Version;
use crate::net::hello::suites;

/// What the server has random bytes of ours for.
pub const RANDOM: usize = 96;

/// What to offer.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// The one version; an answer may name an older one.
    pub version: Version,
    /// The cipher suites; with SSL 2 its own kinds are offered instead.
    pub suites: &'a [u16],
    /// The host name to ask for (RFC 6066 3), in A-labels; SSL knows none.
    pub server_name: Option<&'a str>,
    /// Any bytes.
    pub random: &'a [u8; RANDOM],
}

/// The first handshake message of SSL 3 and TLS.
const CLIENT_HELLO: u8 = 1;
/// The type of a record with handshake messages.
const HANDSHAKE: u8 = 22;
/// "I know secure renegotiation" (RFC 5746 3.3); some servers talk to nobody else.
const RENEGOTIATION_SCSV: u16 = 0x00ff;

/// x25519, secp256r1, secp384r1, secp521r1, x448, ffdhe2048, ffdhe3072, ffdhe4096; and what hardly anybody
/// has: brainpoolP256r1, P384r1 and P512r1 of TLS 1.2 and of 1.3, secp256k1.
const GROUPS: [u16; 15] = [29, 23, 24, 25, 30, 0x0100, 0x0101, 0x0102, 26, 27, 28, 31, 32, 33, 22];

/// ECDSA, Ed25519, Ed448, RSASSA-PSS of both kinds, PKCS#1, and with SHA-1 those that are still about, DSA
/// among them (RFC 8446 4.2.3, RFC 5246 7.4.1.4.1).
const SIGNATURES: [u16; 19] = [
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0401,
    0x0501, 0x0601, 0x0203, 0x0201, 0x0402, 0x0302, 0x0202,
];

/// The base point of P-256 (SP 800-186 3.2.1.3): a point that every server finds valid.
const P256_POINT: [u8; 65] = [
    0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40,
    0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2,
    0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e,
    0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51,
    0xf5,
];

impl Offer<'_> {
    /// The bytes to send.
    pub fn bytes(&self) -> Vec<u8> {
        if self.version == Version::Ssl2 {
            return self.ssl2();
        }
        // TLS 1.3 says that it is 1.2, and the truth in an extension (RFC 8446 4.1.2).
        let number = self.version.min(Version::Tls12).number();
        let mut hello = number.to_be_bytes().to_vec();
        hello.extend(&self.random[..32]);
        // A session of its own for boxes in between that know no TLS 1.3 (RFC 8446 D.4).
        let session = if self.version == Version::Tls13 { &self.random[32..64] } else { &[] };
        hello.extend(within_u8(session));
        let suites: Vec<u16> = match self.version {
            Version::Tls13 => self.suites.to_vec(),
            _ => self.suites.iter().copied().chain([RENEGOTIATION_SCSV]).collect(),
        };
        hello.extend(numbers(&suites));
        // No compression.
        hello.extend([1, 0]);
        if self.version > Version::Ssl3 {
            hello.extend(within_u16(&self.extensions()));
        }
        let mut message = vec![CLIENT_HELLO, 0];
        message.extend(within_u16(&hello));
        // Old servers want to see no newer record than this (RFC 8446 5.1, RFC 5246 E.1).
        let record = self.version.min(Version::Tls10).number();
        let mut bytes = vec![HANDSHAKE];
        bytes.extend(record.to_be_bytes());
        bytes.extend(within_u16(&message));
        bytes
    }

    /// The hello of SSL 2, whose records and numbers are of another kind.
    fn ssl2(&self) -> Vec<u8> {
        let kinds: Vec<u8> =
            suites::of_ssl2().flat_map(|kind| kind.to_be_bytes().into_iter().skip(1)).collect();
        let challenge = &self.random[..16];
        let mut hello = vec![CLIENT_HELLO];
        hello.extend(Version::Ssl2.number().to_be_bytes());
        for length in [kinds.len(), 0, challenge.len()] {
            hello.extend(length_u16(length));
        }
        hello.extend(&kinds);
        hello.extend(challenge);
        let mut bytes = within_u16(&hello);
        // The high bit: a header of two bytes, no padding.
        bytes[0] |= 0x80;
        bytes
    }

    fn extensions(&self) -> Vec<u8> {
        let mut all = Vec::new();
        let mut add = |number: u16, body: Vec<u8>| {
            all.extend(number.to_be_bytes());
            all.extend(within_u16(&body));
        };
        if let Some(name) = self.server_name {
            let mut entry = vec![0];
            entry.extend(within_u16(name.as_bytes()));
            add(0, within_u16(&entry));
        }
        add(10, numbers(&GROUPS));
        if self.version < Version::Tls13 {
            // Uncompressed points (RFC 8422 5.1.2); MAC after encryption (RFC 7366); a master secret that is
            // bound to the handshake (RFC 7627).
            add(11, vec![1, 0]);
            add(22, Vec::new());
            add(23, Vec::new());
        }
        if self.version >= Version::Tls12 {
            add(13, numbers(&SIGNATURES));
        }
        if self.version == Version::Tls13 {
            add(43, within_u8(&self.version.number().to_be_bytes()));
            // Pre-shared keys only with a key exchange.
            add(45, vec![1, 1]);
            let mut shares = 29_u16.to_be_bytes().to_vec();
            // Any 32 bytes are a public value of x25519 (RFC 7748 5).
            shares.extend(within_u16(&self.random[64..]));
            shares.extend(23_u16.to_be_bytes());
            shares.extend(within_u16(&P256_POINT));
            add(51, within_u16(&shares));
        }
        all
    }
}

/// Lengths here are of what this file makes, which is far below the limit.
fn length_u16(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes()
}

fn within_u16(body: &[u8]) -> Vec<u8> {
    [&length_u16(body.len()), body].concat()
}

fn within_u8(body: &[u8]) -> Vec<u8> {
    let length = u8::try_from(body.len()).unwrap_or(u8::MAX);
    [&[length], body].concat()
}

fn numbers(all: &[u16]) -> Vec<u8> {
    within_u16(&all.iter().flat_map(|one| one.to_be_bytes()).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use tls_parser::{
        TlsExtension, TlsMessage, TlsMessageHandshake, parse_tls_client_hello_extensions,
        parse_tls_plaintext,
    };

    use super::*;

    fn offer(version: Version, suites: &[u16], server_name: Option<&str>) -> Vec<u8> {
        let random: [u8; RANDOM] = std::array::from_fn(|at| u8::try_from(at).unwrap());
        Offer { version, suites, server_name, random: &random }.bytes()
    }

    #[test]
    fn the_hello_of_every_version_is_one_that_a_parser_reads() {
        for version in &Version::ALL[1..] {
            let suites = suites::strong(*version);
            let bytes = offer(*version, &suites, Some("mail.example.com"));
            let (rest, record) = parse_tls_plaintext(&bytes).unwrap();
            assert!(rest.is_empty());
            assert_eq!(record.hdr.version.0, version.number().min(0x0301));
            let [TlsMessage::Handshake(TlsMessageHandshake::ClientHello(hello))] = &record.msg[..]
            else {
                panic!("{:?}", record.msg);
            };
            assert_eq!(hello.version.0, version.number().min(0x0303), "{version}");
            assert_eq!(hello.random, &bytes[11..43]);
            let offered: Vec<u16> = hello.ciphers.iter().map(|one| one.0).collect();
            let wanted = if *version == Version::Tls13 {
                suites
            } else {
                [suites, vec![RENEGOTIATION_SCSV]].concat()
            };
            assert_eq!(offered, wanted);
            let Some(extensions) = hello.ext else {
                assert_eq!(*version, Version::Ssl3);
                continue;
            };
            let (rest, extensions) = parse_tls_client_hello_extensions(extensions).unwrap();
            assert!(rest.is_empty());
            let has = |number: u16| {
                extensions
                    .iter()
                    .any(|one| u16::from(tls_parser::TlsExtensionType::from(one)) == number)
            };
            assert!(
                matches!(&extensions[0], TlsExtension::SNI(names) if names[0].1 == b"mail.example.com")
            );
            assert_eq!(has(13), *version >= Version::Tls12);
            for number in [43, 45, 51] {
                assert_eq!(has(number), *version == Version::Tls13, "{version} {number}");
            }
        }
        let nameless = offer(Version::Tls12, &[0xc02f], None);
        assert!(!nameless.windows(4).any(|window| window == b"mail"));
    }

    #[test]
    fn the_hello_of_ssl_2_is_laid_out_as_its_own() {
        let bytes = offer(Version::Ssl2, &[], Some("mail.example.com"));
        // Its length, then CLIENT-HELLO, 0.2, 21 bytes of kinds, no session, 16 bytes of challenge.
        assert_eq!(bytes[..11], *b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10");
        assert_eq!(bytes[11..14], [0x01, 0x00, 0x80]);
        assert_eq!(bytes.len(), 2 + 9 + 21 + 16);
    }
}
