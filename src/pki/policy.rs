//! What the CA signs: the request asks, the CA decides. A certificate that is renewed is looked at with
//! the same eyes: what it was given in other times gives it no right to be given it again.
//!
//! [`approve`] is the only way to an [`Approved`], and an `Approved` is the only thing that
//! [`crate::pki::issue`] signs.

mod names;
mod subject;

use time::{Duration, OffsetDateTime};

use crate::error::{Error, Result};
use crate::pki::certificate::{self, Certificate};
use crate::pki::constraints::{Constraints, names_of};
use crate::pki::general_name::GeneralName;
use crate::pki::look_alike;
use crate::pki::name::{COMMON_NAME, Name};
use crate::pki::profile::Profile;
use crate::pki::request::{self, Request};
use crate::pki::signature::KeyAlgorithm;

pub use names::as_host;
use names::{check_names, names};
use subject::{check_lengths, check_strings};

/// A new certificate begins this long before it is made, for clients whose clock is behind.
pub const BACKDATE: Duration = Duration::minutes(5);
/// Apple refuses server certificates that are valid for longer.
const APPLE_LIMIT_DAYS: i64 = 825;

/// What the administrator wants of this certificate.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The profile.
    pub profile: Profile,
    /// Validity in days.
    pub days: u32,
    /// Names in addition to those of the request.
    pub more_names: Vec<GeneralName>,
    /// The path length constraint of an intermediate CA.
    pub path_length: u8,
    /// The CRL distribution point.
    pub crl_url: Option<String>,
}

/// What somebody wants to have certified.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    subject: &'a Name,
    public_key: &'a [u8],
    alternative_names: &'a [GeneralName],
    asks_for_ca: bool,
    /// What to call it: `request` or `certificate`.
    noun: &'static str,
    /// How another one is come by.
    again: &'static str,
}

impl<'a> From<&'a Request> for Asked<'a> {
    fn from(request: &'a Request) -> Self {
        Self {
            subject: &request.subject,
            public_key: &request.public_key,
            alternative_names: &request.alternative_names,
            asks_for_ca: request.asks_for_ca,
            noun: "request",
            again: "make the request again",
        }
    }
}

impl<'a> Asked<'a> {
    /// The renewal of a certificate, for its own key or for the one that takes its place.
    pub fn renewal(old: &'a Certificate, public_key: &'a [u8]) -> Self {
        Self {
            subject: &old.subject,
            public_key,
            alternative_names: &old.alternative_names,
            asks_for_ca: old.is_ca,
            noun: "certificate",
            again: "make a new request for it",
        }
    }

    /// The profile that its names suggest, those in its subject where it has no others.
    pub fn suggested_profile(&self) -> Option<Profile> {
        let mut names = self.alternative_names.to_vec();
        if names.is_empty() {
            names.extend(self.subject.common_name().as_deref().and_then(as_host));
            names.extend(self.subject.values("emailAddress").into_iter().map(GeneralName::Email));
        }
        Profile::suggested(&names)
    }

    fn title(&self) -> String {
        certificate::title(self.subject, self.alternative_names)
    }
}

/// A certificate that may be signed: everything in it but the serial number is decided.
#[derive(Clone, Debug)]
pub struct Approved {
    subject: Name,
    public_key: Vec<u8>,
    key_algorithm: KeyAlgorithm,
    alternative_names: Vec<GeneralName>,
    profile: Profile,
    path_length: u8,
    crl_url: Option<String>,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    remarks: Vec<String>,
}

impl Approved {
    /// The subject, as the request had it.
    pub fn subject(&self) -> &Name {
        &self.subject
    }
    /// The `SubjectPublicKeyInfo` in DER.
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }
    /// The kind of the key.
    pub fn key_algorithm(&self) -> &KeyAlgorithm {
        &self.key_algorithm
    }
    /// The subjectAltName.
    pub fn alternative_names(&self) -> &[GeneralName] {
        &self.alternative_names
    }
    /// The profile.
    pub fn profile(&self) -> Profile {
        self.profile
    }
    /// The path length constraint, meaningful for [`Profile::Ca`].
    pub fn path_length(&self) -> u8 {
        self.path_length
    }
    /// The CRL distribution point.
    pub fn crl_url(&self) -> Option<&str> {
        self.crl_url.as_deref()
    }
    /// The first moment of validity.
    pub fn not_before(&self) -> OffsetDateTime {
        self.not_before
    }
    /// The last moment of validity.
    pub fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }
    /// What the administrator should know about it: names added, dates shortened.
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }
}

/// Decides on a request or a renewal. `chain` is the CA's certificate followed by those above it.
pub fn approve<'a>(
    asked: impl Into<Asked<'a>>,
    terms: &Terms,
    chain: &[Certificate],
    now: OffsetDateTime,
) -> Result<Approved> {
    let asked = asked.into();
    let issuer = chain.first().ok_or_else(|| Error::bug("a CA without a certificate"))?;
    let key_algorithm = KeyAlgorithm::of(asked.public_key).map_err(Error::as_refused)?;
    request::check_key(&key_algorithm)?;
    check_issuer(issuer)?;
    check_key(&asked, chain.iter())?;
    if asked.subject.same_as(&issuer.subject) {
        return Err(Error::refused(format!(
            "the {} has the CA's own name, {}: clients take such a certificate for self-signed",
            asked.noun, asked.subject
        ))
        .hint(format!("{} with another common name, such as the host's name", asked.again)));
    }
    check_strings(&asked)?;
    check_lengths(&asked)?;
    let mut remarks = Vec::new();
    let alternative_names = names(&asked, terms, &mut remarks)?;
    if terms.profile != Profile::Server && asked.subject.count_of(COMMON_NAME) > 1 {
        remarks.push(format!(
            "the subject has several common names, and servers differ in which of them is the user's: {}",
            asked.subject
        ));
    }
    remarks.extend(look_alike::warnings(asked.subject, &alternative_names));
    check_names(&asked, terms.profile, &alternative_names)?;
    if terms.profile == Profile::Ca {
        check_intermediate(terms.path_length, issuer)?;
    } else if asked.asks_for_ca {
        remarks.push(format!(
            "the {} asks to be a CA; it becomes a {} certificate",
            asked.noun,
            terms.profile.name()
        ));
    }
    for certificate in chain {
        if let Some(constraints) = Constraints::from_certificate(certificate.as_der())? {
            let is_leaf = terms.profile != Profile::Ca;
            names_of(asked.subject.as_der(), &alternative_names, is_leaf)
                .and_then(|mut names| {
                    // Programs differ in when they look at the common name; this CA never vouches
                    // for one that it may not certify.
                    if terms.profile == Profile::Server {
                        names.extend(asked.subject.common_name().as_deref().and_then(as_host));
                    }
                    constraints.check(&names)
                })
                .map_err(|error| {
                    error.as_refused().hint(
                        "these names are in the CA's certificate (newca --permit) and cannot be changed; \
                         another CA is made with `mailca newca --ca-dir`",
                    )
                })?;
        }
    }
    let (not_before, not_after) = dates(terms, chain, now, &mut remarks)?;
    Ok(Approved {
        subject: asked.subject.clone(),
        public_key: asked.public_key.to_vec(),
        key_algorithm,
        alternative_names,
        profile: terms.profile,
        path_length: terms.path_length,
        crl_url: terms.crl_url.clone(),
        not_before,
        not_after,
        remarks,
    })
}

/// What signs must be a CA for whoever verifies: clients refuse what another certificate signed.
fn check_issuer(issuer: &Certificate) -> Result<()> {
    let lack = if !issuer.is_ca {
        "CA:TRUE"
    } else if !issuer.may_sign {
        "the key usage keyCertSign"
    } else if issuer.subject.is_empty() {
        "a name"
    } else {
        return Ok(());
    };
    Err(Error::refused(format!(
        "the certificate of the CA, {}, is not one that clients accept: it lacks {lack}",
        issuer.title()
    ))
    .hint("make a new CA with `mailca newca --ca-dir`"))
}

/// Refuses a key of the CA's own, whichever of `certificates` has it.
pub fn check_key<'c>(
    asked: &Asked<'_>,
    mut certificates: impl Iterator<Item = &'c Certificate>,
) -> Result<()> {
    if certificates.any(|certificate| certificate.public_key == asked.public_key) {
        return Err(Error::refused(format!("the {} is for the key of the CA itself", asked.noun))
            .hint("a host or user needs a key of its own: make it with `mailca newreq`"));
    }
    Ok(())
}

fn check_intermediate(path_length: u8, issuer: &Certificate) -> Result<()> {
    match issuer.path_length {
        Some(0) => Err(Error::refused(format!(
            "the CA {} may not sign an intermediate CA: its path length is 0",
            issuer.title()
        ))
        .hint("a CA that signs intermediates is made with `mailca newca --path-len 1`")),
        Some(limit) if u32::from(path_length) >= limit => Err(Error::refused(format!(
            "--path-len {path_length} is too long: below {}, whose path length is {limit}, it is {} at most",
            issuer.title(),
            limit - 1
        ))),
        _ => Ok(()),
    }
}

fn dates(
    terms: &Terms,
    chain: &[Certificate],
    now: OffsetDateTime,
    remarks: &mut Vec<String>,
) -> Result<(OffsetDateTime, OffsetDateTime)> {
    for (position, certificate) in chain.iter().enumerate() {
        let (from, until) = (certificate.not_before, certificate.not_after);
        if until < now {
            let error = Error::refused(format!(
                "the CA {} expired on {}, and today is {}",
                certificate.title(),
                until.date(),
                now.date()
            ));
            return Err(match (position, certificate.is_self_signed()) {
                (0, true) => error.hint(
                    "`mailca rekey-ca --same-key` gives it new dates, and all that it signed verifies \
                     again; clients need its new cacert.pem",
                ),
                (0, false) => error.hint(
                    "at the CA above it, `mailca renew --profile ca` makes a new certificate; here, \
                     `mailca rekey-ca --cert FILE` puts it into its place",
                ),
                _ => error.hint(
                    "its own folder gives it new dates, with `mailca rekey-ca --same-key`; here, \
                     `mailca rekey-ca --cert FILE ...` brings in the new certificates",
                ),
            });
        }
        if from > now {
            return Err(Error::refused(format!(
                "the CA {} is not valid before {}, and today is {}",
                certificate.title(),
                from.date(),
                now.date()
            ))
            .hint("is the clock of this machine right?"));
        }
    }
    let earliest = chain.iter().map(|certificate| certificate.not_before).max().unwrap_or(now);
    let latest = chain.iter().map(|certificate| certificate.not_after).min().unwrap_or(now);
    let not_before = (now - BACKDATE).max(earliest);
    // Both ends count (RFC 5280 4.1.2.5), so the last second belongs to the last day.
    let wanted = not_before + Duration::days(i64::from(terms.days)) - Duration::SECOND;
    let not_after = wanted.min(latest);
    if not_after < wanted {
        remarks.push(format!(
            "the certificate ends with the CA, on {}, and not after {} days",
            not_after.date(),
            terms.days
        ));
    }
    if terms.profile == Profile::Server && not_after - not_before > Duration::days(APPLE_LIMIT_DAYS)
    {
        remarks.push(format!(
            "Apple's programs refuse server certificates of more than {APPLE_LIMIT_DAYS} days"
        ));
    }
    Ok((not_before, not_after))
}
