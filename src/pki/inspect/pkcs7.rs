//! Certificates and CRLs in a PKCS#7 file (RFC 5652 5.1), as Windows exports chains.

use super::Item;
use super::text::count;
use crate::error::{Error, Result};
use crate::pki::tlv;

const SET: u8 = 0x31;
const CERTIFICATES: u8 = 0xA0;
const CRLS: u8 = 0xA1;

/// A `SignedData`.
pub struct Pkcs7View {
    /// Its certificates, then its CRLs.
    pub items: Vec<Item>,
    /// How many have signed it; none in a file that is there for its certificates.
    pub signers: usize,
}

impl Pkcs7View {
    pub(super) fn read(der: &[u8]) -> Result<Self> {
        if der.get(1) == Some(&0x80) {
            return Err(Error::refused(
                "it has indefinite lengths (BER); convert it: openssl pkcs7 -in OLD -out NEW",
            ));
        }
        let malformed = || Error::refused("malformed PKCS#7");
        let outer = tlv::elements(der)?;
        let content = outer.get(1).ok_or_else(malformed)?;
        let content = tlv::elements_of(content, context(0))?;
        let fields = tlv::elements(content.first().ok_or_else(malformed)?)?;
        let mut items = Vec::new();
        let mut signers = 0;
        for field in fields.iter().skip(3) {
            match field[0] {
                CERTIFICATES => {
                    items
                        .extend(tlv::elements_of(field, context(0))?.into_iter().map(Item::of_der));
                }
                CRLS => {
                    items
                        .extend(tlv::elements_of(field, context(1))?.into_iter().map(Item::of_der));
                }
                SET => signers = tlv::elements_of(field, der::Tag::Set)?.len(),
                _ => return Err(malformed()),
            }
        }
        Ok(Self { items, signers })
    }

    /// What is in it, in a few words.
    pub fn summary(&self) -> String {
        let things = count(self.items.len(), "item");
        match self.signers {
            0 => format!("{things}, unsigned"),
            signers => format!("{things}, {}", count(signers, "signer")),
        }
    }
}

fn context(number: u32) -> der::Tag {
    der::Tag::ContextSpecific { constructed: true, number: der::TagNumber(number) }
}
