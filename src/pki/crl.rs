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
use crate::pki::{asn1_time, pem, signature, tlv};

/// PEM label of a CRL (RFC 7468 6).
pub const LABEL: &str = "X509 CRL";
/// `[0]`, the extensions of a `TBSCertList`.
const EXTENSIONS: der::Tag =
    der::Tag::ContextSpecific { constructed: true, number: der::TagNumber(0) };

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// The object identifiers of the entry extensions, encoded.
const REASON_CODE: [u8; 5] = [0x06, 3, 0x55, 0x1D, 21];
const HOLD_INSTRUCTION: [u8; 5] = [0x06, 3, 0x55, 0x1D, 23];
const INVALIDITY_DATE: [u8; 5] = [0x06, 3, 0x55, 0x1D, 24];

/// The entries of a list that is being made, encoded one after the other.
#[derive(Debug, Default)]
pub struct Entries {
    der: Vec<u8>,
    count: usize,
    // Kept between entries, so that a million of them allocate nothing.
    entry: Vec<u8>,
    extensions: Vec<u8>,
}

impl Entries {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a revoked certificate.
    pub fn push(&mut self, serial: &Serial, revocation: &Revocation) -> Result<()> {
        self.entry.clear();
        push_integer(&mut self.entry, serial.as_bytes());
        push_time(&mut self.entry, revocation.date)?;
        self.extensions.clear();
        // RFC 5280 5.3.1: "unspecified" is said by saying nothing.
        if revocation.reason != Reason::Unspecified {
            let code = [0x0A, 1, revocation.reason.code()];
            push_extension(&mut self.extensions, &REASON_CODE, &code);
        }
        if let Some(oid) = &revocation.hold_instruction {
            let oid: der::asn1::ObjectIdentifier = oid
                .parse()
                .map_err(|_| Error::refused(format!("{oid:?} is no hold instruction")))?;
            let mut value = Vec::new();
            push_element(&mut value, 0x06, oid.as_bytes());
            push_extension(&mut self.extensions, &HOLD_INSTRUCTION, &value);
        }
        if let Some(moment) = revocation.invalidity {
            // RFC 5280 5.3.2: always GeneralizedTime.
            let text = format!("{:014}Z", asn1_time::ordinal_of(moment));
            let mut value = Vec::new();
            push_element(&mut value, GENERALIZED_TIME, text.as_bytes());
            push_extension(&mut self.extensions, &INVALIDITY_DATE, &value);
        }
        if !self.extensions.is_empty() {
            push_element(&mut self.entry, SEQUENCE, &self.extensions);
        }
        push_element(&mut self.der, SEQUENCE, &self.entry);
        self.count += 1;
        Ok(())
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The entries as the element of a `TBSCertList`; none where there are none (RFC 5280 5.1.2.6).
    pub(super) fn to_element(&self) -> Option<Vec<u8>> {
        if self.count == 0 {
            return None;
        }
        let mut element = Vec::with_capacity(self.der.len() + 6);
        push_element(&mut element, SEQUENCE, &self.der);
        Some(element)
    }
}

fn push_extension(target: &mut Vec<u8>, oid: &[u8], value: &[u8]) {
    let mut parts = oid.to_vec();
    push_element(&mut parts, OCTET_STRING, value);
    push_element(target, SEQUENCE, &parts);
}

fn push_time(target: &mut Vec<u8>, moment: OffsetDateTime) -> Result<()> {
    let text = asn1_time::text(moment)?;
    let tag = if text.len() == 13 { UTC_TIME } else { GENERALIZED_TIME };
    push_element(target, tag, text.as_bytes());
    Ok(())
}

/// A positive INTEGER: a leading zero where the top bit is set.
fn push_integer(target: &mut Vec<u8>, magnitude: &[u8]) {
    if magnitude.first().is_some_and(|first| first & 0x80 != 0) {
        target.push(INTEGER);
        push_length(target, magnitude.len() + 1);
        target.push(0);
        target.extend_from_slice(magnitude);
    } else {
        push_element(target, INTEGER, magnitude);
    }
}

fn push_element(target: &mut Vec<u8>, tag: u8, content: &[u8]) {
    target.push(tag);
    push_length(target, content.len());
    target.extend_from_slice(content);
}

fn push_length(target: &mut Vec<u8>, length: usize) {
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => target.push(short),
        _ => {
            let octets = length.to_be_bytes();
            let start = octets.iter().position(|octet| *octet != 0).unwrap_or(octets.len() - 1);
            let octets = &octets[start..];
            // At most eight octets follow.
            target.push(0x80 | u8::try_from(octets.len()).unwrap_or(8));
            target.extend_from_slice(octets);
        }
    }
}

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
    pub fn to_pem(&self) -> Result<String> {
        Ok(pem::encode(LABEL, &self.der)?.to_string())
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
        let again = Crl::from_file_content(crl.to_pem().unwrap().as_bytes()).unwrap();
        assert_eq!(again.as_der(), crl.as_der());
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

    #[test]
    fn lengths_take_as_many_octets_as_they_need() {
        for (length, encoded) in [
            (0x7F, vec![0x7F]),
            (0x80, vec![0x81, 0x80]),
            (0x100, vec![0x82, 1, 0]),
            (0x1_0000, vec![0x83, 1, 0, 0]),
        ] {
            let mut target = Vec::new();
            push_length(&mut target, length);
            assert_eq!(target, encoded);
        }
    }
}
