//! The certificate folders of the current directory: which of them has the certificate that a server presents.

use std::path::Path;
use std::sync::OnceLock;

use fs_err as fs;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::mail::check::judge::OneFolder;
use crate::net::target::Host;
use crate::pki::certificate::Certificate;
use crate::pki::identity::Identity;
use crate::store::folder::FolderName;
use crate::store::{input, layout};

/// So many folders are looked into: of a CA for persons there may be very many.
const MOST: usize = 10_000;

/// Read when they are asked for first.
#[derive(Default)]
pub(super) struct Folders(OnceLock<Vec<OneFolder>>);

impl Folders {
    /// The folders of this certificate; else those that have one for the host. `.` is the current one.
    pub(super) fn find(&self, own: Option<&Certificate>, host: &Host) -> Vec<OneFolder> {
        let all = self.0.get_or_init(read);
        let is_it = |one: &&OneFolder| {
            let theirs = one.chain.first().map(Certificate::as_der);
            own.is_some_and(|own| Some(own.as_der()) == theirs)
        };
        let found: Vec<_> = all.iter().filter(is_it).take(1).cloned().collect();
        if !found.is_empty() {
            return found;
        }
        let identity = match host {
            Host::Name(name) => Identity::Host(name.clone()),
            Host::Address(address) => Identity::Address(*address),
        };
        let is_for_host =
            |one: &&OneFolder| one.chain.first().is_some_and(|own| is_for(own, &identity));
        all.iter().filter(is_for_host).cloned().collect()
    }
}

fn is_for(own: &Certificate, identity: &Identity) -> bool {
    X509Certificate::from_der(own.as_der()).is_ok_and(|(_, parsed)| identity.check(&parsed).is_ok())
}

/// What cannot be read is passed over: it is advice that hangs on it.
fn read() -> Vec<OneFolder> {
    let entries = fs::read_dir(".").into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let names = names.filter(|name| FolderName::parse(name).is_ok()).take(MOST);
    std::iter::once(".".to_owned())
        .chain(names)
        .filter_map(|name| {
            let path = Path::new(&name).join(layout::CERTIFICATE.name);
            let content = input::read_if_there(&path).ok()??;
            let mut chain = Certificate::from_file_content(&content).ok()?;
            // What the CA has above it, where the file is the certificate alone.
            let above = Path::new(&name).join(layout::CA_CERTIFICATE.name);
            if let (1, Ok(Some(content))) = (chain.len(), input::read_if_there(&above)) {
                chain.extend(Certificate::from_file_content(&content).unwrap_or_default());
            }
            Some(OneFolder { name, chain })
        })
        .collect()
}
