//! Why and when a certificate was revoked (RFC 5280 5.3).

use std::fmt;
use std::str::FromStr;

use time::OffsetDateTime;

use crate::error::{Error, Result};

/// The reason of a revocation (RFC 5280 5.3.1). `removeFromCRL` is not among them: it stands in delta
/// CRLs only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nobody said why.
    Unspecified,
    /// Somebody else may have the private key.
    KeyCompromise,
    /// Somebody else may have the private key of a CA.
    CaCompromise,
    /// The subject has another name or place now.
    AffiliationChanged,
    /// Another certificate has taken its place.
    Superseded,
    /// It is not needed any more.
    CessationOfOperation,
    /// It is on hold.
    CertificateHold,
    /// The subject lost a right that the certificate states.
    PrivilegeWithdrawn,
    /// Somebody else may have the private key of an attribute authority.
    AaCompromise,
}

impl Reason {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::CertificateHold,
        Self::PrivilegeWithdrawn,
        Self::AaCompromise,
    ];

    /// The name, as openssl and index.txt spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::CaCompromise => "CACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::CertificateHold => "certificateHold",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
            Self::AaCompromise => "AACompromise",
        }
    }

    /// What it means, for somebody who has to choose.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Unspecified => "no reason is given",
            Self::KeyCompromise => "the key was lost, stolen or seen",
            Self::CaCompromise => "a CA's key was lost, stolen or seen",
            Self::AffiliationChanged => "the person or host is called otherwise now",
            Self::Superseded => "a newer certificate is in use",
            Self::CessationOfOperation => "the person has left, the host is gone",
            Self::CertificateHold => "for now, in the list; nothing here makes it valid again",
            Self::PrivilegeWithdrawn => "the person may not do any more what it allows",
            Self::AaCompromise => "the key of an attribute authority was lost: not of mail",
        }
    }

    /// The number in a CRL.
    pub fn code(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::CaCompromise => 2,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::CertificateHold => 6,
            Self::PrivilegeWithdrawn => 9,
            Self::AaCompromise => 10,
        }
    }

    /// The reason with this number.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// Whether `openssl ca` knows it in index.txt; it stops at a line with another one.
    pub fn is_known_to_openssl(self) -> bool {
        !matches!(self, Self::PrivilegeWithdrawn | Self::AaCompromise)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Reason {
    type Err = Error;

    /// Takes a name in whatever case: RFC 5280 and openssl differ in that.
    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|reason| reason.name().eq_ignore_ascii_case(text)).ok_or_else(
            || {
                let known: Vec<_> = Self::ALL.iter().map(|reason| reason.name()).collect();
                Error::usage(format!("{text:?} is not a reason for a revocation"))
                    .hint(format!("choose one of {}", known.join(", ")))
            },
        )
    }
}

/// A revocation: since when, why, and what openssl keeps beside that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// When it was revoked.
    pub date: OffsetDateTime,
    /// Why.
    pub reason: Reason,
    /// Since when the key is thought to be in other hands (RFC 5280 5.3.2).
    pub invalidity: Option<OffsetDateTime>,
    /// What to do with a certificate on hold, as a dotted OID (RFC 3280 5.3.2).
    pub hold_instruction: Option<String>,
}

impl Revocation {
    /// A revocation with a date and a reason.
    pub fn new(date: OffsetDateTime, reason: Reason) -> Self {
        Self { date, reason, invalidity: None, hold_instruction: None }
    }
}

impl fmt::Display for Revocation {
    /// `on 2026-11-22, keyCompromise`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "on {}", self.date.date())?;
        if self.reason != Reason::Unspecified {
            write!(formatter, ", {}", self.reason)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_name_and_its_number() {
        for reason in Reason::ALL {
            assert_eq!(reason.name().parse::<Reason>().unwrap(), reason);
            assert_eq!(Reason::from_code(reason.code()), Some(reason));
        }
        // RFC 5280 spells these two in its own way.
        assert_eq!("cACompromise".parse::<Reason>().unwrap(), Reason::CaCompromise);
        assert_eq!("aACompromise".parse::<Reason>().unwrap(), Reason::AaCompromise);
        assert!("removeFromCRL".parse::<Reason>().is_err());
        assert_eq!(Reason::from_code(7), None);
    }
}
