//! Signing what the policy approved, and making a root.

use time::{Duration, OffsetDateTime};

use crate::error::Result;
use crate::pki::assemble::{self, CertificateFields, ExtendedKeyUsage, KeyUsage, Permitted};
use crate::pki::certificate::Certificate;
use crate::pki::general_name::GeneralName;
use crate::pki::key::PrivateKey;
use crate::pki::name::Name;
use crate::pki::policy::{Approved, BACKDATE};
use crate::pki::profile::Profile;
use crate::pki::serial::Serial;
use crate::pki::signature::KeyAlgorithm;

/// Signs an approved certificate with the key of `issuer`.
pub fn issue(
    approved: &Approved,
    issuer: &Certificate,
    key: &PrivateKey,
    serial: &Serial,
) -> Result<Certificate> {
    let authority_key_id = assemble::authority_key_id(issuer)?;
    let profile = approved.profile();
    assemble::certificate(
        &CertificateFields {
            subject: approved.subject(),
            issuer: &issuer.subject,
            public_key: approved.public_key(),
            serial,
            not_before: approved.not_before(),
            not_after: approved.not_after(),
            alternative_names: approved.alternative_names(),
            ca: (profile == Profile::Ca).then(|| Some(approved.path_length())),
            key_usage: key_usage(profile, approved.key_algorithm()),
            extended_key_usage: extended_key_usage(profile),
            permitted: None,
            crl_url: approved.crl_url(),
            authority_key_id: Some(&authority_key_id),
        },
        key,
    )
}

/// What a new root says.
#[derive(Debug)]
pub struct Root<'a> {
    /// The name of the CA.
    pub subject: &'a Name,
    /// Its mailbox, if it has one.
    pub alternative_names: &'a [GeneralName],
    /// Validity in days.
    pub days: u32,
    /// The path length constraint: 0 signs no intermediates.
    pub path_length: u8,
    /// The names that it may certify; any, where absent.
    pub permitted: Option<&'a Permitted>,
}

/// Makes a self-signed root.
pub fn root(
    root: &Root<'_>,
    key: &PrivateKey,
    serial: &Serial,
    now: OffsetDateTime,
) -> Result<Certificate> {
    let not_before = now - BACKDATE;
    assemble::certificate(
        &CertificateFields {
            subject: root.subject,
            issuer: root.subject,
            public_key: key.public_key(),
            serial,
            not_before,
            not_after: not_before + Duration::days(i64::from(root.days)) - Duration::SECOND,
            alternative_names: root.alternative_names,
            ca: Some(Some(root.path_length)),
            key_usage: &[KeyUsage::KeyCertSign, KeyUsage::CrlSign],
            extended_key_usage: &[],
            permitted: root.permitted,
            crl_url: None,
            authority_key_id: None,
        },
        key,
    )
}

/// What a self-signed certificate of a host or a person says.
#[derive(Debug)]
pub struct SelfSigned<'a> {
    /// Subject and issuer.
    pub subject: &'a Name,
    /// The subjectAltName.
    pub alternative_names: &'a [GeneralName],
    /// What it is for.
    pub profile: Profile,
    /// Validity in days.
    pub days: u32,
}

/// Makes a certificate that nobody vouches for. It is no CA: whoever trusts it trusts it alone.
pub fn self_signed(
    leaf: &SelfSigned<'_>,
    key: &PrivateKey,
    serial: &Serial,
    now: OffsetDateTime,
) -> Result<Certificate> {
    let not_before = now - BACKDATE;
    assemble::certificate(
        &CertificateFields {
            subject: leaf.subject,
            issuer: leaf.subject,
            public_key: key.public_key(),
            serial,
            not_before,
            not_after: not_before + Duration::days(i64::from(leaf.days)) - Duration::SECOND,
            alternative_names: leaf.alternative_names,
            ca: None,
            key_usage: key_usage(leaf.profile, &KeyAlgorithm::of(key.public_key())?),
            extended_key_usage: extended_key_usage(leaf.profile),
            permitted: None,
            crl_url: None,
            authority_key_id: None,
        },
        key,
    )
}

/// RSA keys transport keys in S/MIME and in TLS before 1.3, so they say keyEncipherment; RFC 8813
/// forbids that for EC. A user's EC key is used for signatures and for key agreement, but a program
/// that looks for keyEncipherment before it encrypts (OpenSSL's purpose smimeencrypt) refuses the
/// usages that RFC 8813 leaves. Without the extension, which RFC 5280 4.2.1.3 asks of CAs only, both
/// are content.
fn key_usage(profile: Profile, algorithm: &KeyAlgorithm) -> &'static [KeyUsage] {
    let rsa = matches!(algorithm, KeyAlgorithm::Rsa { .. });
    match profile {
        Profile::Ca => &[KeyUsage::KeyCertSign, KeyUsage::CrlSign],
        Profile::Server | Profile::User if rsa => {
            &[KeyUsage::DigitalSignature, KeyUsage::KeyEncipherment]
        }
        Profile::Server | Profile::Client => &[KeyUsage::DigitalSignature],
        Profile::User => &[],
    }
}

fn extended_key_usage(profile: Profile) -> &'static [ExtendedKeyUsage] {
    match profile {
        Profile::Server => &[ExtendedKeyUsage::ServerAuth, ExtendedKeyUsage::ClientAuth],
        Profile::User => &[ExtendedKeyUsage::ClientAuth, ExtendedKeyUsage::EmailProtection],
        Profile::Client => &[ExtendedKeyUsage::ClientAuth],
        Profile::Ca => &[],
    }
}
