//! What a certificate says, in rcgen's terms.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rcgen::{
    CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose, GeneralSubtree,
    KeyUsagePurpose, NameConstraints, PublicKeyData, SignatureAlgorithm, SigningKey,
};

use super::{ExtendedKeyUsage, KeyUsage, Permitted};
use crate::error::{Error, Result};
use crate::pki::general_name::GeneralName;
use crate::pki::key::SigningAlgorithm;
use crate::pki::name::Name;

/// rcgen makes the subjectAltName critical where the subject is empty (RFC 5280 4.2.1.6), so the
/// name that is spliced out must be empty exactly where the real one is.
pub(super) fn placeholder(subject: &Name) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    if !subject.is_empty() {
        name.push(DnType::CommonName, "placeholder");
    }
    name
}

pub(super) fn rcgen_names(names: &[GeneralName]) -> Result<Vec<rcgen::SanType>> {
    names.iter().map(rcgen_name).collect()
}

pub(in crate::pki) fn rcgen_name(name: &GeneralName) -> Result<rcgen::SanType> {
    let ascii = |text: &str| {
        rcgen::string::Ia5String::try_from(text)
            .map_err(|_| Error::refused(format!("{name} is not ASCII")))
    };
    match name {
        GeneralName::Dns(host) => Ok(rcgen::SanType::DnsName(ascii(host)?)),
        GeneralName::Email(mailbox) => Ok(rcgen::SanType::Rfc822Name(ascii(mailbox)?)),
        GeneralName::Ip(address) => Ok(rcgen::SanType::IpAddress(*address)),
        GeneralName::Uri(_) | GeneralName::Directory(_) | GeneralName::Other { .. } => {
            Err(Error::refused(format!("{name} cannot be put into a certificate")))
        }
    }
}

pub(super) fn rcgen_key_usage(usage: KeyUsage) -> KeyUsagePurpose {
    match usage {
        KeyUsage::DigitalSignature => KeyUsagePurpose::DigitalSignature,
        KeyUsage::KeyEncipherment => KeyUsagePurpose::KeyEncipherment,
        KeyUsage::KeyCertSign => KeyUsagePurpose::KeyCertSign,
        KeyUsage::CrlSign => KeyUsagePurpose::CrlSign,
    }
}

pub(super) fn rcgen_purpose(purpose: ExtendedKeyUsage) -> ExtendedKeyUsagePurpose {
    match purpose {
        ExtendedKeyUsage::ServerAuth => ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsage::ClientAuth => ExtendedKeyUsagePurpose::ClientAuth,
        ExtendedKeyUsage::EmailProtection => ExtendedKeyUsagePurpose::EmailProtection,
    }
}

pub(super) fn rcgen_algorithm(algorithm: SigningAlgorithm) -> &'static SignatureAlgorithm {
    match algorithm {
        SigningAlgorithm::EcdsaP256Sha256 => &rcgen::PKCS_ECDSA_P256_SHA256,
        SigningAlgorithm::EcdsaP384Sha384 => &rcgen::PKCS_ECDSA_P384_SHA384,
        SigningAlgorithm::EcdsaP521Sha512 => &rcgen::PKCS_ECDSA_P521_SHA512,
        SigningAlgorithm::Ed25519 => &rcgen::PKCS_ED25519,
        SigningAlgorithm::RsaSha256 => &rcgen::PKCS_RSA_SHA256,
    }
}

/// Host names in and below each domain; mailboxes at it and, with the leading dot that RFC 5280
/// 4.2.1.10 asks for, below it; and only the addresses that are named.
pub(super) fn name_constraints(permitted: &Permitted) -> NameConstraints {
    let mut constraints =
        NameConstraints { permitted_subtrees: Vec::new(), excluded_subtrees: Vec::new() };
    for domain in &permitted.domains {
        constraints.permitted_subtrees.extend([
            GeneralSubtree::DnsName(domain.clone()),
            GeneralSubtree::Rfc822Name(domain.clone()),
            GeneralSubtree::Rfc822Name(format!(".{domain}")),
        ]);
    }
    let subtree = |(address, prefix): (IpAddr, u8)| {
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, prefix))
    };
    if permitted.networks.is_empty() {
        constraints.excluded_subtrees = vec![
            subtree((Ipv4Addr::UNSPECIFIED.into(), 0)),
            subtree((Ipv6Addr::UNSPECIFIED.into(), 0)),
        ];
    } else {
        constraints.permitted_subtrees.extend(permitted.networks.iter().copied().map(subtree));
    }
    constraints
}

pub(super) fn unencodable(error: rcgen::Error) -> Error {
    Error::refused("the certificate cannot be encoded").caused_by(error)
}

/// Stands where rcgen wants a key: it only says which algorithm the real key signs with.
pub(super) struct Unsigned(pub(super) &'static SignatureAlgorithm);

impl PublicKeyData for Unsigned {
    fn subject_public_key_info(&self) -> Vec<u8> {
        // An empty SEQUENCE: replaced before anything is signed.
        vec![0x30, 0x00]
    }

    fn der_bytes(&self) -> &[u8] {
        &[]
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.0
    }
}

impl SigningKey for Unsigned {
    fn sign(&self, _message: &[u8]) -> std::result::Result<Vec<u8>, rcgen::Error> {
        Ok(Vec::new())
    }
}
