//! Certificate revocation lists (RFC 5280 5): the entries of a new one, and an existing one read as
//! far as is asked for. A list of a million entries is never taken apart as a whole.

use time::OffsetDateTime;
use x509_parser::extensions::{ParsedExtension, X509Extension};
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::RevokedCertificate;
use x509_parser::time::ASN1Time;
use x509_parser::x509::AlgorithmIdentifier;

use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::name::Name;
use crate::pki::revocation::{Reason, Revocation};
use crate::pki::serial::Serial;
use crate::pki::{pem, signature, tlv};

mod entries;

pub use entries::Entries;

/// PEM label of a CRL (RFC 7468 6).
pub const LABEL: &str = "X509 CRL";
/// `[0]`, the extensions of a `TBSCertList`.
const EXTENSIONS: der::Tag =
    der::Tag::ContextSpecific { constructed: true, number: der::TagNumber(0) };

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// A list that was read, except for its entries. That it was read says nothing about its signature.
#[derive(Clone, Debug)]
pub struct Crl {
    der: Vec<u8>,
    /// Who made it.
    pub issuer: Name,
    /// Its number; none in version 1.
    pub number: Option<Serial>,
    /// When it was made.
    pub this_update: OffsetDateTime,
    /// When the next one is due.
    pub next_update: Option<OffsetDateTime>,
    /// The key identifier of the key that signed it, where it says so.
    pub authority_key_id: Option<Vec<u8>>,
    /// Where the element with the entries is, in the encoding.
    entries: Option<std::ops::Range<usize>>,
}

impl Crl {
    /// Reads a list in PEM or DER; the first one, where a file holds several.
    pub fn from_file_content(content: &[u8]) -> Result<Self> {
        Self::all_from_file_content(content)?
            .into_iter()
            .next()
            .ok_or_else(|| Error::refused("no revocation list is in it"))
    }

    /// Reads every list in a PEM file, or the one in a DER file. A PEM file without any is an error.
    pub fn all_from_file_content(content: &[u8]) -> Result<Vec<Self>> {
        if content.first() == Some(&SEQUENCE) || !pem::is_pem(content) {
            return Ok(vec![Self::from_der(content)?]);
        }
        if let Some(der) = pem::only_block(content, LABEL) {
            return Ok(vec![Self::from_der(&der)?]);
        }
        let found: Vec<_> = pem::blocks(content)?
            .iter()
            .filter(|block| block.label == LABEL)
            .map(|block| Self::from_der(&block.der))
            .collect::<Result<_>>()?;
        if found.is_empty() {
            return Err(Error::refused("no revocation list is in it"));
        }
        Ok(found)
    }

    /// Reads the first list of a file that holds nothing but lists of one CA.
    pub fn first_of_lists_only(content: &[u8]) -> Result<Self> {
        if content.first() == Some(&SEQUENCE) {
            return Self::from_der(content);
        }
        if let Some(der) = pem::only_block(content, LABEL) {
            return Self::from_der(&der);
        }
        match pem::blocks(content)?.as_slice() {
            [first, others @ ..] if first.label == LABEL => {
                let first = Self::from_der(&first.der)?;
                for other in others {
                    // Those of older keys of the same CA.
                    if other.label != LABEL
                        || !Self::from_der(&other.der)?.issuer.same_as(&first.issuer)
                    {
                        return Err(Error::refused("it holds something else than lists of one CA"));
                    }
                }
                Ok(first)
            }
            _ => Err(Error::refused("it holds something else than a revocation list")),
        }
    }

    /// Reads a list in DER.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        Self::read(der).ok_or_else(|| Error::refused("it is not a revocation list, or malformed"))
    }

    fn read(der: &[u8]) -> Option<Self> {
        let outer = tlv::elements(der).ok()?;
        let [to_be_signed, _, _] = outer.as_slice() else { return None };
        let fields = tlv::elements(to_be_signed).ok()?;
        let mut fields = fields.as_slice();
        // The version is absent in a list of version 1.
        if fields.first().is_some_and(|field| field.first() == Some(&INTEGER)) {
            fields = &fields[1..];
        }
        let [_, issuer, this_update, rest @ ..] = fields else { return None };
        let (next_update, rest) = match rest {
            [next, rest @ ..] if matches!(next.first(), Some(&UTC_TIME | &GENERALIZED_TIME)) => {
                (Some(moment(next)?), rest)
            }
            _ => (None, rest),
        };
        let (entries, rest) = match rest {
            [entries, rest @ ..] if entries.first() == Some(&SEQUENCE) => {
                // It is a part of the same encoding.
                let start = entries.as_ptr().addr() - der.as_ptr().addr();
                (Some(start..start + entries.len()), rest)
            }
            _ => (None, rest),
        };
        let mut crl = Self {
            der: der.to_vec(),
            issuer: Name::from_der(issuer).ok()?,
            number: None,
            this_update: moment(this_update)?,
            next_update,
            authority_key_id: None,
            entries,
        };
        match rest {
            [] => {}
            [extensions] => crl.read_extensions(extensions)?,
            _ => return None,
        }
        Some(crl)
    }

    fn read_extensions(&mut self, tagged: &[u8]) -> Option<()> {
        let inner = tlv::elements_of(tagged, EXTENSIONS).ok()?;
        let [list] = inner.as_slice() else { return None };
        for encoded in tlv::elements(list).ok()? {
            let (_, extension) = X509Extension::from_der(encoded).ok()?;
            match extension.parsed_extension() {
                ParsedExtension::CRLNumber(number) => {
                    self.number = Some(Serial::from_bytes(&number.to_bytes_be()));
                }
                ParsedExtension::AuthorityKeyIdentifier(id) => {
                    self.authority_key_id = id.key_identifier.as_ref().map(|id| id.0.to_vec());
                }
                _ => {}
            }
        }
        Some(())
    }

    /// The DER encoding.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// The PEM encoding.
    pub fn to_pem(&self) -> String {
        pem::encode_public(LABEL, &self.der)
    }

    /// How many certificates it revokes.
    pub fn count(&self) -> usize {
        self.encoded_entries().map_or(0, |entries| entries.len())
    }

    /// What it revokes, in its order. An entry that cannot be read is an error.
    pub fn entries(&self) -> Result<Vec<(Serial, Revocation)>> {
        let malformed = || Error::refused("malformed revocation list: an entry is unreadable");
        let encoded = self.encoded_entries().map_err(|_| malformed())?;
        encoded.into_iter().map(|entry| read_entry(entry).ok_or_else(malformed)).collect()
    }

    /// The entries, encoded one after the other.
    fn entries_content(&self) -> Result<&[u8]> {
        let Some(range) = self.entries.clone() else { return Ok(&[]) };
        entries::content(&self.der[range], SEQUENCE)
            .map(|(content, _)| content)
            .ok_or_else(|| Error::refused("malformed revocation list: its entries are unreadable"))
    }

    fn encoded_entries(&self) -> Result<Vec<&[u8]>> {
        match self.entries.clone() {
            Some(range) => tlv::elements(&self.der[range]),
            None => Ok(Vec::new()),
        }
    }

    /// Checks that it is this CA's: its name, and a signature that its key verifies.
    pub fn check_signature(&self, issuer: &Certificate) -> Result<()> {
        if !self.issuer.same_as(&issuer.subject) {
            return Err(Error::verdict(format!(
                "the revocation list is that of {}, not of {}",
                self.issuer, issuer.subject
            )));
        }
        let outer = tlv::elements(&self.der)?;
        let [to_be_signed, algorithm, signature] = outer.as_slice() else {
            return Err(Error::bug("a revocation list that was read has no three parts"));
        };
        let (_, algorithm) = AlgorithmIdentifier::from_der(algorithm).map_err(|_| {
            Error::verdict("malformed revocation list: its algorithm is unreadable")
        })?;
        let bits = tlv::bit_string_content(signature)
            .ok_or_else(|| Error::verdict("malformed revocation list: its signature"))?;
        signature::verify(&issuer.public_key, &algorithm, to_be_signed, bits)
            .map_err(|error| error.at("the revocation list"))
    }
}

fn read_entry(encoded: &[u8]) -> Option<(Serial, Revocation)> {
    // x509-parser takes the number of a tag for all of it.
    let (content, _) = entries::content(encoded, SEQUENCE)?;
    entries::content(content, INTEGER)?;
    let (_, entry) = RevokedCertificate::from_der(encoded).ok()?;
    let mut revocation = Revocation::new(entry.revocation_date.to_datetime(), Reason::Unspecified);
    for extension in entry.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::ReasonCode(code) => {
                revocation.reason = Reason::from_code(code.0).unwrap_or(Reason::Unspecified);
            }
            ParsedExtension::InvalidityDate(date) => {
                revocation.invalidity = Some(date.to_datetime());
            }
            _ => {}
        }
    }
    Some((Serial::from_bytes(entry.raw_serial()), revocation))
}

fn moment(encoded: &[u8]) -> Option<OffsetDateTime> {
    let (_, time) = ASN1Time::from_der(encoded).ok()?;
    Some(time.to_datetime())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::assemble::{self, CrlFields};
    use crate::pki::issue::{self, Root};
    use crate::pki::key::{KeyType, PrivateKey};
    use crate::pki::name::Parts;
    use time::macros::datetime;

    fn made(entries: &Entries) -> (Crl, Certificate) {
        let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        let subject = Parts { common_name: Some("CA".into()), ..Parts::default() }.build().unwrap();
        let now = datetime!(2026-11-24 10:00 UTC);
        let root = Root {
            subject: &subject,
            alternative_names: &[],
            days: 10,
            path_length: 0,
            permitted: None,
        };
        let ca = issue::root(&root, &key, &Serial::from_random([1; 16]), now).unwrap();
        let fields = CrlFields {
            issuer: &ca,
            number: &Serial::parse("0102").unwrap(),
            this_update: now,
            next_update: now + time::Duration::days(30),
            entries,
        };
        (assemble::crl(&fields, &key).unwrap(), ca)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut entries = Entries::new();
        let date = datetime!(2026-11-01 12:00 UTC);
        let mut written = vec![
            (Serial::parse("01").unwrap(), Revocation::new(date, Reason::Unspecified)),
            (Serial::parse("FF00").unwrap(), Revocation::new(date, Reason::KeyCompromise)),
            (
                Serial::from_random([0x7F; 16]),
                Revocation::new(datetime!(2051-01-01 0:00 UTC), Reason::AaCompromise),
            ),
        ];
        written[1].1.invalidity = Some(datetime!(2026-10-31 0:00 UTC));
        for (serial, revocation) in &written {
            entries.push(serial, revocation).unwrap();
        }
        let (crl, ca) = made(&entries);
        crl.check_signature(&ca).unwrap();
        assert_eq!(crl.number, Some(Serial::parse("0102").unwrap()));
        assert_eq!(crl.next_update, Some(datetime!(2026-12-24 10:00 UTC)));
        assert_eq!(crl.authority_key_id, ca.key_id);
        assert_eq!(crl.count(), 3);
        assert_eq!(crl.entries().unwrap(), written);
        let again = Crl::from_file_content(crl.to_pem().as_bytes()).unwrap();
        assert_eq!(again.as_der(), crl.as_der());
    }

    #[test]
    fn what_a_new_list_lacks_is_found() {
        let date = datetime!(2026-11-01 12:00 UTC);
        let entries = |serials: &[&str]| {
            let mut entries = Entries::new();
            for serial in serials {
                let revocation = Revocation::new(date, Reason::Superseded);
                entries.push(&Serial::parse(serial).unwrap(), &revocation).unwrap();
            }
            entries
        };
        let (list, _) = made(&entries(&["01", "FF00", "80"]));
        assert_eq!(entries(&["80", "FF00", "01", "02"]).lacking(&list).unwrap(), []);
        let lacking = entries(&["01", "02"]).lacking(&list).unwrap();
        assert_eq!(lacking, ["FF00", "80"].map(|serial| Serial::parse(serial).unwrap()));
        assert_eq!(Entries::new().lacking(&made(&Entries::new()).0).unwrap(), []);
    }

    #[test]
    fn an_entry_that_is_no_sequence_is_unreadable() {
        let mut entries = Entries::new();
        let date = datetime!(2026-11-01 0:00 UTC);
        entries
            .push(&Serial::from_bytes(&[9]), &Revocation::new(date, Reason::Unspecified))
            .unwrap();
        let der = made(&entries).0.as_der().to_vec();
        let at = der.windows(5).position(|bytes| bytes == b"\x30\x12\x02\x01\x09").unwrap();
        // `[16]` and `[2]`, whose numbers are those of a SEQUENCE and an INTEGER.
        for (at, octet) in [(at, 0xb0), (at + 2, 0x82)] {
            let mut other = der.clone();
            other[at] = octet;
            assert!(Crl::from_der(&other).unwrap().entries().is_err());
        }
    }

    #[test]
    fn an_empty_list_has_no_entries_and_another_ca_did_not_sign_it() {
        let (crl, _) = made(&Entries::new());
        assert_eq!(crl.count(), 0);
        let (_, other) = made(&Entries::new());
        assert!(crl.check_signature(&other).is_err());
        assert!(Crl::from_file_content(b"hello").is_err());
        assert!(Crl::from_der(&crl.as_der()[..100]).is_err());
    }
}
