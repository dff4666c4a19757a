//! The CA folder: finding it, reading it, locking it.

use fs_err::os::unix::fs::OpenOptionsExt;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use fs_err as fs;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::pki::bundle::{self, Bundle};
use crate::pki::certificate::Certificate;
use crate::pki::crl::Crl;
use crate::pki::key::PrivateKey;
use crate::pki::revocation::Revocation;
use crate::pki::serial::Serial;
use crate::store::index::Index;
use crate::store::input;
use crate::store::owner::Owner;
use crate::store::{layout, lock, together, way};

/// A CA folder that has a CA in it.
#[derive(Debug)]
pub struct CaFolder {
    path: PathBuf,
    bundle: Bundle,
}

/// Where the CA of a whole machine is, as the Debian package proposes.
const OF_THE_MACHINE: &str = "/var/lib/mailca/demoCA";

impl CaFolder {
    /// Opens the CA in `path` and reads its certificate.
    pub fn open(path: &Path) -> Result<Self> {
        check_own_files(path)?;
        let certificate = path.join(layout::CA_CERTIFICATE.name);
        if let Err(error) = fs::metadata(&certificate)
            && error.kind() == std::io::ErrorKind::PermissionDenied
        {
            return Err(Error::from(error).hint("its owner may read it; is this the right user?"));
        }
        if is_without_certificate(path) {
            return Err(Error::refused(format!(
                "{} is missing, and the CA's other files are there",
                certificate.display()
            ))
            .hint("`mailca doctor --fix` puts it back where it finds it")
            .hint("make no new CA in its place: nobody would trust what it signs"));
        }
        if !certificate.exists() {
            let error = Error::refused(format!("there is no CA in {}", path.display()));
            let error = if Path::new(OF_THE_MACHINE).join(layout::CA_CERTIFICATE.name).exists() {
                error.hint(format!("there is one in {OF_THE_MACHINE}: --ca-dir {OF_THE_MACHINE}"))
            } else {
                error
            };
            return Err(error
                .hint("name the folder of an existing one with --ca-dir or MAILCA_DIR")
                .hint("one that was lost comes back from its backup with `mailca restore`")
                .hint("make one with `mailca newca`"));
        }
        let bundle = read_bundle(&certificate)?;
        Ok(Self { path: path.to_owned(), bundle })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The CA's certificate and those above it, issuer first, root last.
    pub fn chain(&self) -> &[Certificate] {
        self.bundle.chain()
    }

    /// All CA certificates in the CA's cacert.pem: the chain, and during a roll-over the older roots
    /// and the cross certificates.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// The CA's own certificate.
    pub fn certificate(&self) -> &Certificate {
        self.bundle.own()
    }

    /// The chain in PEM, as it stands beside every certificate: with what bridges to older roots
    /// during a roll-over.
    pub fn chain_pem(&self) -> Result<String> {
        bundle::to_pem(self.bundle.beside_certificates())
    }

    /// Reads the CA's key. `passphrase` is asked where it is encrypted.
    pub fn key(
        &self,
        passphrase: impl FnOnce(&Path) -> Result<Zeroizing<String>>,
    ) -> Result<PrivateKey> {
        check_own_files(&self.path)?;
        let path = self.path.join(layout::CA_KEY.name);
        let content = input::read_plain(&path).map_err(|error| {
            let is_missing = fs::metadata(&path).is_err_and(|it| it.kind() == ErrorKind::NotFound);
            if is_missing { key_is_missing(&path) } else { error }
        })?;
        let key = PrivateKey::from_file_content(&content, || passphrase(&path))
            .map_err(|error| error.at(path.display()))?;
        if key.public_key() != self.certificate().public_key {
            return Err(Error::refused(format!(
                "{} is not the key of {}",
                path.display(),
                self.path.join(layout::CA_CERTIFICATE.name).display()
            ))
            .hint("restore the pair that belongs together from a backup"));
        }
        Ok(key)
    }

    /// Who else may have read the CA's key, for a warning.
    pub fn exposure(&self) -> Result<Option<String>> {
        let path = self.path.join(layout::CA_KEY.name);
        let metadata = match fs::metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(key_is_missing(&path)),
            Err(error) => return Err(error.into()),
        };
        let me = rustix::process::geteuid().as_raw();
        let mode = metadata.mode() & 0o777;
        if metadata.uid() != me && metadata.uid() != 0 {
            return Ok(Some(format!("{} belongs to uid {}", path.display(), metadata.uid())));
        }
        let folder = fs::metadata(&self.path)?.mode() & 0o077 != 0;
        let private =
            path.parent().map_or(Ok(0), |parent| fs::metadata(parent).map(|m| m.mode()))?;
        let open = mode & 0o077 != 0 && folder && private & 0o011 != 0;
        Ok(open.then(|| format!("{0} can be read by others: chmod 0400 {0}", path.display())))
    }

    /// The certificate with this serial number, if this CA has recorded it. One with another number in its
    /// place is an error: whoever acts on it would act on somebody else's.
    pub fn issued(&self, serial: &Serial) -> Result<Option<Certificate>> {
        let path = self.issued_path(serial);
        let Some(content) = input::read_if_there(&path)? else { return Ok(None) };
        let found = Certificate::from_file_content(&content)
            .map_err(|error| error.at(path.display()))?
            .into_iter()
            .next();
        match found {
            Some(other) if other.serial != *serial => Err(Error::refused(format!(
                "{} holds another certificate, serial {} of {}",
                path.display(),
                other.serial,
                other.title()
            ))
            .hint("take it from a backup; `mailca doctor` looks at all of them")),
            found => Ok(found),
        }
    }

    /// How many files newcerts/ has; it is counted no further than `enough`.
    pub fn count_issued(&self, enough: u64) -> Result<u64> {
        match fs::read_dir(self.path.join(layout::NEW_CERTIFICATES)) {
            Ok(entries) => {
                Ok(entries.take(usize::try_from(enough).unwrap_or(usize::MAX)).count() as u64)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    /// When and why this CA revoked a certificate of its own, as index.txt says it, or else its revocation
    /// list: an index that was damaged, or came from a backup, may know less.
    pub fn revocation(&self, certificate: &Certificate) -> Result<Option<String>> {
        if !certificate.issuer.same_as(&self.certificate().subject) {
            return Ok(None);
        }
        if let Some(found) = Index::of(&self.path).revocation(&certificate.serial)? {
            return Ok(Some(found));
        }
        let mut listed = self.listed_revocations()?.into_iter();
        if let Some((_, revocation)) = listed.find(|(serial, _)| *serial == certificate.serial) {
            let path = self.path.join(layout::CRL.name);
            return Ok(Some(format!("{revocation}, says {}", path.display())));
        }
        Ok(None)
    }

    /// Why it cannot be known whether this CA has revoked a certificate that it does not call revoked: it was recorded,
    /// and the index lost its line; or there is no index, and a revocation list tells no more than what it was when
    /// it was made; or the index is damaged, and there is no revocation list either.
    pub fn ignorance(&self, certificate: &Certificate) -> Result<Option<String>> {
        if !certificate.issuer.same_as(&self.certificate().subject) {
            return Ok(None);
        }
        let index = Index::of(&self.path);
        let is_missing = index.is_missing();
        let is_own = self.bundle.all().any(|own| own.as_der() == certificate.as_der());
        if is_own || index.contains(&certificate.serial)? {
            return Ok(None);
        }
        let is_recorded = self.issued_path(&certificate.serial).symlink_metadata().is_ok();
        if is_recorded && !is_missing {
            return Ok(Some(format!(
                "{} has lost the row of the serial number {}, which newcerts/ has",
                index.path().display(),
                certificate.serial
            )));
        }
        if !is_missing && (index.vouches_for(&certificate.serial)? || self.has_list()) {
            return Ok(None);
        }
        Ok(Some(format!(
            "{} is missing or damaged, and says nothing of the serial number {}",
            index.path().display(),
            certificate.serial
        )))
    }

    fn has_list(&self) -> bool {
        let path = self.path.join(layout::CRL.name);
        let content = input::read_if_there(&path).unwrap_or_default().unwrap_or_default();
        let lists = Crl::all_from_file_content(&content).unwrap_or_default();
        lists.iter().any(|list| self.bundle.all().any(|one| list.check_signature(one).is_ok()))
    }

    /// What this CA's revocation list revokes. A list that cannot be read says nothing, as one that is missing.
    pub fn listed_revocations(&self) -> Result<Vec<(Serial, Revocation)>> {
        let path = self.path.join(layout::CRL.name);
        let content = input::read_if_there(&path).unwrap_or_default().unwrap_or_default();
        let mut found = Vec::new();
        for list in Crl::all_from_file_content(&content).unwrap_or_default() {
            if self.bundle.all().any(|issuer| list.check_signature(issuer).is_ok()) {
                found.extend(list.entries()?);
            }
        }
        Ok(found)
    }

    /// Where the certificate with this serial number is kept.
    pub fn issued_path(&self, serial: &Serial) -> PathBuf {
        self.path.join(layout::NEW_CERTIFICATES).join(format!("{serial}.pem"))
    }

    /// Gives a file that was just made to the owner of the folder, where root works in somebody else's: they
    /// have to go on with it.
    pub fn give_to_owner(&self, file: &fs::File) -> Result<()> {
        let folder = fs::metadata(&self.path)?;
        if folder.uid() == 0 || !rustix::process::geteuid().is_root() {
            return Ok(());
        }
        Owner { uid: folder.uid(), gid: folder.gid() }.take(file)
    }

    /// Takes the lock of this CA, which ends with the process. Fails where the CA is no longer the one that was
    /// opened.
    pub fn lock(&self) -> Result<Lock> {
        let file = self.lock_file(layout::LOCK)?;
        together::recover(&self.path)?;
        check_own_files(&self.path)?;
        let now = read_bundle(&self.path.join(layout::CA_CERTIFICATE.name))?;
        if now.own().as_der() != self.certificate().as_der() {
            return Err(Error::refused("the CA's certificate was replaced in the meantime")
                .hint("run the command again"));
        }
        Ok(Lock { _file: file })
    }

    /// Takes the lock of those who issue for a list of persons.
    pub fn lock_for_list(&self) -> Result<ListLock> {
        Ok(ListLock { _file: self.lock_file(layout::LIST_LOCK)? })
    }

    /// Keeps commands that change the CA away for a look, without waiting and without making a file: what is half
    /// done then is that of a dead process. Where a living one is at it, the error says which.
    pub fn calm(&self) -> std::result::Result<Calm, String> {
        let mut held = Vec::new();
        for kind in [layout::LIST_LOCK, layout::LOCK] {
            let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
            let opened = fs::OpenOptions::new()
                .read(true)
                .custom_flags(flags.bits().cast_signed())
                .open(self.path.join(kind.name));
            // Nobody has locked what is not there; what cannot be read tells nothing.
            let Ok(file) = opened else { continue };
            if lock::is_held(&file) {
                return Err(lock::holder_of(&file));
            }
            held.push(file);
        }
        Ok(Calm { _files: held })
    }

    fn lock_file(&self, kind: layout::FileKind) -> Result<fs::File> {
        way::check_links(&self.path)?;
        check_leads_nowhere(&self.path)?;
        let path = self.path.join(kind.name);
        let file = lock::open(&path, kind.mode)?;
        // Made by root in somebody's folder it would lock them out. What has a second name may be another file.
        let there = file.metadata()?;
        if there.uid() == 0 && there.nlink() == 1 && there.len() == 0 {
            self.give_to_owner(&file)?;
        }
        lock::exclusive(&file, &path)?;
        Ok(file)
    }
}

/// The right to issue for a list of persons, which one command at a time has. It holds up no other commands.
#[derive(Debug)]
pub struct ListLock {
    _file: fs::File,
}

/// Others wait with their changes as long as this is there.
#[derive(Debug)]
pub struct Calm {
    _files: Vec<fs::File>,
}

fn key_is_missing(path: &Path) -> Error {
    Error::refused(format!("{} is missing: without the CA's key nothing can be signed", path.display()))
        .hint("take it from a backup: `mailca restore FILE --ca-dir ELSEWHERE` unpacks one; it cannot be made again")
        .hint("without any copy of it, a new CA is needed, and every client needs its certificate")
}

/// The exclusive right to change a CA folder.
#[derive(Debug)]
pub struct Lock {
    _file: fs::File,
}

/// The folders of a CA that commands write into.
const WRITTEN: [&str; 4] = ["private", layout::NEW_CERTIFICATES, layout::PREVIOUS, layout::PENDING];

/// Root, working in a folder of somebody else, writes nowhere but there: whoever owns the folder can put links
/// into it, and would have root write where they lead.
fn check_leads_nowhere(folder: &Path) -> Result<()> {
    if !rustix::process::geteuid().is_root() || fs::metadata(folder)?.uid() == 0 {
        return Ok(());
    }
    for name in WRITTEN {
        let path = folder.join(name);
        if path.symlink_metadata().is_ok_and(|there| there.is_symlink()) {
            return Err(Error::refused(format!(
                "{} is a symbolic link in another user's folder",
                path.display()
            ))
            .hint("work as that user, or put the folder itself there"));
        }
    }
    Ok(())
}

/// Refuses where another user's link is in the place of the CA's certificate or key, and leads to another CA's.
pub(super) fn check_own_files(folder: &Path) -> Result<()> {
    for kind in [layout::CA_CERTIFICATE, layout::CA_KEY, layout::NEXT_CA_KEY] {
        way::check_read(&folder.join(kind.name), folder)?;
    }
    Ok(())
}

/// Whether the CA's certificate is gone, while its key or its index is there.
pub fn is_without_certificate(path: &Path) -> bool {
    let has = |kind: layout::FileKind| path.join(kind.name).exists();
    !has(layout::CA_CERTIFICATE) && (has(layout::CA_KEY) || has(layout::INDEX))
}

fn read_bundle(path: &Path) -> Result<Bundle> {
    let certificates = Certificate::from_file_content(&input::read_plain(path)?)
        .map_err(|error| error.at(path.display()))?;
    Bundle::new(certificates).ok_or_else(|| Error::bug("a CA without a certificate"))
}
