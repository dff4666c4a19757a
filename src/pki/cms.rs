//! A signature around a content: `SignedData` of the Cryptographic Message Syntax (RFC 5652 section 5), one
//! signer, the content inside, the signer's certificates with it.
//!
//! Signed are the content's type, its digest, and the time of signing (RFC 5652 section 11), as every verifier
//! expects them.

use cms::cert::x509::attr::{Attribute, AttributeValue, Attributes};
use cms::cert::x509::name::Name;
use cms::cert::x509::serial_number::SerialNumber;
use cms::cert::x509::spki::AlgorithmIdentifierOwned;
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use der::asn1::{Any, ObjectIdentifier, OctetString, SetOfVec};
use der::{Decode, Encode};
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::key::{PrivateKey, SigningAlgorithm};
use crate::pki::{asn1_time, tlv};

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");

/// Signs `content` with the key of the first certificate; all of them go into the result, which is DER.
///
/// # Errors
/// Refused: an Ed25519 key; a certificate that does not come out of a signature as it went in. A bug: no certificate, or DER
/// that is none.
pub fn sign(
    content: &[u8],
    certificates: &[&Certificate],
    key: &PrivateKey,
    at: OffsetDateTime,
) -> Result<Vec<u8>> {
    let signer = certificates.first().ok_or_else(|| Error::bug("a signature without a signer"))?;
    let algorithms = Algorithms::of(key.signing_algorithm())?;
    let digest = aws_lc_rs::digest::digest(algorithms.digest, content);
    let attributes = attributes(digest.as_ref(), at)?;
    // What is signed is their SET OF, not the implicit tag that they have in the `SignerInfo` (RFC 5652 5.4).
    let signature = key.sign(&attributes.to_der().map_err(composing)?)?;
    let info = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(identifier(signer)?),
        digest_alg: algorithms.digest_identifier(),
        signed_attrs: Some(attributes),
        signature_algorithm: algorithms.signature_identifier(),
        signature: OctetString::new(signature).map_err(composing)?,
        unsigned_attrs: None,
    };
    let choices: Vec<_> = certificates.iter().map(|one| choice(one)).collect::<Result<_>>()?;
    let inside = OctetString::new(content).map_err(composing)?;
    let data = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: set_of(algorithms.digest_identifier())?,
        encap_content_info: EncapsulatedContentInfo {
            econtent_type: DATA,
            econtent: Some(Any::encode_from(&inside).map_err(composing)?),
        },
        certificates: Some(CertificateSet(SetOfVec::try_from(choices).map_err(composing)?)),
        crls: None,
        signer_infos: SignerInfos(set_of(info)?),
    };
    let content = Any::encode_from(&data).map_err(composing)?;
    ContentInfo { content_type: SIGNED_DATA, content }.to_der().map_err(composing)
}

/// Refuses a kind of key that verifiers do not know: Ed25519 (RFC 8419), which OpenSSL 3.0 cannot verify here.
pub fn check_key(key: &PrivateKey) -> Result<()> {
    Algorithms::of(key.signing_algorithm()).map(|_| ())
}

/// The algorithms of a kind of key: RFC 3370 for RSA, RFC 5754 for ECDSA.
struct Algorithms {
    digest: &'static aws_lc_rs::digest::Algorithm,
    digest_oid: &'static str,
    signature_oid: &'static str,
    /// RSA's parameters are NULL, the others have none.
    null_parameters: bool,
}

impl Algorithms {
    fn of(algorithm: SigningAlgorithm) -> Result<Self> {
        use aws_lc_rs::digest::{SHA256, SHA384, SHA512};
        const SHA256_OID: &str = "2.16.840.1.101.3.4.2.1";
        const SHA384_OID: &str = "2.16.840.1.101.3.4.2.2";
        const SHA512_OID: &str = "2.16.840.1.101.3.4.2.3";
        let (digest, digest_oid, signature_oid) = match algorithm {
            SigningAlgorithm::RsaSha256 => (&SHA256, SHA256_OID, "1.2.840.113549.1.1.1"),
            SigningAlgorithm::EcdsaP256Sha256 => (&SHA256, SHA256_OID, "1.2.840.10045.4.3.2"),
            SigningAlgorithm::EcdsaP384Sha384 => (&SHA384, SHA384_OID, "1.2.840.10045.4.3.3"),
            SigningAlgorithm::EcdsaP521Sha512 => (&SHA512, SHA512_OID, "1.2.840.10045.4.3.4"),
            SigningAlgorithm::Ed25519 => {
                return Err(Error::refused(
                    "a signature with an Ed25519 key is verified by hardly any program",
                )
                .hint("sign with another pair, as a server's with an EC or RSA key"));
            }
        };
        let null_parameters = algorithm == SigningAlgorithm::RsaSha256;
        Ok(Self { digest, digest_oid, signature_oid, null_parameters })
    }

    fn digest_identifier(&self) -> AlgorithmIdentifierOwned {
        AlgorithmIdentifierOwned {
            oid: ObjectIdentifier::new_unwrap(self.digest_oid),
            parameters: None,
        }
    }

    fn signature_identifier(&self) -> AlgorithmIdentifierOwned {
        AlgorithmIdentifierOwned {
            oid: ObjectIdentifier::new_unwrap(self.signature_oid),
            parameters: self.null_parameters.then(Any::null),
        }
    }
}

fn attributes(digest: &[u8], at: OffsetDateTime) -> Result<Attributes> {
    let attribute =
        |oid, value| -> Result<Attribute> { Ok(Attribute { oid, values: set_of(value)? }) };
    let digest = OctetString::new(digest).map_err(composing)?;
    let time = AttributeValue::from_der(&moment(at)?).map_err(composing)?;
    let all = vec![
        attribute(CONTENT_TYPE, AttributeValue::encode_from(&DATA).map_err(composing)?)?,
        attribute(MESSAGE_DIGEST, AttributeValue::encode_from(&digest).map_err(composing)?)?,
        attribute(SIGNING_TIME, time)?,
    ];
    Attributes::try_from(all).map_err(composing)
}

/// `UTCTime` until 2049, `GeneralizedTime` from then on (RFC 5652 11.3).
fn moment(at: OffsetDateTime) -> Result<Vec<u8>> {
    const UTC_TIME: u8 = 0x17;
    const GENERALIZED_TIME: u8 = 0x18;
    let tag = if at.year() < 2050 { UTC_TIME } else { GENERALIZED_TIME };
    tlv::raw_element(tag, asn1_time::text(at)?.as_bytes())
}

fn set_of<T: der::DerOrd>(one: T) -> Result<SetOfVec<T>> {
    SetOfVec::try_from(vec![one]).map_err(composing)
}

fn identifier(signer: &Certificate) -> Result<IssuerAndSerialNumber> {
    let (_, parsed) = X509Certificate::from_der(signer.as_der())
        .map_err(|_| Error::bug("a certificate that was read is none"))?;
    Ok(IssuerAndSerialNumber {
        issuer: Name::from_der(signer.issuer.as_der()).map_err(|error| unfit(signer, error))?,
        serial_number: SerialNumber::new(parsed.raw_serial())
            .map_err(|error| unfit(signer, error))?,
    })
}

/// A certificate that is written otherwise than it was read would not verify any more.
fn choice(certificate: &Certificate) -> Result<CertificateChoices> {
    let read = cms::cert::x509::Certificate::from_der(certificate.as_der())
        .map_err(|error| unfit(certificate, error))?;
    let written = read.to_der().map_err(composing)?;
    if written != certificate.as_der() {
        return Err(Error::refused(format!(
            "the certificate of {} cannot go into a signature unchanged",
            certificate.title()
        )));
    }
    Ok(CertificateChoices::Certificate(read))
}

fn unfit(certificate: &Certificate, error: der::Error) -> Error {
    Error::refused(format!("the certificate of {} cannot sign a profile", certificate.title()))
        .caused_by(error)
}

fn composing(error: der::Error) -> Error {
    Error::bug("a signature could not be composed").caused_by(error)
}
