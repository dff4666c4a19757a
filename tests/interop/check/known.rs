//! What testssl.sh and sslyze call things, and what `check` does.

/// An identifier of testssl.sh (`*` at its end stands for any further letters), and what `check` says of the
/// same: one of these at least.
pub const TESTSSL: [(&str, &[&str]); 30] = [
    ("SSLv2", &["ssl-2"]),
    ("SSLv3", &["ssl-3"]),
    ("TLS1", &["tls-1-0"]),
    ("TLS1_1", &["tls-1-1", "tls-modern-missing"]),
    ("TLS1_2", &["tls-1-2-missing", "tls-modern-missing"]),
    ("TLS1_3", &["tls-1-3-missing", "tls-modern-missing"]),
    ("protocol_negotiated", &["tls-modern-missing"]),
    ("cipherlist_STRONG", &["cipher-static-rsa", "tls-modern-missing"]),
    ("cipherlist_NULL", &["cipher-null"]),
    ("cipherlist_aNULL", &["cipher-anonymous"]),
    ("cipherlist_EXPORT", &["cipher-export"]),
    ("cipherlist_LOW", &["cipher-des", "cipher-rc4"]),
    ("cipherlist_3DES_IDEA", &["cipher-3des", "cipher-des"]),
    ("cipher_negotiated", &["cipher-*", "tls-modern-missing"]),
    ("PFS", &["cipher-static-rsa"]),
    ("RC4", &["cipher-rc4"]),
    ("SWEET32", &["cipher-3des", "cipher-des"]),
    ("FREAK", &["cipher-export"]),
    ("DROWN", &["ssl-2"]),
    ("POODLE_SSL", &["ssl-3"]),
    ("BEAST*", &["tls-1-0", "ssl-3"]),
    ("cert_trust", &["name-mismatch", "san-missing"]),
    (
        "cert_chain_of_trust",
        &[
            "self-signed",
            "untrusted",
            "intermediate-missing",
            "expired",
            "not-yet-valid",
            "chain-*",
            "server-usage-missing",
        ],
    ),
    ("cert_expirationStatus", &["expired", "expires-soon"]),
    ("cert_notBefore", &["not-yet-valid"]),
    ("cert_notAfter", &["expired", "expires-soon"]),
    ("cert_keySize", &["key-short"]),
    ("cert_signatureAlgorithm", &["signature-weak"]),
    ("cert_subjectAltName", &["san-missing"]),
    ("certs_list_ordering_problem", &["chain-order"]),
];

/// Of these, those with which both mean the same: what is in order for testssl.sh is in order for `check`.
pub const SAME: [&str; 12] = [
    "SSLv2",
    "SSLv3",
    "TLS1",
    "TLS1_1",
    "cipherlist_NULL",
    "cipherlist_aNULL",
    "cipherlist_EXPORT",
    "cipherlist_LOW",
    "RC4",
    "cert_keySize",
    "cert_signatureAlgorithm",
    "certs_list_ordering_problem",
];

/// What testssl.sh finds and `check` does not, each with the reason.
pub const NOT_OF_TESTSSL: [(&str, &str); 18] = [
    ("service", "that it is no web server is no news"),
    (
        "cert_validityPeriod",
        "the longest time of public CAs for the web; valid-too-long has that of private ones",
    ),
    (
        "cipherlist_AVERAGE",
        "ciphers in CBC mode: mail programs of today still need them in TLS 1.2",
    ),
    ("LUCKY13", "the same, by another name"),
    ("cipher_order*", "whoever accepts nothing weak needs no order"),
    ("cert_revocation", "a private CA's CRL is at the servers that read it, and in no URL"),
    ("cert_extKeyUsage", "testssl.sh finds fault with any certificate that is for clients too"),
    ("DNS_CAArecord", "for public CAs; check asks no DNS"),
    ("OCSP_stapling", "for public CAs"),
    ("certificate_transparency", "for public CAs"),
    (
        "cert_serialNumberLen",
        "20 octets are allowed (RFC 5280 4.1.2.2), and no server chooses them",
    ),
    ("LOGJAM-common_primes", "a group of 2048 bits or more is in order"),
    ("LOGJAM", "DH of below 1024 bits is that of export ciphers"),
    ("DH_groups", "the same"),
    (
        "secure_client_renego",
        "load of a server by its clients, which mail servers limit by their number",
    ),
    ("cert_commonName*", "the names are in the subjectAltName (RFC 6125)"),
    ("fallback_SCSV", "mail programs do not fall back to older versions"),
    ("TLS_timestamp", "a clock that tells the time"),
];

/// A check of sslyze against Mozilla's \"intermediate\", in the same way.
pub const SSLYZE: [(&str, &[&str]); 7] = [
    (
        "certificate_path_validation",
        &[
            "name-mismatch",
            "san-missing",
            "self-signed",
            "untrusted",
            "expired",
            "not-yet-valid",
            "intermediate-missing",
            "key-short",
            "signature-weak",
            "server-usage-missing",
            "chain-*",
        ],
    ),
    ("certificate_signatures", &["signature-weak"]),
    ("rsa_key_size", &["key-short"]),
    (
        "tls_versions",
        &["ssl-2", "ssl-3", "tls-1-0", "tls-1-1", "tls-1-2-missing", "tls-1-3-missing"],
    ),
    // The names are looked at one by one: [`WEAK`].
    ("ciphers", &[]),
    ("ciphersuites", &[]),
    ("tls_vulnerability_compression", &[]),
];

/// What sslyze finds and `check` does not.
pub const NOT_OF_SSLYZE: [(&str, &str); 9] = [
    ("dh_param_size", "1024 bits come with ciphers that nobody of today chooses"),
    ("ecdh_param_size", "the curves are those of the library"),
    ("tls_curves", "P-521 and X448 are no weaker than those in Mozilla's list"),
    ("certificate_types", "ECDSA and RSA are both in order"),
    ("certificate_curves", "P-384 is in order"),
    ("maximum_certificate_lifespan", "the longest time of public CAs for the web"),
    ("tls_vulnerability_fallback_scsv", "mail programs do not fall back to older versions"),
    ("tls_vulnerability_renegotiation", "load of a server by its clients"),
    (
        "tls_vulnerability_extended_master_secret",
        "for client certificates together with resumption",
    ),
];

/// A part of the name of a cipher suite, and what `check` says of it.
pub const WEAK: [(&str, &str); 7] = [
    ("_NULL_", "cipher-null"),
    ("_anon_", "cipher-anonymous"),
    ("EXPORT", "cipher-export"),
    ("RC4", "cipher-rc4"),
    ("3DES", "cipher-3des"),
    ("_DES_CBC", "cipher-des"),
    ("TLS_RSA_", "cipher-static-rsa"),
];

/// A version that Mozilla does not want, and what `check` says of it.
pub const OLD: [(&str, &str); 4] =
    [("SSLv2", "ssl-2"), ("SSLv3", "ssl-3"), ("TLSv1", "tls-1-0"), ("TLSv1.1", "tls-1-1")];

/// Parts of the names of those that are only not in Mozilla's list.
pub const NOT_WEAK: [&str; 6] = ["_CBC_", "CAMELLIA", "ARIA", "CCM", "TLS_DHE_RSA_", "POLY1305"];

/// What a table has for an identifier.
pub fn find<'t, T>(table: &'t [(&str, T)], id: &str) -> Option<&'t T> {
    let fits = |name: &str| match name.strip_suffix('*') {
        Some(start) => id.starts_with(start),
        None => id == name,
    };
    table.iter().find(|(name, _)| fits(name)).map(|(_, found)| found)
}

/// Whether one of ours is one of those.
pub fn is_told(ours: &[String], wanted: &[&str]) -> bool {
    let fits = |id: &String, wanted: &str| match wanted.strip_suffix('*') {
        Some(start) => id.starts_with(start),
        None => id == wanted,
    };
    wanted.is_empty() || wanted.iter().any(|wanted| ours.iter().any(|id| fits(id, wanted)))
}
