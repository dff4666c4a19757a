//! From a request to a certificate: what was approved is what is signed. The first byte chooses profile and
//! form, the next two the length of the subject in DER; the rest are the attributes of the request, or the
//! subjectAltName alone.

use der::{Tag, TagNumber};
use mailca::error::Result;
use mailca::mail::access_map::{AccessMap, Fingerprint, Hash};
use mailca::mail::server::Server;
use mailca::pki::certificate::Certificate;
use mailca::pki::general_name::GeneralName;
use mailca::pki::issue::issue;
use mailca::pki::policy::{Approved, Terms, approve};
use mailca::pki::profile::Profile;
use mailca::pki::request::Request;
use mailca::pki::serial::Serial;
use mailca::pki::tlv;
use mailca::store::index::{self, Row};
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate};

use super::fixture::{AUTHORITY, NOW};

/// A certificate says of its owner what was approved, whoever reads it, and so do the records of it.
pub fn check(input: &[u8]) {
    let Some(request) = request(input).and_then(|der| Request::from_der(&der).ok()) else { return };
    super::assert_is_plain(&request.title());
    let profile = Profile::ALL[usize::from(input[0] & 3)];
    match signed(&request, profile) {
        Ok((approved, certificate)) => {
            approved.remarks().iter().for_each(|remark| super::assert_is_plain(remark));
            check_certificate(&request, &approved, &certificate);
            check_records(&certificate);
        }
        Err(error) => super::assert_error_is_plain(&error),
    }
}

/// The certificate that is made of an input, where one is: for other programs to read.
pub fn certificate(input: &[u8]) -> Option<Certificate> {
    let request = Request::from_der(&request(input)?).ok()?;
    Some(signed(&request, Profile::ALL[usize::from(input[0] & 3)]).ok()?.1)
}

/// The certificate of the CA that signs.
pub fn authority() -> &'static Certificate {
    &AUTHORITY.certificate
}

fn signed(request: &Request, profile: Profile) -> Result<(Approved, Certificate)> {
    let authority = &*AUTHORITY;
    let terms = Terms { profile, days: 90, more_names: Vec::new(), path_length: 0, crl_url: None };
    let chain = std::slice::from_ref(&authority.certificate);
    let approved = approve(request, &terms, chain, NOW)?;
    let serial = Serial::from_bytes(&[2]);
    let certificate = issue(&approved, &authority.certificate, &authority.key, &serial)?;
    Ok((approved, certificate))
}

/// A request of that subject with those attributes, with a signature that is right.
fn request(input: &[u8]) -> Option<Vec<u8>> {
    let ([form, high, low], rest) = input.split_first_chunk::<3>()?;
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let (subject, rest) = rest.split_at_checked(length)?;
    let attributes = if form & 4 == 0 { rest.to_vec() } else { names(rest).ok()? };
    let key = &AUTHORITY.other_key;
    let tagged = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
    let sign = || -> Result<Vec<u8>> {
        let attributes = tlv::element(tagged, &[&attributes])?;
        let info = tlv::sequence(&[b"\x02\x01\x00", subject, key.public_key(), &attributes])?;
        let signature = tlv::bit_string(&key.sign(&info)?)?;
        tlv::sequence(&[&info, b"\x30\x05\x06\x03\x2b\x65\x70", &signature])
    };
    sign().ok()
}

/// The attribute that asks for these names (RFC 2985 5.4.2).
fn names(general_names: &[u8]) -> Result<Vec<u8>> {
    let names = tlv::element(Tag::OctetString, &[&tlv::sequence(&[general_names])?])?;
    let extension = tlv::sequence(&[b"\x06\x03\x55\x1d\x11", &names])?;
    let values = tlv::element(Tag::Set, &[&tlv::sequence(&[&extension])?])?;
    tlv::sequence(&[b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e", &values])
}

fn check_certificate(request: &Request, approved: &Approved, certificate: &Certificate) {
    let (rest, read) = X509Certificate::from_der(certificate.as_der()).expect("it is readable");
    assert!(rest.is_empty());
    assert_eq!(read.subject().as_raw(), request.subject.as_der());
    assert_eq!(read.subject().as_raw(), approved.subject().as_der());
    let attributes = read.subject().iter().map(|rdn| rdn.iter().count());
    assert!(attributes.eq(approved.subject().rdns().iter().map(Vec::len)));
    assert_eq!(read.public_key().raw, request.public_key);
    assert_eq!(read.issuer().as_raw(), AUTHORITY.certificate.subject.as_der());
    assert_eq!(read.is_ca(), approved.profile() == Profile::Ca);
    assert_eq!(read.validity().not_after.to_datetime(), approved.not_after());
    assert_eq!(read.validity().not_before.to_datetime(), approved.not_before());
    assert!(read.verify_signature(Some(&read_issuer().public_key().clone())).is_ok());
    let mut found = Vec::new();
    for extension in read.extensions() {
        assert!(!matches!(extension.parsed_extension(), ParsedExtension::ParseError { .. }));
        if let ParsedExtension::SubjectAlternativeName(names) = extension.parsed_extension() {
            found.extend(names.general_names.iter().map(GeneralName::from));
            assert_eq!(extension.critical, approved.subject().is_empty());
        }
    }
    assert_eq!(found, approved.alternative_names());
    assert_eq!(certificate.alternative_names, approved.alternative_names());
    assert_eq!(certificate.subject, *approved.subject());
    for name in &found {
        // A name that nobody could match or that a terminal would obey is not signed.
        assert_eq!(name.validated().ok().as_ref(), Some(name));
    }
}

fn read_issuer() -> X509Certificate<'static> {
    X509Certificate::from_der(AUTHORITY.certificate.as_der()).expect("the CA is readable").1
}

/// The row of the index and the entries of access maps are one line each, whatever the names.
fn check_records(certificate: &Certificate) {
    let line = index::line(certificate).expect("it has a row");
    assert_eq!(line.matches('\n').count(), 1);
    assert!(line.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\n')));
    let row = Row::parse(line.as_bytes()).expect("a row is a row");
    assert_eq!(row.serial().as_ref(), Some(&certificate.serial));
    assert_eq!(row.not_after(), Some(certificate.not_after));
    assert_eq!(row.to_line(), line.as_bytes());
    for server in Server::ALL {
        let mut map = AccessMap::new(server, Fingerprint { hash: Hash::Sha256, of_key: false });
        let lines = |map: &AccessMap| map.text("map").lines().count();
        let before = lines(&map);
        if map.admit(certificate).is_ok() {
            let text = map.text("map");
            super::assert_lines_are_plain(&text.replace('\t', " "));
            let entries = map.entries().count();
            assert!(lines(&map) - before <= 2 * entries + map.remarks().len() + 2, "{text}");
        }
    }
}
