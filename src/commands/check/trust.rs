//! Whom a check trusts: the CA here, files that were named, or the system.

use std::path::PathBuf;

use crate::cli::{Check, Global};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::mail::check::judge::Trust;
use crate::pki::certificate::Certificate;
use crate::pki::crl::Crl;
use crate::pki::pem;
use crate::store::ca::CaFolder;
use crate::store::input;

/// Where systems keep the CAs that they trust, in one file.
const SYSTEM: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
];

/// What is trusted, in DER.
pub(super) struct Trusted {
    pub(super) trust: Trust,
    pub(super) roots: Vec<Vec<u8>>,
    /// The system's, where the roots are others; none where there is no such list.
    pub(super) system: Vec<Vec<u8>>,
    /// Revocation lists in the files that were named.
    pub(super) lists: Vec<Crl>,
    /// The CA here, to ask what it has revoked.
    pub(super) ca: Option<CaFolder>,
}

impl Trusted {
    /// What the options say; else the CA here; else the system's.
    pub(super) fn load(args: &Check, global: &Global, env: &mut Env) -> Result<Self> {
        let ca = open(global)?;
        if !args.ca.is_empty() {
            let (mut roots, mut lists) = (Vec::new(), Vec::new());
            for path in &args.ca {
                let content = input::read(path)?;
                let found = Certificate::from_file_content(&content)
                    .map_err(|error| error.at(path.display()))?;
                roots.extend(found.iter().map(|one| one.as_der().to_vec()));
                // OpenSSL's programs take both from one file.
                if pem::is_pem(&content) {
                    let blocks = pem::blocks(&content).map_err(|error| error.at(path.display()))?;
                    let found = blocks.iter().filter(|block| block.label == "X509 CRL");
                    let found = found.map(|block| Crl::from_der(&block.der));
                    let found = found.collect::<Result<Vec<_>>>();
                    lists.extend(found.map_err(|error| error.at(path.display()))?);
                }
            }
            return Ok(Self { trust: Trust::Given, roots, system: Vec::new(), lists, ca });
        }
        let system = system(env);
        if let (Some(here), false) = (&ca, args.system_roots) {
            let roots = here.bundle().all().map(|one| one.as_der().to_vec()).collect();
            // Only whether a certificate is from a public CA hangs on it.
            let system = system.ok().flatten().unwrap_or_default();
            return Ok(Self { trust: Trust::Own, roots, system, lists: Vec::new(), ca });
        }
        let Some(roots) = system? else {
            return Err(Error::refused("the system has no list of CAs that it trusts").hint(
                "install the package ca-certificates, or name one with --ca or SSL_CERT_FILE",
            ));
        };
        if !args.system_roots {
            env.say(&format!(
                "there is no CA in {}; the system's CAs are trusted",
                global.ca_dir.display()
            ));
        }
        Ok(Self { trust: Trust::System, roots, system: Vec::new(), lists: Vec::new(), ca })
    }

    /// Whether a list is by one of those that are trusted.
    pub(super) fn is_signed(&self, list: &Crl) -> bool {
        let roots = self.roots.iter().filter_map(|der| Certificate::from_der(der).ok());
        roots.into_iter().any(|root| list.check_signature(&root).is_ok())
    }
}

/// The CA here, if there is any. One that is broken is not passed over in silence.
fn open(global: &Global) -> Result<Option<CaFolder>> {
    match global.ca_dir.symlink_metadata() {
        Ok(_) => CaFolder::open(&global.ca_dir).map(Some),
        Err(_) => Ok(None),
    }
}

/// The list of the system: what OpenSSL's variable names, else the usual file. What cannot be read in it is
/// passed over, as every program does.
fn system(env: &Env) -> Result<Option<Vec<Vec<u8>>>> {
    let named = (env.variable)("SSL_CERT_FILE").filter(|path| !path.is_empty()).map(PathBuf::from);
    let usual = || SYSTEM.map(PathBuf::from).into_iter().find(|path| path.is_file());
    let Some(path) = named.or_else(usual) else { return Ok(None) };
    let blocks = pem::blocks(&input::read(&path)?).map_err(|error| error.at(path.display()))?;
    let found = blocks.iter().filter(|block| block.label.ends_with("CERTIFICATE"));
    Ok(Some(found.map(|block| block.der.to_vec()).collect()))
}
