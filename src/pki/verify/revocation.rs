//! Certificate revocation lists (RFC 5280 5 and 6.3): is a list usable, and is a certificate on it.

use std::cell::Cell;

use time::OffsetDateTime;
use x509_parser::extensions::{DistributionPointName, IssuingDistributionPoint, ParsedExtension};
use x509_parser::prelude::FromDer as _;
use x509_parser::revocation_list::{CertificateRevocationList, RevokedCertificate};
use x509_parser::x509::ReasonCode;

use super::certificate::{Certificate, same_serial};
use super::usage::{called, date_words};
use crate::error::{Error, Result};
use crate::pki::name::{label, same_name};
use crate::pki::printable::shortened;
use crate::pki::signature;

/// CRL number, authority key identifier, issuing distribution point.
const UNDERSTOOD: &[&str] = &["2.5.29.20", "2.5.29.35", "2.5.29.28"];
/// Reason, hold instruction, invalidity date.
const UNDERSTOOD_IN_ENTRIES: &[&str] = &["2.5.29.21", "2.5.29.23", "2.5.29.24"];

/// Signature checks on lists in one search.
const MAX_SIGNATURES: usize = 256;

/// The lists that are given, read once.
pub(super) struct Lists<'a> {
    lists: Vec<CertificateRevocationList<'a>>,
    signatures: Cell<usize>,
}

impl<'a> Lists<'a> {
    /// From DER lists.
    pub(super) fn read(ders: &'a [Vec<u8>]) -> Result<Self> {
        let lists = ders.iter().map(|der| read(der)).collect::<Result<_>>()?;
        Ok(Self { lists, signatures: Cell::new(0) })
    }

    /// Checks the path, leaf first. The leaf's issuer must have a usable list; a CA is checked where its
    /// issuer has one, and a note says where none was found.
    pub(super) fn check(
        &self,
        path: &[&Certificate<'_>],
        at: OffsetDateTime,
    ) -> Result<Option<String>> {
        let mut note = None;
        for (index, certificate) in path.iter().enumerate() {
            let issuer = path.get(index + 1).unwrap_or(certificate);
            let found = self.check_one(certificate, issuer, index == 0, at)?;
            if !found && index + 1 < path.len() && note.is_none() {
                note = Some(format!(
                    "no CRL given covers {}, which openssl -crl_check_all asks for",
                    called(certificate, false)
                ));
            }
        }
        Ok(note)
    }

    /// Whether there is a list for it.
    fn check_one(
        &self,
        certificate: &Certificate<'_>,
        issuer: &Certificate<'_>,
        is_leaf: bool,
        at: OffsetDateTime,
    ) -> Result<bool> {
        let named = self.lists.iter().filter(|list| {
            same_name(list.issuer().as_raw(), issuer.subject()) && covers(list, certificate)
        });
        let mut candidates: Vec<_> = named.collect();
        // The newest usable list decides; where none is usable, the newest says why.
        candidates.sort_by_key(|list| std::cmp::Reverse(list.last_update().timestamp()));
        let mut failure = None;
        for list in candidates {
            self.signatures.set(self.signatures.get() + 1);
            if self.signatures.get() > MAX_SIGNATURES {
                return Err(Error::verdict(format!(
                    "no usable CRL for \"{}\" was found within {MAX_SIGNATURES} signature checks",
                    certificate.label
                )));
            }
            match check_list(list, certificate, issuer, at) {
                Ok(()) => return check_entry(list, certificate, is_leaf, at).map(|()| true),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        match failure {
            Some(error) => Err(error),
            None if is_leaf => Err(no_list(certificate, issuer, &self.lists)),
            None => Ok(false),
        }
    }
}

fn no_list(
    certificate: &Certificate<'_>,
    issuer: &Certificate<'_>,
    lists: &[CertificateRevocationList<'_>],
) -> Error {
    let makers: Vec<_> =
        lists.iter().take(3).map(|list| shortened(&label(list.issuer().as_raw()))).collect();
    Error::verdict(format!(
        "no CRL given is for \"{}\", whose issuer is \"{}\"; those given are of: {}",
        certificate.label,
        issuer.label,
        makers.join(", ")
    ))
    .hint("give the CRL of that CA, or none to leave revocation out")
}

fn read(der: &[u8]) -> Result<CertificateRevocationList<'_>> {
    let Ok(([], list)) = CertificateRevocationList::from_der(der) else {
        return Err(Error::verdict("the CRL is malformed"));
    };
    if list.tbs_cert_list.signature != list.signature_algorithm {
        return Err(Error::verdict("the CRL names two different signature algorithms"));
    }
    Ok(list)
}

fn distribution_point<'l>(
    list: &'l CertificateRevocationList<'_>,
) -> Option<&'l IssuingDistributionPoint<'l>> {
    list.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::IssuingDistributionPoint(point) => Some(point),
        _ => None,
    })
}

/// Whether the list's scope includes the certificate (RFC 5280 5.2.5).
fn covers(list: &CertificateRevocationList<'_>, certificate: &Certificate<'_>) -> bool {
    let Some(point) = distribution_point(list) else { return true };
    let kind = if certificate.is_ca() {
        !point.only_contains_user_certs
    } else {
        !point.only_contains_ca_certs
    };
    let place = match &point.distribution_point {
        None => true,
        Some(DistributionPointName::FullName(names)) => match certificate.find("2.5.29.31") {
            Some(ParsedExtension::CRLDistributionPoints(points)) => points.iter().any(|one| {
                matches!(&one.distribution_point, Some(DistributionPointName::FullName(own))
                    if own.iter().any(|name| names.contains(name)))
            }),
            _ => false,
        },
        Some(DistributionPointName::NameRelativeToCRLIssuer(_)) => false,
    };
    kind && place
}

/// That a list can be relied on (RFC 5280 6.3.3).
fn check_list(
    list: &CertificateRevocationList<'_>,
    certificate: &Certificate<'_>,
    issuer: &Certificate<'_>,
    at: OffsetDateTime,
) -> Result<()> {
    let name = format!("the CRL of the CA \"{}\"", issuer.label);
    for extension in list.extensions() {
        let oid = extension.oid.to_id_string();
        if matches!(extension.parsed_extension(), ParsedExtension::ParseError { .. }) {
            return Err(Error::verdict(format!("{name} has a malformed extension {oid}")));
        }
        if extension.critical && !UNDERSTOOD.contains(&oid.as_str()) {
            return Err(Error::verdict(format!(
                "{name} has a critical extension that is not understood: {oid}"
            )));
        }
    }
    if let Some(point) = distribution_point(list)
        && (point.indirect_crl
            || point.only_some_reasons.is_some()
            || point.only_contains_attribute_certs)
    {
        return Err(Error::verdict(format!(
            "{name} is a partial or indirect one; a complete one is needed"
        )));
    }
    if issuer.key_usage().is_some_and(|usage| !usage.crl_sign()) {
        return Err(Error::verdict(format!(
            "the CA \"{}\" may not sign CRLs: its key usage has no CRL Sign",
            issuer.label
        )));
    }
    signature::verify(
        issuer.spki(),
        &list.signature_algorithm,
        list.tbs_cert_list.as_ref(),
        &list.signature_value.data,
    )
    .map_err(|error| Error::verdict(format!("the signature on {name} is not accepted: {error}")))?;
    let this_update = list.last_update().to_datetime();
    if at < this_update {
        return Err(Error::verdict(format!(
            "{name} is not valid before its thisUpdate, {}",
            date_words(this_update, at)
        )));
    }
    if let Some(next_update) = list.next_update().map(|next| next.to_datetime())
        && at > next_update
    {
        return Err(Error::verdict(format!(
            "{name}, needed for \"{}\", expired on its nextUpdate, {}",
            certificate.label,
            date_words(next_update, at)
        ))
        .hint("make a new one with mailca crl, or fetch the CA's current one"));
    }
    Ok(())
}

fn check_entry(
    list: &CertificateRevocationList<'_>,
    certificate: &Certificate<'_>,
    is_leaf: bool,
    at: OffsetDateTime,
) -> Result<()> {
    let mut found = None;
    for entry in list.iter_revoked_certificates() {
        if let Some(oid) = unknown_critical(entry) {
            return Err(Error::verdict(format!(
                "the CRL for \"{}\" has an entry with a critical extension that is not understood: {oid}",
                certificate.label
            )));
        }
        if same_serial(entry.raw_serial(), certificate.parsed.raw_serial()) {
            found = Some(entry);
        }
    }
    let Some(entry) = found else { return Ok(()) };
    let reason = entry.reason_code().map(|(_, reason)| reason);
    if reason == Some(ReasonCode::RemoveFromCRL) {
        return Ok(());
    }
    Err(Error::verdict(format!(
        "{} was revoked on {}, reason: {}",
        called(certificate, is_leaf),
        date_words(entry.revocation_date.to_datetime(), at),
        reason_words(reason)
    )))
}

fn unknown_critical(entry: &RevokedCertificate<'_>) -> Option<String> {
    let mut critical = entry.extensions().iter().filter(|extension| extension.critical);
    critical
        .find(|extension| !UNDERSTOOD_IN_ENTRIES.contains(&extension.oid.to_id_string().as_str()))
        .map(|extension| extension.oid.to_id_string())
}

fn reason_words(reason: Option<ReasonCode>) -> String {
    match reason {
        None | Some(ReasonCode::Unspecified) => "unspecified".into(),
        Some(ReasonCode::KeyCompromise) => "key compromise".into(),
        Some(ReasonCode::CACompromise) => "CA compromise".into(),
        Some(ReasonCode::AffiliationChanged) => "affiliation changed".into(),
        Some(ReasonCode::Superseded) => "superseded".into(),
        Some(ReasonCode::CessationOfOperation) => "cessation of operation".into(),
        Some(ReasonCode::CertificateHold) => "on hold".into(),
        Some(ReasonCode::PrivilegeWithdrawn) => "privilege withdrawn".into(),
        Some(ReasonCode::AACompromise) => "AA compromise".into(),
        Some(other) => format!("number {}", other.0),
    }
}
