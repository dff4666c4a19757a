//! Cipher suites: their names, and what is weak in them.
//!
//! The parameters of a suite come from the registry at IANA, as tls-parser has it. Offered are those that
//! a server with a certificate, or with none, can choose: no shared keys, no Kerberos, no SRP; and
//! none of the ciphers that mail servers have no code for. One hello has at most 128, since some
//! servers read no more.

use std::fmt;

use tls_parser::{CIPHERS, TlsCipherAu, TlsCipherEnc, TlsCipherKx, TlsCipherMac, TlsCipherSuite};

use crate::net::hello::Version;

/// A cipher suite by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suite {
    /// Of SSL 3 and all of TLS.
    Tls(u16),
    /// A cipher kind of SSL 2, three bytes.
    Ssl2(u32),
}

/// What is wrong with a cipher suite, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weakness {
    /// Nothing is encrypted.
    Null,
    /// No certificate: whoever sits between is not noticed.
    Anonymous,
    /// A key that was cut to 40 or 56 bits for export (RFC 4346, "Security Considerations").
    Export,
    /// DES with 56 bits, or RC2.
    Des,
    /// RC4 (RFC 7465).
    Rc4,
    /// A cipher with blocks of 64 bits: 3DES or IDEA.
    TripleDes,
    /// No forward secrecy: who gets the server's key later reads what was recorded before.
    StaticKey,
}

impl Weakness {
    /// Every one, worst first.
    pub const ALL: [Self; 7] = [
        Self::Null,
        Self::Anonymous,
        Self::Export,
        Self::Des,
        Self::Rc4,
        Self::TripleDes,
        Self::StaticKey,
    ];

    /// A stable name, for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Anonymous => "anonymous",
            Self::Export => "export",
            Self::Des => "des",
            Self::Rc4 => "rc4",
            Self::TripleDes => "triple_des",
            Self::StaticKey => "static_key",
        }
    }
}

/// Suites without a weakness by what a server needs for them. One with several certificates chooses one of them
/// by the suite; and which group it has for Diffie-Hellman is seen only where it has to use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A certificate for ECDSA or one of the Edwards curves (RFC 8422 5.10).
    Ecdsa,
    /// One for RSA.
    Rsa,
    /// Diffie-Hellman in a finite field, with a certificate for RSA or DSA.
    FiniteField,
}

impl Kind {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Ecdsa, Self::Rsa, Self::FiniteField];
}

/// The cipher kinds of SSL 2, all of them weak.
const SSL2: [(u32, &str, &[Weakness]); 7] = [
    (0x01_00_80, "SSL_CK_RC4_128_WITH_MD5", &[Weakness::Rc4, Weakness::StaticKey]),
    (
        0x02_00_80,
        "SSL_CK_RC4_128_EXPORT40_WITH_MD5",
        &[Weakness::Export, Weakness::Rc4, Weakness::StaticKey],
    ),
    (0x03_00_80, "SSL_CK_RC2_128_CBC_WITH_MD5", &[Weakness::Des, Weakness::StaticKey]),
    (
        0x04_00_80,
        "SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5",
        &[Weakness::Export, Weakness::Des, Weakness::StaticKey],
    ),
    (0x05_00_80, "SSL_CK_IDEA_128_CBC_WITH_MD5", &[Weakness::TripleDes, Weakness::StaticKey]),
    (0x06_00_40, "SSL_CK_DES_64_CBC_WITH_MD5", &[Weakness::Des, Weakness::StaticKey]),
    (0x07_00_c0, "SSL_CK_DES_192_EDE3_CBC_WITH_MD5", &[Weakness::TripleDes, Weakness::StaticKey]),
];

impl Suite {
    /// The name at IANA, or of SSL 2; none for a number that has no name.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Tls(number) => TlsCipherSuite::from_id(number).map(|suite| suite.name),
            Self::Ssl2(kind) => SSL2.iter().find(|one| one.0 == kind).map(|one| one.1),
        }
    }

    /// The suite of SSL 3 or TLS with this name at IANA.
    pub fn by_name(name: &str) -> Option<Self> {
        TlsCipherSuite::from_name(name).map(|suite| Self::Tls(suite.id.0))
    }

    /// What it needs; none for a suite that is of TLS 1.3 or unknown.
    pub fn kind(self) -> Option<Kind> {
        let Self::Tls(number) = self else { return None };
        TlsCipherSuite::from_id(number).and_then(kind)
    }

    /// Whether the server sends a group and a key of its own for Diffie-Hellman in a finite field.
    pub(super) fn has_finite_field(self) -> bool {
        let Self::Tls(number) = self else { return false };
        TlsCipherSuite::from_id(number).is_some_and(|suite| match suite.kx {
            TlsCipherKx::Dhe => true,
            TlsCipherKx::Dh => suite.au == TlsCipherAu::Null,
            _ => false,
        })
    }

    /// What is wrong with it, worst first.
    pub fn weaknesses(self) -> Vec<Weakness> {
        match self {
            Self::Ssl2(kind) => {
                SSL2.iter().find(|one| one.0 == kind).map(|one| one.2.to_vec()).unwrap_or_default()
            }
            Self::Tls(number) => {
                TlsCipherSuite::from_id(number).map(weaknesses).unwrap_or_default()
            }
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name(), self) {
            (Some(name), _) => formatter.write_str(name),
            (None, Self::Tls(number)) => write!(formatter, "0x{number:04X}"),
            (None, Self::Ssl2(kind)) => write!(formatter, "0x{kind:06X}"),
        }
    }
}

fn weaknesses(suite: &TlsCipherSuite) -> Vec<Weakness> {
    let has = |weakness: &Weakness| match weakness {
        Weakness::Null => suite.enc == TlsCipherEnc::Null,
        Weakness::Anonymous => suite.au == TlsCipherAu::Null,
        Weakness::Export => suite.name.contains("_EXPORT"),
        Weakness::Des => matches!(suite.enc, TlsCipherEnc::Des | TlsCipherEnc::Rc2),
        Weakness::Rc4 => suite.enc == TlsCipherEnc::Rc4,
        Weakness::TripleDes => matches!(suite.enc, TlsCipherEnc::TripleDes | TlsCipherEnc::Idea),
        // What the table calls DH is DHE where there is no certificate to have a fixed key in.
        Weakness::StaticKey => match suite.kx {
            TlsCipherKx::Rsa => true,
            TlsCipherKx::Dh | TlsCipherKx::Ecdh => suite.au != TlsCipherAu::Null,
            _ => false,
        },
    };
    Weakness::ALL.into_iter().filter(has).collect()
}

fn kind(suite: &TlsCipherSuite) -> Option<Kind> {
    match (suite.kx, suite.au) {
        (TlsCipherKx::Dhe, _) => Some(Kind::FiniteField),
        (_, TlsCipherAu::Ecdsa) => Some(Kind::Ecdsa),
        (_, TlsCipherAu::Rsa) => Some(Kind::Rsa),
        _ => None,
    }
}

/// The kinds of SSL 2.
pub(super) fn of_ssl2() -> impl Iterator<Item = u32> {
    SSL2.into_iter().map(|one| one.0)
}

/// The suites of a version without any weakness, the best first.
pub fn strong(version: Version) -> Vec<u16> {
    offered(version, |suite| weaknesses(suite).is_empty())
}

/// Those of some kinds.
pub fn strong_of(version: Version, kinds: &[Kind]) -> Vec<u16> {
    let fits = |suite: &TlsCipherSuite| kind(suite).is_some_and(|kind| kinds.contains(&kind));
    offered(version, |suite| weaknesses(suite).is_empty() && fits(suite))
}

/// The suites of a version that have one of these weaknesses at least.
pub fn weak(version: Version, wanted: &[Weakness]) -> Vec<u16> {
    offered(version, |suite| {
        let found = weaknesses(suite);
        !found.is_empty() && found.iter().any(|one| wanted.contains(one))
    })
}

fn offered(version: Version, fits: impl Fn(&TlsCipherSuite) -> bool) -> Vec<u16> {
    let mut suites: Vec<&TlsCipherSuite> =
        CIPHERS.values().filter(|suite| is_of(suite, version) && fits(suite)).collect();
    // The order is of no weight with most servers; where it is, forward secrecy and long keys come first.
    suites.sort_by_key(|suite| {
        let is_ephemeral = matches!(suite.kx, TlsCipherKx::Dhe | TlsCipherKx::Ecdhe);
        let is_aead = suite.mac == TlsCipherMac::Aead;
        (!is_ephemeral, !is_aead, u16::MAX - suite.enc_size, suite.id.0)
    });
    suites.into_iter().map(|suite| suite.id.0).collect()
}

fn is_of(suite: &TlsCipherSuite, version: Version) -> bool {
    if version == Version::Tls13 {
        // Those of TLS 1.3 that encrypt.
        return matches!(suite.id.0, 0x1301..=0x1305);
    }
    let has_code =
        !matches!(suite.enc, TlsCipherEnc::Aria | TlsCipherEnc::Sm4 | TlsCipherEnc::Aegis);
    let needs_no_more = matches!(
        suite.kx,
        TlsCipherKx::Rsa
            | TlsCipherKx::Dh
            | TlsCipherKx::Dhe
            | TlsCipherKx::Ecdh
            | TlsCipherKx::Aecdh
            | TlsCipherKx::Ecdhe
    ) && matches!(
        suite.au,
        TlsCipherAu::Null | TlsCipherAu::Rsa | TlsCipherAu::Dss | TlsCipherAu::Ecdsa
    );
    // AEAD and SHA-2 came with TLS 1.2 (RFC 5246 1.2, RFC 5288 4).
    let is_old = matches!(suite.mac, TlsCipherMac::HmacMd5 | TlsCipherMac::HmacSha1);
    has_code && needs_no_more && (version == Version::Tls12 || is_old)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weaknesses_are_seen_in_the_suites_that_have_them() {
        use Weakness::{Anonymous, Des, Export, Null, Rc4, StaticKey, TripleDes};
        for (number, name, wanted) in [
            (0x0002, "TLS_RSA_WITH_NULL_SHA", &[Null, StaticKey][..]),
            (0x0003, "TLS_RSA_EXPORT_WITH_RC4_40_MD5", &[Export, Rc4, StaticKey]),
            (0x0006, "TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5", &[Export, Des, StaticKey]),
            (0x0007, "TLS_RSA_WITH_IDEA_CBC_SHA", &[TripleDes, StaticKey]),
            (0x0009, "TLS_RSA_WITH_DES_CBC_SHA", &[Des, StaticKey]),
            (0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", &[TripleDes, StaticKey]),
            (0x0014, "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA", &[Export, Des]),
            (0x0018, "TLS_DH_anon_WITH_RC4_128_MD5", &[Anonymous, Rc4]),
            (0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA", &[StaticKey]),
            (0x0030, "TLS_DH_DSS_WITH_AES_128_CBC_SHA", &[StaticKey]),
            (0x00a6, "TLS_DH_anon_WITH_AES_128_GCM_SHA256", &[Anonymous]),
            (0xc004, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA", &[StaticKey]),
            (0xc006, "TLS_ECDHE_ECDSA_WITH_NULL_SHA", &[Null]),
            (0xc011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA", &[Rc4]),
            (0xc015, "TLS_ECDH_anon_WITH_NULL_SHA", &[Null, Anonymous]),
            (0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", &[]),
            (0x1301, "TLS_AES_128_GCM_SHA256", &[]),
        ] {
            let suite = Suite::Tls(number);
            assert_eq!((suite.name(), suite.weaknesses()), (Some(name), wanted.to_vec()));
            assert_eq!(suite.to_string(), name);
        }
        let kind = Suite::Ssl2(0x02_00_80);
        assert_eq!(kind.weaknesses(), [Export, Rc4, StaticKey]);
        assert_eq!(kind.to_string(), "SSL_CK_RC4_128_EXPORT40_WITH_MD5");
        for unknown in [Suite::Tls(0xfafa), Suite::Ssl2(0x01_02_03)] {
            assert_eq!((unknown.name(), unknown.weaknesses()), (None, Vec::new()));
        }
        assert_eq!(Suite::Tls(0xfafa).to_string(), "0xFAFA");
        assert_eq!(Suite::Ssl2(0x01_02_03).to_string(), "0x010203");
    }

    #[test]
    fn a_hello_offers_what_its_version_has() {
        for version in &Version::ALL[1..5] {
            let (strong, weak) = (strong(*version), weak(*version, &Weakness::ALL));
            assert!(strong.len() + weak.len() > 40, "{version}");
            for half in [&strong, &weak] {
                assert!(half.len() <= 128, "{version}: {}", half.len());
            }
            // The old ones are offered all together.
            assert!(*version == Version::Tls12 || strong.len() + weak.len() <= 128, "{version}");
            assert!(!strong.iter().any(|suite| weak.contains(suite)));
            for weakness in Weakness::ALL {
                assert!(weak.iter().any(|one| Suite::Tls(*one).weaknesses().contains(&weakness)));
            }
            let is_new = strong.contains(&0xc02f);
            assert_eq!(is_new, *version == Version::Tls12, "{version}");
        }
        assert_eq!(strong(Version::Tls13), [0x1302, 0x1301, 0x1303, 0x1304, 0x1305]);
        assert!(weak(Version::Tls13, &Weakness::ALL).is_empty());
        // What a server with one certificate may have beside its own kind goes into one hello.
        for own in Kind::ALL {
            let others: Vec<_> = Kind::ALL.into_iter().filter(|kind| *kind != own).collect();
            let rest = strong_of(Version::Tls12, &others).len();
            let all = rest + weak(Version::Tls12, &Weakness::ALL).len();
            assert!(all <= 200, "{own:?}: {rest} {all}");
        }
        assert_eq!(of_ssl2().count(), 7);
    }

    #[test]
    fn the_weak_ones_are_chosen_by_their_weakness() {
        let nulls = weak(Version::Tls12, &[Weakness::Null]);
        assert!(nulls.contains(&0x0002) && nulls.contains(&0xc010) && !nulls.contains(&0x002f));
        assert!(weak(Version::Tls12, &[]).is_empty());
    }
}
