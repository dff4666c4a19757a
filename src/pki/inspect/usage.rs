//! Key usages in words.

/// An extended key usage (RFC 5280 4.2.1.12) in words, by its dotted OID; `None` for an unknown one.
pub fn purpose_words(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "2.5.29.37.0" => "any purpose",
        "1.3.6.1.5.5.7.3.1" => "TLS server",
        "1.3.6.1.5.5.7.3.2" => "TLS client",
        "1.3.6.1.5.5.7.3.3" => "code signing",
        "1.3.6.1.5.5.7.3.4" => "S/MIME",
        "1.3.6.1.5.5.7.3.5" => "IPsec end system",
        "1.3.6.1.5.5.7.3.6" => "IPsec tunnel",
        "1.3.6.1.5.5.7.3.7" => "IPsec user",
        "1.3.6.1.5.5.7.3.8" => "time stamping",
        "1.3.6.1.5.5.7.3.9" => "OCSP signing",
        "1.3.6.1.5.5.7.3.17" => "IPsec IKE",
        "1.3.6.1.5.5.7.3.36" => "document signing",
        "1.3.6.1.5.2.3.4" => "Kerberos client",
        "1.3.6.1.5.2.3.5" => "Kerberos server",
        "1.3.6.1.4.1.311.10.3.3" | "2.16.840.1.113730.4.1" => "server gated cryptography",
        "1.3.6.1.4.1.311.10.3.4" => "encrypting file system",
        "1.3.6.1.4.1.311.20.2.2" => "smart card logon",
        _ => return None,
    })
}

/// The names of the bits of a key usage (RFC 5280 4.2.1.3), bit 0 first.
pub fn key_usage_words(flags: u16) -> Vec<&'static str> {
    [
        "digitalSignature",
        "nonRepudiation",
        "keyEncipherment",
        "dataEncipherment",
        "keyAgreement",
        "keyCertSign",
        "cRLSign",
        "encipherOnly",
        "decipherOnly",
    ]
    .into_iter()
    .enumerate()
    .filter(|(bit, _)| flags >> bit & 1 == 1)
    .map(|(_, name)| name)
    .collect()
}
