//! Names that an administrator gives in parts, put together.

use der::asn1::{Ia5StringRef, ObjectIdentifier, PrintableStringRef, Utf8StringRef};
use der::{Encode, Tag};

use super::{EMAIL_ADDRESS, Name, upper_bound};
use crate::error::{Error, Result};
use crate::pki::printable::printable;
use crate::pki::tlv;

/// The parts of a name that an administrator gives, put together by [`Parts::build`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// C, two letters (ISO 3166).
    pub country: Option<String>,
    /// ST.
    pub state: Option<String>,
    /// L.
    pub locality: Option<String>,
    /// O.
    pub organization: Option<String>,
    /// OU, as many as wanted.
    pub organizational_units: Vec<String>,
    /// CN.
    pub common_name: Option<String>,
    /// emailAddress (PKCS#9).
    pub email_address: Option<String>,
}

impl Parts {
    /// The name in the order that OpenSSL's own configuration uses: C, ST, L, O, OU, CN,
    /// emailAddress. Countries are `PrintableString`, e-mail addresses `IA5String`, the rest `UTF8String`
    /// (RFC 5280 appendix A.1), within the upper bounds there.
    pub fn build(&self) -> Result<Name> {
        let mut rdns: Vec<Vec<u8>> = Vec::new();
        if let Some(country) = &self.country {
            if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_alphabetic()) {
                return Err(Error::refused(format!(
                    "the country {} is not a code of two letters",
                    printable(country)
                ))
                .hint("give an ISO 3166 code, for example --country US"));
            }
            let country = country.to_ascii_uppercase();
            rdns.push(rdn("2.5.4.6", &PrintableStringRef::new(&country).map_err(unencodable)?)?);
        }
        let mut texts: Vec<(&str, &str, &str)> = Vec::new();
        if let Some(state) = &self.state {
            texts.push(("2.5.4.8", "state", state));
        }
        if let Some(locality) = &self.locality {
            texts.push(("2.5.4.7", "locality", locality));
        }
        if let Some(organization) = &self.organization {
            texts.push(("2.5.4.10", "organization", organization));
        }
        for unit in &self.organizational_units {
            texts.push(("2.5.4.11", "organizational unit", unit));
        }
        if let Some(common_name) = &self.common_name {
            texts.push(("2.5.4.3", "common name", common_name));
        }
        for (oid, what, value) in texts {
            check_text(what, value, oid)?;
            rdns.push(rdn(oid, &Utf8StringRef::new(value).map_err(unencodable)?)?);
        }
        if let Some(address) = &self.email_address {
            check_text("e-mail address", address, EMAIL_ADDRESS)?;
            let value = Ia5StringRef::new(address).map_err(|_| {
                Error::refused(format!("the e-mail address {} is not ASCII", printable(address)))
            })?;
            rdns.push(rdn("1.2.840.113549.1.9.1", &value)?);
        }
        let parts: Vec<&[u8]> = rdns.iter().map(Vec::as_slice).collect();
        Name::from_der(&tlv::sequence(&parts)?)
    }
}

fn check_text(what: &str, value: &str, oid: &str) -> Result<()> {
    let limit = upper_bound(oid).unwrap_or(usize::MAX);
    if value.trim().is_empty() {
        return Err(Error::refused(format!("the {what} is empty")));
    }
    if value.chars().count() > limit {
        return Err(Error::refused(format!(
            "the {what} has {} characters, and a certificate has room for {limit} (RFC 5280)",
            value.chars().count()
        )));
    }
    if printable(value) != value {
        return Err(Error::refused(format!(
            "the {what} holds characters that cannot be seen: {}",
            printable(value)
        )));
    }
    Ok(())
}

fn unencodable(error: der::Error) -> Error {
    Error::refused("the name cannot be encoded").caused_by(error)
}

fn rdn(oid: &str, value: &impl Encode) -> Result<Vec<u8>> {
    let oid = ObjectIdentifier::new(oid)
        .map_err(|_| Error::bug("an attribute type is not an object identifier"))?;
    let oid = oid.to_der().map_err(unencodable)?;
    let value = value.to_der().map_err(unencodable)?;
    tlv::element(Tag::Set, &[&tlv::sequence(&[&oid, &value])?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> Parts {
        Parts {
            country: Some("us".into()),
            organization: Some("A/B + Söhne".into()),
            organizational_units: vec!["One".into(), "Two".into()],
            common_name: Some("mail.example.com".into()),
            email_address: Some("joe@example.com".into()),
            ..Parts::default()
        }
    }

    #[test]
    fn every_organizational_unit_is_kept_in_its_place() {
        let name = parts().build().unwrap();
        assert_eq!(name.values("OU"), ["One", "Two"]);
        assert_eq!(
            name.to_string(),
            r"C=US, O=A/B \+ Söhne, OU=One, OU=Two, CN=mail.example.com, emailAddress=joe@example.com"
        );
    }

    #[test]
    fn oneline_escapes_as_openssl_3_does() {
        assert_eq!(
            parts().build().unwrap().oneline(),
            "/C=US/O=A\\/B \\+ S\\xC3\\xB6hne/OU=One/OU=Two/CN=mail.example.com/emailAddress=joe@example.com"
        );
    }

    #[test]
    fn what_no_certificate_has_room_for_is_refused() {
        for bad in [
            Parts { country: Some("USA".into()), ..Parts::default() },
            Parts { common_name: Some("x".repeat(65)), ..Parts::default() },
            Parts { common_name: Some(" ".into()), ..Parts::default() },
            Parts { organization: Some("a\u{1b}[2J".into()), ..Parts::default() },
            Parts { email_address: Some("jöe@example.com".into()), ..Parts::default() },
        ] {
            assert!(bad.build().is_err(), "{bad:?}");
        }
    }
}
