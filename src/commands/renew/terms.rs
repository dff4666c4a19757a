//! On which terms a certificate is renewed: those of the old one.

use std::ops::ControlFlow;

use time::{Duration, OffsetDateTime};

use super::Wishes;
use crate::commands::sign::CA_DAYS;
use crate::error::{Error, Result};
use crate::pki::asn1_time;
use crate::pki::certificate::Certificate;
use crate::pki::policy::{Asked, Terms};
use crate::pki::profile::Profile;
use crate::store::ca::CaFolder;
use crate::store::index::Index;

const DAY: i64 = 86_400;

/// When the CA ends, and when it did before it was given new dates.
#[derive(Default)]
pub(super) struct Ends(Vec<u64>);

impl Ends {
    pub(super) fn of(ca: &CaFolder) -> Result<Self> {
        let own = ca.certificate().subject.oneline();
        let mut ends: Vec<_> =
            ca.chain().iter().map(|above| asn1_time::ordinal_of(above.not_after)).collect();
        Index::of(ca.path()).rows(|row| {
            if row.subject == own.as_bytes() {
                ends.extend(row.not_after_ordinal());
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(Self(ends))
    }

    fn has(&self, moment: OffsetDateTime) -> bool {
        self.0.contains(&asn1_time::ordinal_of(moment))
    }
}

/// The terms of the renewal of `old`.
pub(super) fn terms(
    old: &Certificate,
    issuer: &Certificate,
    wishes: &Wishes,
    ends: &Ends,
) -> Result<Terms> {
    let profile = profile(old, wishes.profile)?;
    let days = match wishes.days {
        Some(days) => days,
        // It ended with the CA, and may have been meant to be longer.
        None if ends.has(old.not_after) => days_of(old).max(match profile {
            Profile::Ca => CA_DAYS,
            Profile::Server | Profile::User | Profile::Client => wishes.leaf_days,
        }),
        None => days_of(old),
    };
    let longest = issuer.path_length.map_or(u8::MAX.into(), |limit| limit.saturating_sub(1));
    let path_length = u8::try_from(old.path_length.unwrap_or(longest)).unwrap_or(u8::MAX);
    Ok(Terms {
        profile,
        days,
        more_names: Vec::new(),
        path_length,
        crl_url: wishes.crl_url.clone(),
    })
}

/// The profile of the old one. Another one is a matter of `sign`; persons and intermediates are renewed
/// only where that is said.
fn profile(old: &Certificate, wanted: Option<Profile>) -> Result<Profile> {
    let title = old.title();
    let own = Profile::of(old);
    let known = own.or_else(|| Asked::renewal(old, &old.public_key).suggested_profile());
    match (own, wanted) {
        (Some(own), Some(wanted)) if own != wanted => Err(Error::refused(format!(
            "the certificate of {title} is of the profile {own}, not {wanted}"
        ))
        .hint("leave --profile out; for another profile, sign its request anew: `mailca sign --force`")),
        (_, Some(wanted)) => Ok(wanted),
        (_, None) => match known {
            Some(Profile::User) => Err(persons(&title)),
            Some(Profile::Ca) => Err(intermediates(&title)),
            Some(profile) => Ok(profile),
            None => Err(Error::refused(format!(
                "the certificate of {title} does not say what it is for"
            ))
            .hint("add --profile server for a mail host, or --profile user for a person")),
        },
    }
}

fn persons(title: &str) -> Error {
    Error::refused(format!(
        "{title} is a person, whose mail program has to be given the new certificate"
    ))
    .hint("renew it with --profile user, then run `mailca export-p12` and give them the new file")
}

fn intermediates(title: &str) -> Error {
    Error::refused(format!(
        "{title} is an intermediate CA, whose new certificate has to be put in the place of the old one"
    ))
    .hint("renew it with --profile ca, by its name")
}

/// How long it was made for. Both ends count (RFC 5280 4.1.2.5); openssl leaves the last second out.
fn days_of(old: &Certificate) -> u32 {
    let seconds = (old.not_after - old.not_before + Duration::SECOND).whole_seconds();
    let days = (seconds + DAY / 2) / DAY;
    u32::try_from(days.clamp(1, 36_500)).unwrap_or(1)
}
