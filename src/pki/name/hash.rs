//! The hash by which OpenSSL looks for a CA's certificate or CRL in a folder: `HASH.0`, `HASH.r0`.

use super::Name;
use super::compare::canonical;
use crate::error::{Error, Result};
use crate::pki::digest::sha1;
use crate::pki::tlv;

const UTF8_STRING: u8 = 12;

impl Name {
    /// OpenSSL's hash of this name (`openssl x509 -subject_hash`): the first four octets of the SHA-1
    /// of its canonical encoding, least significant first, as eight hexadecimal digits.
    pub fn openssl_hash(&self) -> Result<String> {
        let mut encoded = Vec::new();
        for rdn in self.rdns() {
            let mut attributes = Vec::new();
            for attribute in rdn {
                let oid: der::asn1::ObjectIdentifier = attribute
                    .oid
                    .parse()
                    .map_err(|_| Error::refused("malformed distinguished name"))?;
                let (_, tag, value) = canonical(attribute.clone());
                // OpenSSL's canonical strings are UTF8String; anything else stays as it is.
                let tag = u8::try_from(tag).unwrap_or(UTF8_STRING);
                let oid = tlv::element(der::Tag::ObjectIdentifier, &[oid.as_bytes()])?;
                attributes.push(tlv::sequence(&[&oid, &tlv::raw_element(tag, &value)?])?);
            }
            // A SET OF in DER is sorted by encoding.
            attributes.sort();
            let parts: Vec<&[u8]> = attributes.iter().map(Vec::as_slice).collect();
            encoded.extend(tlv::element(der::Tag::Set, &parts)?);
        }
        let digest = sha1(&encoded);
        let number = u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]);
        Ok(format!("{number:08x}"))
    }
}
