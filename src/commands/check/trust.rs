//! Whom a check trusts: the CA here, files that were named, or the system.

use std::path::{Path, PathBuf};

use super::given;
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

/// The folder of the CA where none is named.
const DEFAULT: &str = "demoCA";

/// What is trusted, in DER.
pub(super) struct Trusted {
    pub(super) trust: Trust,
    pub(super) roots: Vec<Vec<u8>>,
    /// The system's, where the roots are others; none where there is no such list.
    pub(super) system: Vec<Vec<u8>>,
    /// Revocation lists in the files that were named.
    pub(super) lists: Vec<Crl>,
    /// What the CA here has above it, in DER.
    pub(super) known: Vec<Vec<u8>>,
    /// Why the system's are trusted, where that was not asked for.
    pub(super) note: Option<String>,
    /// The CA here, to ask what it has revoked.
    pub(super) ca: Option<CaFolder>,
}

impl Trusted {
    /// What the options say; else the CA here; else the system's.
    pub(super) fn load(args: &Check, global: &Global, env: &mut Env) -> Result<Self> {
        let ca = open(global)?;
        let bundle = |ca: &CaFolder| ca.bundle().all().map(|one| one.as_der().to_vec()).collect();
        let known: Vec<_> = ca.as_ref().map(bundle).unwrap_or_default();
        let note = None;
        if !args.ca.is_empty() {
            let (mut roots, mut lists) = (Vec::new(), Vec::new());
            for path in &args.ca {
                let content = given::read(path, env)?;
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
            let (trust, system) = (Trust::Given, Vec::new());
            return Ok(Self { trust, roots, system, lists, known, note, ca });
        }
        let system = system(env);
        if ca.is_some() && !args.system_roots {
            // Only whether a certificate is from a public CA hangs on it.
            let system = system.ok().flatten().unwrap_or_default();
            let (trust, roots, lists) = (Trust::Own, known.clone(), Vec::new());
            return Ok(Self { trust, roots, system, lists, known, note, ca });
        }
        let here = global.ca_dir.display();
        let nothing = |error: Error| {
            let error = error.hint(
                "name the CA that is trusted with --ca FILE, or its folder with --ca-dir; or install \
                 the package ca-certificates, or name a list with SSL_CERT_FILE",
            );
            if args.system_roots { error } else { error.hint(format!("there is no CA in {here}")) }
        };
        let Some(roots) = system.map_err(nothing)? else {
            return Err(nothing(Error::refused("the system has no list of CAs that it trusts")));
        };
        let note = (!args.system_roots)
            .then(|| format!("there is no CA in {here}; the system's CAs are trusted"));
        if let Some(note) = &note {
            env.say(note);
        }
        let (trust, system, lists) = (Trust::System, Vec::new(), Vec::new());
        Ok(Self { trust, roots, system, lists, known, note, ca })
    }

    /// Whether a list is by one of those that are trusted.
    pub(super) fn is_signed(&self, list: &Crl) -> bool {
        let roots = self.roots.iter().filter_map(|der| Certificate::from_der(der).ok());
        roots.into_iter().any(|root| list.check_signature(&root).is_ok())
    }
}

/// The CA here, if there is any. One that is broken, or that was named and is not there, is not passed over in
/// silence.
fn open(global: &Global) -> Result<Option<CaFolder>> {
    match global.ca_dir.symlink_metadata() {
        Ok(_) => CaFolder::open(&global.ca_dir).map(Some),
        Err(_) if global.ca_dir == Path::new(DEFAULT) => Ok(None),
        Err(error) => Err(Error::refused("there is no such folder of a CA")
            .caused_by(error)
            .at(global.ca_dir.display())
            .hint(
                "leave --ca-dir and MAILCA_DIR out where only the system's CAs, or --ca, are meant",
            )),
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
