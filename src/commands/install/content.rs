//! What one installation puts where. All of it is checked before anything is written.

use crate::cli::Global;
use crate::commands::install::lists;
use crate::commands::install::target::Occasion;
use crate::commands::pair::Pair;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::mail::installation::{self, File};
use crate::mail::server::Layout;
use crate::pki::bundle;
use crate::pki::certificate::Certificate;
use crate::store::crl::hash_dir::Kind;
use crate::store::folder::CertificateFolder;
use crate::store::installed::{Record, Wanted};
use crate::store::layout;

/// The mode of what everybody may read.
const EVERYBODY: u32 = 0o444;

/// A link by which OpenSSL finds a file: the file, the hash, and what it is.
pub(super) type Link = (String, String, Kind);

/// What a server's folders are to hold.
pub(super) struct Content {
    /// The files in its folder.
    pub(super) files: Vec<Wanted>,
    /// The links there.
    pub(super) links: Vec<Link>,
    /// The files in its public folder, where there is one.
    pub(super) public: Vec<Wanted>,
    /// The links there.
    pub(super) public_links: Vec<Link>,
    /// The certificate that the server is to present.
    pub(super) leaf: Option<Certificate>,
}

impl Content {
    /// Puts it together.
    pub(super) fn of(
        folder: &CertificateFolder,
        record: &Record,
        layout: &Layout,
        occasion: Occasion,
        global: &Global,
        env: &mut Env,
    ) -> Result<Self> {
        let pair = match (pair(folder, occasion, global, env), occasion) {
            (Ok(pair), _) => Some(pair),
            // A server that refuses revoked clients must not wait for its own certificate.
            (Err(error), Occasion::Crl) => {
                env.warn(&format!("{}: {error}", folder.path().display()));
                None
            }
            (Err(error), _) => return Err(error),
        };
        let chain = match &pair {
            Some(pair) => pair.chain.clone(),
            None => folder.certificates(layout::CHAIN)?,
        };
        let mut files = match &pair {
            Some(pair) => {
                // Whatever form key.pem has, a server gets what all of them read.
                let key = pair.key.to_pem()?;
                let (key, leaf) = (key.as_bytes(), &pair.certificate);
                installation::pair(layout, record.combined, key, leaf, &chain)?
            }
            None => Vec::new(),
        };
        let authorities = if layout.hash_links || record.public.is_some() {
            authorities(&chain)?
        } else {
            Vec::new()
        };
        let mut links = if layout.hash_links { authorities.clone() } else { Vec::new() };
        if layout.reads_crl
            && let Some(lists) = lists::lists(record, &chain, occasion, global, env)?
        {
            files.extend(installation::revocation(layout, &chain, &lists.pem)?);
            if layout.hash_links {
                for list in lists.hashed {
                    files.push(installation::public(layout, &list.name, list.pem));
                    links.push((list.name, list.hash, Kind::List));
                }
            }
        }
        let leaf = pair.map(|pair| pair.certificate);
        let public = match &record.public {
            Some(_) => public(&chain, leaf.as_ref())?,
            None => Vec::new(),
        };
        Ok(Self {
            files: files.into_iter().map(wanted).collect(),
            links,
            public,
            public_links: authorities,
            leaf,
        })
    }
}

/// The certificate and its key. A key that others may know is refused where somebody asks for it to be
/// installed; later that would hold up a renewal.
fn pair(
    folder: &CertificateFolder,
    occasion: Occasion,
    global: &Global,
    env: &mut Env,
) -> Result<Pair> {
    let pair = Pair::read(folder, global, env)?;
    match folder.check_key_is_private() {
        Err(error) if occasion == Occasion::Asked => Err(error),
        Err(error) => {
            env.warn(&error.to_string());
            Ok(pair)
        }
        Ok(()) => Ok(pair),
    }
}

fn wanted((name, mode, content): File) -> Wanted {
    Wanted { name, mode, content }
}

/// The links to the CA certificates.
fn authorities(chain: &[Certificate]) -> Result<Vec<Link>> {
    let mut links: Vec<Link> = Vec::new();
    for authority in chain {
        let hash = authority.subject.openssl_hash()?;
        if links.iter().all(|(_, known, _)| *known != hash) {
            links.push((installation::CA.to_owned(), hash, Kind::Authority));
        }
    }
    Ok(links)
}

/// The public certificates where other users may read them.
fn public(chain: &[Certificate], leaf: Option<&Certificate>) -> Result<Vec<Wanted>> {
    let file = |name: &str, text: String| {
        wanted((name.to_owned(), EVERYBODY, zeroize::Zeroizing::new(text.into_bytes())))
    };
    let mut files = vec![file(installation::CA, bundle::to_pem(chain)?)];
    if let Some(leaf) = leaf {
        files.push(file(installation::CERTIFICATE, leaf.to_pem()?));
    }
    if chain.is_empty() {
        return Err(Error::refused("no CA certificate is in cacert.pem"));
    }
    Ok(files)
}
