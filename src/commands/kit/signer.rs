//! Who signs the profile: the CA, or somebody whose pair is at hand.

use std::path::Path;

use time::OffsetDateTime;

use crate::cli::{Global, Kit};
use crate::commands::ca_key;
use crate::commands::pair::Pair;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::cms;
use crate::pki::key::PrivateKey;
use crate::store::ca::CaFolder;
use crate::store::folder::CertificateFolder;

/// A key with its certificate and those above it.
pub(super) struct Signer {
    key: PrivateKey,
    certificates: Vec<Certificate>,
}

/// Opens the key that the options name; `None` where nobody is to sign.
pub(super) fn open(args: &Kit, global: &Global, env: &mut Env) -> Result<Option<Signer>> {
    let signer = if let Some(name) = &args.sign_with {
        let folder = CertificateFolder::at(Path::new(name), &global.ca_dir)?;
        let pair = Pair::read(&folder, global, env).map_err(|error| error.at("--sign-with"))?;
        let certificates = std::iter::once(pair.certificate).chain(pair.chain).collect();
        Signer { key: pair.key, certificates }
    } else if args.sign {
        let ca = CaFolder::open(&global.ca_dir)?;
        let (now, end) = (env.now()?, ca.certificate().not_after);
        if end < now {
            return Err(Error::refused(format!(
                "the CA's certificate expired on {}, and today is {}",
                end.date(),
                now.date()
            ))
            .hint("`mailca rekey-ca` makes it anew"));
        }
        Signer { key: ca_key(&ca, &args.passphrase, env)?, certificates: ca.chain().to_vec() }
    } else {
        return Ok(None);
    };
    cms::check_key(&signer.key)?;
    Ok(Some(signer))
}

impl Signer {
    /// Whose signature it is.
    pub(super) fn title(&self) -> String {
        self.certificates.first().map(Certificate::title).unwrap_or_default()
    }

    /// The signed form of a profile.
    pub(super) fn sign(&self, profile: &[u8], now: OffsetDateTime) -> Result<Vec<u8>> {
        let certificates: Vec<_> = self.certificates.iter().collect();
        cms::sign(profile, &certificates, &self.key, now)
    }
}
