//! Making a CA folder: built complete under another name, then renamed, so that there is never half
//! a CA.

use fs_err::os::unix::fs::OpenOptionsExt;
use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::store::atomic::{self, folder_of, sync_folder};
use crate::store::config::Settings;
use crate::store::import::History;
use crate::store::layout::{self, FileKind};
use crate::store::{ca, index, input, way};

/// The configuration for `openssl ca` in a folder of mailca's.
const OPENSSL_CONFIGURATION: &str = include_str!("../../templates/openssl.cnf");

/// What a new CA folder holds.
#[derive(Debug)]
pub struct Contents<'a> {
    /// The CA's certificate and those above it.
    pub chain: &'a [Certificate],
    /// The request, where there is one.
    pub request_pem: Option<&'a str>,
    /// The private key, encrypted or not.
    pub key_pem: &'a str,
    /// The serial number that openssl continues from, as hexadecimal.
    pub next_serial: &'a str,
    /// mailca.toml.
    pub configuration: &'a str,
    /// The defaults that openssl.cnf repeats.
    pub settings: &'a Settings,
    /// What the CA did before, where it comes from another folder.
    pub history: Option<&'a History>,
}

/// Refuses where a CA, or anything else, is at `path` already.
pub fn check_vacant(path: &Path) -> Result<()> {
    let has_ca = [layout::CA_CERTIFICATE, layout::CA_KEY, layout::INDEX]
        .iter()
        .any(|kind| path.join(kind.name).exists());
    if ca::is_without_certificate(path) {
        return Err(Error::refused(format!(
            "there is a CA in {} already, whose cacert.pem is missing",
            path.display()
        ))
        .hint("`mailca doctor --fix` puts it back where it finds it"));
    }
    if has_ca {
        return Err(Error::refused(format!("there is a CA in {} already", path.display()))
            .hint("sign with it, or make another one elsewhere with --ca-dir"));
    }
    match fs::read_dir(path) {
        Ok(mut entries) => match entries.next() {
            None => way::check(path),
            Some(_) => Err(Error::refused(format!("{} is not empty", path.display()))
                .hint("name a new folder with --ca-dir")),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let parent = folder_of(path);
            if parent.is_dir() {
                return way::check(parent);
            }
            Err(Error::refused(format!("the folder {} does not exist", parent.display()))
                .hint("make it first, or name another one with --ca-dir"))
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes the CA folder at `path`, where [`check_vacant`] found nothing.
pub fn create(path: &Path, contents: &Contents<'_>) -> Result<()> {
    let parent = folder_of(path);
    let draft = Draft::begin(path)?;
    for folder in layout::CA_FOLDERS {
        make_folder(&draft.path.join(folder))?;
    }
    let certificate = &contents.chain[0];
    let chain_pem: String =
        contents.chain.iter().map(Certificate::to_pem).collect::<Result<_>>()?;
    let name = path.file_name().unwrap_or_default();
    let final_path = fs::canonicalize(parent)?.join(name);
    let kept = format!("{}/{}.pem", layout::NEW_CERTIFICATES, certificate.serial);
    let mut files: Vec<(&str, u32, String)> = Vec::new();
    let mut add = |kind: FileKind, content: String| files.push((kind.name, kind.mode, content));
    add(layout::CA_CERTIFICATE, chain_pem);
    if let Some(request) = contents.request_pem {
        add(layout::CA_REQUEST, request.to_owned());
    }
    add(layout::INDEX, index_text(certificate, contents.history)?);
    add(layout::INDEX_ATTRIBUTES, "unique_subject = no\n".to_owned());
    add(layout::SERIAL, format!("{}\n", contents.next_serial));
    let number = contents.history.and_then(|history| history.crl_number.as_ref());
    add(layout::CRL_NUMBER, number.map_or_else(|| "01\n".to_owned(), |next| format!("{next}\n")));
    if let Some(crl) = contents.history.and_then(|history| history.crl.as_ref()) {
        add(layout::CRL, crl.to_pem());
    }
    add(layout::OPENSSL_CONFIGURATION, openssl_configuration(&final_path, contents.settings));
    add(layout::CONFIGURATION, contents.configuration.to_owned());
    files.push((&kept, layout::NEW_CERTIFICATE_MODE, certificate.to_pem()?));
    let mut written = Vec::new();
    for (name, mode, content) in &files {
        written.push(write(&draft.path.join(name), content.as_bytes(), *mode)?);
    }
    let key = draft.path.join(layout::CA_KEY.name);
    written.push(write(&key, contents.key_pem.as_bytes(), layout::CA_KEY.mode)?);
    if let Some(history) = contents.history {
        bring(history, certificate, &draft.path)?;
    }
    // All are written before the first is waited for, so that the disk has them at once.
    for file in written {
        file.sync_all()?;
    }
    for folder in [layout::NEW_CERTIFICATES, "private", ""] {
        sync_folder(&draft.path.join(folder))?;
    }
    draft.publish(path)?;
    sync_folder(parent)
}

/// The CA's own row, and those that it had before.
fn index_text(certificate: &Certificate, history: Option<&History>) -> Result<String> {
    let mut text = String::new();
    let rows = history.map_or(&[][..], |history| history.rows.as_slice());
    let own = rows.split(|byte| *byte == b'\n').any(|line| {
        index::Row::parse(line).and_then(|row| row.serial()).as_ref() == Some(&certificate.serial)
    });
    if !own {
        text.push_str(&index::line(certificate)?);
    }
    text.push_str(&String::from_utf8_lossy(rows));
    Ok(text)
}

/// The certificates that it issued before; what it did not sign stays behind.
fn bring(history: &History, certificate: &Certificate, draft: &Path) -> Result<()> {
    for (serial, path) in &history.certificates {
        let read = Certificate::from_file_content(&input::read_plain(path)?).unwrap_or_default();
        let Some(issued) = read.first().filter(|issued| issued.is_issued_by(certificate)) else {
            continue;
        };
        if issued.serial == *serial && issued.serial != certificate.serial {
            let place = format!("{}/{serial}.pem", layout::NEW_CERTIFICATES);
            let pem = issued.to_pem()?;
            let file = write(&draft.join(place), pem.as_bytes(), layout::NEW_CERTIFICATE_MODE)?;
            // So many files may not stay open.
            file.sync_all()?;
        }
    }
    Ok(())
}

/// A new file, with its mode from the first moment.
pub(super) fn new_file(path: &Path, mode: u32) -> Result<fs::File> {
    Ok(fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?)
}

pub(super) fn write(path: &Path, content: &[u8], mode: u32) -> Result<fs::File> {
    let mut file = new_file(path, mode)?;
    file.write_all(content)?;
    atomic::start_writing(&file);
    Ok(file)
}

pub(super) fn make_folder(path: &Path) -> Result<()> {
    std::fs::DirBuilder::new().mode(layout::FOLDER_MODE).create(path).map_err(|error| {
        Error::refused(format!("failed to create the folder {}", path.display())).caused_by(error)
    })
}

/// In OpenSSL's configuration a value between double quotes is taken as it is, and a double quote in
/// it is doubled.
pub(super) fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display().to_string().replace('"', "\"\""))
}

/// The configuration for `openssl ca` with the CA in this place.
pub(super) fn openssl_configuration(ca_dir: &Path, settings: &Settings) -> String {
    OPENSSL_CONFIGURATION
        .replace("@CA_DIR@", &quoted(ca_dir))
        .replace("@LEAF_DAYS@", &settings.leaf_days().to_string())
        .replace("@CRL_DAYS@", &settings.crl_days().to_string())
}

/// The folder under its temporary name. Dropped without being published, it is removed.
pub(super) struct Draft {
    path: PathBuf,
    _lock: fs::File,
    published: bool,
}

impl Draft {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn begin(target: &Path) -> Result<Self> {
        let mut hidden = OsString::from(".");
        hidden.push(
            target.file_name().ok_or_else(|| {
                Error::usage(format!("{} is not a folder's name", target.display()))
            })?,
        );
        hidden.push(".mailca-tmp");
        let path = folder_of(target).join(hidden);
        if path.symlink_metadata().is_ok() {
            // A CA that was never finished, unless its maker is still at it and holds the lock.
            let abandoned = fs::File::open(&path)?;
            if abandoned.file().try_lock().is_err() {
                return Err(Error::refused(format!(
                    "another mailca is making {}",
                    target.display()
                )));
            }
            fs::remove_dir_all(&path)?;
        }
        make_folder(&path)?;
        let lock = fs::File::open(&path)?;
        let _ = lock.file().try_lock();
        Ok(Self { path, _lock: lock, published: false })
    }

    /// A folder takes the place of an empty folder or of nothing, and of nothing else.
    pub(super) fn publish(mut self, target: &Path) -> Result<()> {
        fs::rename(&self.path, target)?;
        self.published = true;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.published {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
