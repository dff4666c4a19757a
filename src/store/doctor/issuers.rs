//! The keys of this CA, for what it signed.

use std::io::ErrorKind;

use fs_err as fs;

use crate::error::Result;
use crate::pki::certificate::Certificate;
use crate::pki::crl::Crl;
use crate::store::ca::CaFolder;
use crate::store::{input, layout};

/// The certificates of the CA's present key and of its former ones.
#[derive(Debug)]
pub(super) struct Issuers(Vec<Certificate>);

impl Issuers {
    pub(super) fn of(ca: &CaFolder) -> Result<Self> {
        let mut all = vec![ca.certificate().clone()];
        let entries = match fs::read_dir(ca.path().join(layout::PREVIOUS)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self(all)),
            Err(error) => return Err(error.into()),
        };
        for entry in entries {
            let path = entry?.path();
            if path.to_string_lossy().ends_with(".cert.pem") {
                all.extend(
                    Certificate::from_file_content(&input::read_plain(&path)?).unwrap_or_default(),
                );
            }
        }
        Ok(Self(all))
    }

    pub(super) fn certificates(&self) -> &[Certificate] {
        &self.0
    }

    /// Whether one of these keys signed it, or it is one of these itself.
    pub(super) fn issued(&self, certificate: &Certificate) -> bool {
        self.0.iter().any(|own| own.as_der() == certificate.as_der())
            || self.0.iter().any(|issuer| certificate.is_issued_by(issuer))
    }

    /// Whether one of these keys signed the list.
    pub(super) fn signed(&self, crl: &Crl) -> bool {
        self.0.iter().any(|issuer| crl.check_signature(issuer).is_ok())
    }
}
