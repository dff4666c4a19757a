//! Folders of other programs with a CA in them, and what comes along into a folder of mailca's.

use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::crl::Crl;
use crate::pki::serial::Serial;
use crate::store::index::{Index, Row};
use crate::store::{input, layout};

/// Which program made a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// CA.pl, or mailca.
    DemoCa,
    /// easy-rsa 3, its pki/.
    EasyRsa,
    /// mkcert, its CAROOT.
    Mkcert,
}

impl Kind {
    /// What to call such a folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::DemoCa => "a CA folder of openssl's",
            Self::EasyRsa => "the pki folder of easy-rsa",
            Self::Mkcert => "the CAROOT of mkcert",
        }
    }
}

/// A folder with a CA in it.
#[derive(Debug)]
pub struct Source {
    /// Whose it is.
    pub kind: Kind,
    /// The CA's certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    folder: PathBuf,
}

/// What the CA did so far.
#[derive(Debug, Default)]
pub struct History {
    /// The rows of index.txt.
    pub rows: Vec<u8>,
    /// How many there are.
    pub count: usize,
    /// Files with issued certificates, by serial number.
    pub certificates: Vec<(Serial, PathBuf)>,
    /// The number of the next CRL.
    pub crl_number: Option<Serial>,
    /// The last CRL.
    pub crl: Option<Crl>,
    /// What did not come along.
    pub remarks: Vec<String>,
}

/// Says what kind of folder it is, by the files in it. One whose CA was given a new key is refused: its
/// older keys would not come along.
pub fn recognize(folder: &Path) -> Result<Option<Source>> {
    for (kind, certificate, key) in [
        (Kind::DemoCa, layout::CA_CERTIFICATE.name, layout::CA_KEY.name),
        (Kind::EasyRsa, "ca.crt", "private/ca.key"),
        (Kind::Mkcert, "rootCA.pem", "rootCA-key.pem"),
    ] {
        let (certificate, key) = (folder.join(certificate), folder.join(key));
        match (certificate.exists(), key.exists()) {
            (true, true) if folder.join(layout::PREVIOUS).is_dir() => {
                return Err(Error::refused(format!(
                    "{} has older keys in {}, which still sign revocation lists",
                    folder.display(),
                    layout::PREVIOUS
                ))
                .hint("use the folder itself with --ca-dir, or move it: `mailca backup`, `mailca restore`"));
            }
            (true, true) => {
                return Ok(Some(Source { kind, certificate, key, folder: folder.to_owned() }));
            }
            (true, false) if kind != Kind::DemoCa => {
                return Err(Error::refused(format!(
                    "{} is there, and {} is not: a CA without its key cannot be taken over",
                    certificate.display(),
                    key.display()
                )));
            }
            _ => {}
        }
    }
    Ok(None)
}

/// The error for a folder that is none of these.
pub fn not_recognized(folder: &Path) -> Error {
    Error::refused(format!("no CA is in the folder {}", folder.display()))
        .hint(
            "looked for: cacert.pem and private/cakey.pem (CA.pl), ca.crt and private/ca.key \
               (easy-rsa's pki), rootCA.pem and rootCA-key.pem (mkcert's CAROOT)",
        )
        .hint("name the CA's certificate and key themselves: --from cacert.pem cakey.pem")
}

impl Source {
    /// How many rows there are, and how many of them are revoked.
    pub fn count_rows(&self) -> Result<(usize, usize)> {
        let (mut rows, mut revoked) = (0, 0);
        Index::of(&self.folder).rows(|row| {
            rows += 1;
            revoked += usize::from(row.status == b'R');
            Ok(ControlFlow::Continue(()))
        })?;
        Ok((rows, revoked))
    }

    /// Reads what the CA did so far; `None` for a program that keeps no record. `certificate` is the
    /// CA's: only what it signed comes along.
    pub fn history(&self, certificate: &Certificate) -> Result<Option<History>> {
        let places: &[(&str, &str)] = match self.kind {
            Kind::Mkcert => return Ok(None),
            Kind::DemoCa => &[(layout::NEW_CERTIFICATES, ".pem")],
            Kind::EasyRsa => &[
                ("certs_by_serial", ".pem"),
                ("revoked/certs_by_serial", ".crt"),
                ("renewed/certs_by_serial", ".crt"),
                ("expired/certs_by_serial", ".crt"),
            ],
        };
        let mut history = History::default();
        let mut passed_over = 0;
        Index::of(&self.folder).lines(|line| {
            match Row::parse(line.bytes) {
                // One that contradicts itself comes along as revoked.
                Some(row) if row.serial().is_some() => {
                    history.rows.extend_from_slice(&row.to_line());
                    history.count += 1;
                }
                None if line.bytes.trim_ascii().is_empty() || line.bytes.starts_with(b"#") => {}
                _ if line.may_revoke() => {
                    return Err(Error::refused(format!(
                        "{}: the line at byte {} may be the row of a revoked certificate and cannot be read",
                        self.folder.join(layout::INDEX.name).display(),
                        line.offset
                    ))
                    .hint("mend it, or put a # before it where nothing was revoked by it"));
                }
                _ => passed_over += 1,
            }
            Ok(ControlFlow::Continue(()))
        })?;
        if passed_over > 0 {
            history.remarks.push(format!(
                "{passed_over} {} of {} do not come along: no rows",
                if passed_over == 1 { "line" } else { "lines" },
                self.folder.join(layout::INDEX.name).display()
            ));
        }
        for (place, ending) in places {
            history.certificates.extend(certificates_in(&self.folder.join(place), ending)?);
        }
        history.certificates.sort();
        history.certificates.dedup_by(|one, other| one.0 == other.0);
        self.read_crl(certificate, &mut history)?;
        Ok(Some(history))
    }

    fn read_crl(&self, certificate: &Certificate, history: &mut History) -> Result<()> {
        // CA.pl has it elsewhere; of two the newer one counts.
        for name in [layout::CRL.name, layout::CRL_OF_CA_PL.name] {
            let path = self.folder.join(name);
            let Some(content) = input::read_if_there(&path)? else { continue };
            match Crl::from_file_content(&content) {
                Ok(crl) if crl.check_signature(certificate).is_ok() => {
                    let age = |crl: &Crl| (crl.number.clone(), crl.this_update);
                    if history.crl.as_ref().is_none_or(|known| age(known) < age(&crl)) {
                        history.crl = Some(crl);
                    }
                }
                _ => history.remarks.push(format!(
                    "{} is not a sound list of this CA and does not come along",
                    path.display()
                )),
            }
        }
        let written = input::read_if_there(&self.folder.join(layout::CRL_NUMBER.name))?
            .and_then(|content| Serial::parse(std::str::from_utf8(&content).ok()?.trim()).ok());
        let beyond = history.crl.as_ref().and_then(|crl| Some(crl.number.as_ref()?.successor()));
        history.crl_number = written.max(beyond);
        Ok(())
    }
}

fn certificates_in(folder: &Path, ending: &str) -> Result<Vec<(Serial, PathBuf)>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let stem = path.file_name().and_then(|name| name.to_str()?.strip_suffix(ending));
        if let Some(serial) = stem.and_then(|stem| Serial::parse(stem).ok()) {
            found.push((serial, path));
        }
    }
    Ok(found)
}
