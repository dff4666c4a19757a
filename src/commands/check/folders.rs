//! The certificate folders of the current directory: which of them has the certificate that a server presents.

use std::path::Path;
use std::sync::OnceLock;

use fs_err as fs;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::net::target::Host;
use crate::pki::certificate::Certificate;
use crate::pki::identity::Identity;
use crate::store::folder::FolderName;
use crate::store::{input, layout};

/// So many folders are looked into: of a CA for persons there may be very many.
const MOST: usize = 10_000;

/// Read when they are asked for first.
#[derive(Default)]
pub(super) struct Folders(OnceLock<Vec<(String, Certificate)>>);

impl Folders {
    /// The folder of this certificate; else the one whose certificate for the host lasts longest, where the server
    /// has another or none. `.` is the current one.
    pub(super) fn find(&self, own: Option<&Certificate>, host: &Host) -> Option<String> {
        let all = self.0.get_or_init(read);
        let is_it =
            |one: &&(String, Certificate)| own.is_some_and(|own| own.as_der() == one.1.as_der());
        let identity = match host {
            Host::Name(name) => Identity::Host(name.clone()),
            Host::Address(address) => Identity::Address(*address),
        };
        let is_for_host = |one: &&(String, Certificate)| is_for(&one.1, &identity);
        let of_host = || all.iter().filter(is_for_host).max_by_key(|one| one.1.not_after);
        all.iter().find(is_it).or_else(of_host).map(|(name, _)| name.clone())
    }
}

fn is_for(own: &Certificate, identity: &Identity) -> bool {
    X509Certificate::from_der(own.as_der()).is_ok_and(|(_, parsed)| identity.check(&parsed).is_ok())
}

/// What cannot be read is passed over: it is advice that hangs on it.
fn read() -> Vec<(String, Certificate)> {
    let entries = fs::read_dir(".").into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let names = names.filter(|name| FolderName::parse(name).is_ok()).take(MOST);
    std::iter::once(".".to_owned())
        .chain(names)
        .filter_map(|name| {
            let path = Path::new(&name).join(layout::CERTIFICATE.name);
            let content = input::read_if_there(&path).ok()??;
            let own = Certificate::from_file_content(&content).ok()?.into_iter().next()?;
            Some((name, own))
        })
        .collect()
}
