//! What one person needs, made in memory: key, request, certificate, password and bundle. Nothing is
//! written here, and no lock is held; many threads do it at once.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::known::Known;
use super::passwords::Stored;
use super::person::Person;
use crate::commands::export_p12::{GENERATED_ITERATIONS, generate};
use crate::commands::newreq::encrypted;
use crate::commands::recorder::check_verifies;
use crate::env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::digest::sha1;
use crate::pki::key::PrivateKey;
use crate::pki::pkcs12::{self, Bundle, Form};
use crate::pki::profile::Profile;
use crate::pki::request::Request;
use crate::pki::{assemble, issue, policy};
use crate::store::ca::CaFolder;
use crate::store::transaction::Occasion;
use crate::store::{input, layout};

/// What holds for all of them.
pub struct Work<'a> {
    /// The CA.
    pub ca: &'a CaFolder,
    /// Its key.
    pub key: &'a PrivateKey,
    /// What goes into a bundle beside the certificate, in DER.
    pub chain: Vec<Vec<u8>>,
    /// What the CA knows already.
    pub known: Known,
    /// The requests whose certificates are noted as not delivered.
    pub undelivered: HashSet<Occasion>,
    /// The present.
    pub now: OffsetDateTime,
    /// Whether what is there and does not fit is kept aside.
    pub force: bool,
    /// The form of bundles, where they are wanted.
    pub form: Option<Form>,
    /// The passwords of earlier runs.
    pub stored: Stored,
    /// For how many bundles that are there no password is stored.
    pub without_password: AtomicUsize,
}

/// What is to be written for one person.
#[derive(Default)]
pub struct Made {
    /// key.pem, where it is new.
    pub key: Option<Zeroizing<String>>,
    /// req.pem, where it is new.
    pub request: Option<String>,
    /// A certificate that is to be recorded, and for what.
    pub new: Option<(Occasion, Certificate)>,
    /// A certificate that was recorded and has to be delivered.
    pub recorded: Option<Certificate>,
    /// Whether that was issued in this run.
    pub issued: bool,
    /// A note that it was not delivered, which is to be removed.
    pub note: Option<Occasion>,
    /// Whether the files that are there are moved aside.
    pub aside: bool,
    /// The bundle.
    pub bundle: Option<Zeroizing<Vec<u8>>>,
    /// Its password, where that is not stored yet.
    pub password: Option<Zeroizing<String>>,
    /// What the administrator should know.
    pub remarks: Vec<String>,
}

/// What is in the folder of a person.
enum Found {
    /// Nothing that counts.
    Nothing,
    /// A key that no request was made with.
    Key,
    /// A key and its request.
    Request,
    /// The certificate that is wanted.
    Certificate(Box<Certificate>),
}

impl Work<'_> {
    /// Makes what a person lacks; nothing where all is there.
    pub fn make(&self, person: &Person) -> Result<Option<Made>> {
        let mut made = Made::default();
        let found = match self.look(person) {
            // Whoever left stays out, however often the list is run.
            Err(error) if self.is_out(person) => return Err(error),
            Err(error) if !self.force => {
                return Err(error.hint(format!(
                    "--force keeps what is in {} aside, and makes it new",
                    person.folder.path().display()
                )));
            }
            Err(error) if !person.folder.path().is_dir() && person.folder.path().exists() => {
                return Err(error);
            }
            Err(_) => {
                made.aside = true;
                made.remarks.extend(self.still_valid(person)?);
                Found::Nothing
            }
            Ok(found) => found,
        };
        let (key, certificate) = match found {
            Found::Certificate(certificate) => {
                if !self.undelivered.is_empty() && person.folder.has(layout::REQUEST) {
                    let occasion = Occasion::of_request(&person.folder.request()?);
                    made.note = self.undelivered.contains(&occasion).then_some(occasion);
                }
                (None, *certificate)
            }
            Found::Nothing => {
                self.check_unknown(person, None)?;
                let key = PrivateKey::generate(person.key_type)?;
                made.key = Some(key.to_pem()?);
                let certificate = self.certify_new(person, &key, &mut made)?;
                (Some(key), certificate)
            }
            Found::Key => {
                let key = own_key(person)?;
                self.check_unknown(person, None)?;
                let certificate = self.certify_new(person, &key, &mut made)?;
                (Some(key), certificate)
            }
            Found::Request => self.go_on(person, &mut made)?,
        };
        self.bundle(person, key, &certificate, &mut made)?;
        let nothing = made.new.is_none()
            && made.recorded.is_none()
            && made.bundle.is_none()
            && made.note.is_none()
            && person.folder.has(layout::CHAIN);
        Ok((!nothing).then_some(made))
    }

    /// Looks at the folder, and refuses what does not fit.
    fn look(&self, person: &Person) -> Result<Found> {
        let folder = &person.folder;
        let path = folder.path();
        let Ok(there) = path.symlink_metadata() else { return Ok(Found::Nothing) };
        if !there.is_dir() {
            return Err(Error::refused(format!(
                "{} is there already, and is not a folder",
                path.display()
            )));
        }
        folder.recover()?;
        folder.check_writable()?;
        let [key, request, certificate] =
            [layout::KEY, layout::REQUEST, layout::CERTIFICATE].map(|kind| folder.has(kind));
        if key {
            folder.check_key_is_private()?;
        } else if request || certificate {
            return Err(Error::refused(format!(
                "{} is missing, and the other files are there",
                folder.path_of(layout::KEY).display()
            )));
        }
        if certificate {
            return Ok(Found::Certificate(Box::new(self.fitting_certificate(person)?)));
        }
        if request {
            let there = folder.request()?;
            if there.public_key != own_key(person)?.public_key() {
                return Err(Error::refused(format!(
                    "{} is not the key of {}",
                    folder.path_of(layout::KEY).display(),
                    folder.path_of(layout::REQUEST).display()
                )));
            }
            let common_name = there.subject.common_name();
            check_same(person, common_name.as_deref(), &there.alternative_names, "request")?;
            return Ok(Found::Request);
        }
        Ok(if key { Found::Key } else { Found::Nothing })
    }

    /// The certificate in the folder, which must be the person's and be good for something.
    fn fitting_certificate(&self, person: &Person) -> Result<Certificate> {
        let path = person.folder.path_of(layout::CERTIFICATE);
        let found = person.folder.certificates(layout::CERTIFICATE)?.into_iter().next();
        let certificate =
            found.ok_or_else(|| Error::bug("a certificate file without a certificate"))?;
        if !certificate.issuer.same_as(&self.ca.certificate().subject) {
            return Err(Error::refused(format!(
                "{} was issued by {}, not by this CA",
                path.display(),
                certificate.issuer
            )));
        }
        if Profile::of(&certificate) != Some(Profile::User) {
            return Err(Error::refused(format!("{} is not a person's", path.display())));
        }
        let common_name = certificate.subject.common_name();
        let names = &certificate.alternative_names;
        check_same(person, common_name.as_deref(), names, "certificate")?;
        let login = &person.login;
        if certificate.not_after < self.now {
            return Err(Error::refused(format!(
                "the certificate expired on {}",
                certificate.not_after.date()
            ))
            .hint(format!("`mailca renew --profile user {login}` makes it anew")));
        }
        if self.known.is_revoked(&certificate) {
            return Err(Error::refused(format!(
                "the certificate, serial {}, was revoked",
                certificate.serial
            ))
            .hint("has the person left? then take the row out of the list")
            .hint(format!(
                "else: `mailca issue --user {login} --email ADDRESS {login} --force` makes a new key and \
                 certificate"
            )));
        }
        if own_key(person)?.public_key() != certificate.public_key {
            return Err(Error::refused(format!(
                "{} is not the key of {}",
                person.folder.path_of(layout::KEY).display(),
                path.display()
            )));
        }
        Ok(certificate)
    }

    /// That an older certificate goes on being good for something.
    fn still_valid(&self, person: &Person) -> Result<Vec<String>> {
        let valid = self.known.valid(&person.login, self.ca)?;
        let told = valid.iter().map(|old| {
            format!(
                "{}: the certificate with the serial number {} stays valid until {}; `mailca revoke {}` ends \
                 that",
                person.login,
                old.serial,
                old.not_after.date(),
                old.serial
            )
        });
        Ok(told.collect())
    }

    /// Whether the certificate in the folder was revoked.
    fn is_out(&self, person: &Person) -> bool {
        let there = person.folder.certificates(layout::CERTIFICATE).unwrap_or_default();
        there.first().is_some_and(|certificate| self.known.is_revoked(certificate))
    }

    /// Nobody gets a second certificate because of a folder that is elsewhere.
    fn check_unknown(&self, person: &Person, key: Option<&[u8]>) -> Result<()> {
        if self.force {
            return Ok(());
        }
        let valid = self.known.valid(&person.login, self.ca)?;
        match valid.iter().find(|other| key.is_none_or(|key| key != other.public_key)) {
            Some(other) => Err(Error::refused(format!(
                "there is a valid certificate already, serial {}, until {}, and it is not in {}",
                other.serial,
                other.not_after.date(),
                person.folder.path().display()
            ))
            .hint(format!(
                "run this where the folder {} is; or `mailca revoke {}` first; or --force gives another one",
                person.login, other.serial
            ))),
            None => Ok(()),
        }
    }

    /// Takes up a key and request that are there: the certificate may have been recorded.
    fn go_on(&self, person: &Person, made: &mut Made) -> Result<(Option<PrivateKey>, Certificate)> {
        let request = person.folder.request()?;
        let occasion = Occasion::of_request(&request);
        let noted = self.undelivered.contains(&occasion);
        let valid = self.known.valid(&person.login, self.ca)?.into_iter();
        let mut valid = valid.filter(|it| it.public_key == request.public_key);
        if let Some(certificate) = valid.find(|it| it.alternative_names.contains(&person.email)) {
            made.recorded = Some(certificate.clone());
            made.note = noted.then_some(occasion);
            return Ok((None, certificate));
        }
        self.check_unknown(person, None)?;
        let certificate = self.certify(person, &request, made)?;
        Ok((None, certificate))
    }

    fn certify_new(
        &self,
        person: &Person,
        key: &PrivateKey,
        made: &mut Made,
    ) -> Result<Certificate> {
        let der = assemble::request(&person.subject, &person.names, false, key)?;
        let request = Request::from_der(&der)?;
        made.request = Some(request.to_pem()?);
        self.certify(person, &request, made)
    }

    /// Decides and signs, as for every request.
    fn certify(&self, person: &Person, request: &Request, made: &mut Made) -> Result<Certificate> {
        policy::check_key(&request.into(), self.ca.bundle().all())?;
        let approved = policy::approve(request, &person.terms, self.ca.chain(), self.now)?;
        made.remarks.extend(approved.remarks().iter().cloned());
        for _ in 0..8 {
            let serial = env::serial()?;
            // Looked at again under the lock.
            if self.ca.issued_path(&serial).symlink_metadata().is_ok() {
                continue;
            }
            let certificate = issue::issue(&approved, self.ca.certificate(), self.key, &serial)?;
            check_verifies(&certificate, self.ca, &approved)?;
            made.new = Some((Occasion::of_request(request), certificate.clone()));
            return Ok(certificate);
        }
        Err(Error::bug("eight random serial numbers were all taken"))
    }

    /// Makes the bundle, where one is wanted and lacking.
    fn bundle(
        &self,
        person: &Person,
        key: Option<PrivateKey>,
        certificate: &Certificate,
        made: &mut Made,
    ) -> Result<()> {
        let Some(form) = self.form else { return Ok(()) };
        let path = bundle_path(&person.login);
        let mut stored = self.stored.find(&person.login, self.force)?;
        if path.symlink_metadata().is_ok() {
            // Bundles get their name after the certificate: this one is of another certificate.
            if made.new.is_some() && !self.force {
                return Err(Error::refused(format!(
                    "{} is there already, and is not overwritten",
                    path.display()
                ))
                .hint("--force keeps it aside"));
            }
            let fits = match &made.new {
                Some(_) => false,
                None => match check_bundle(&path, certificate, stored.as_ref().map(|it| &***it)) {
                    Err(error) if !self.force || path.is_dir() => return Err(error),
                    outcome => outcome.is_ok(),
                },
            };
            if fits {
                if stored.is_none() {
                    self.without_password.fetch_add(1, Ordering::Relaxed);
                }
                return Ok(());
            }
            // Who can open the old bundle is not to open the new one.
            stored = stored.filter(|password| !opens(&path, password));
        }
        let password = if let Some(password) = stored {
            password
        } else {
            let password = generate()?;
            made.password = Some(password.clone());
            password
        };
        let key = key.map_or_else(|| own_key(person), Ok)?;
        let chain: Vec<_> = self.chain.iter().map(Vec::as_slice).collect();
        let bundle = Bundle {
            ca_certificates: &chain,
            certificate: certificate.as_der(),
            private_key: key.as_pkcs8(),
            friendly_name: &person.friendly_name,
        };
        let content = pkcs12::write(&bundle, &password, form, GENERATED_ITERATIONS)?;
        made.bundle = Some(Zeroizing::new(content));
        Ok(())
    }
}

/// Where the bundle of a person is.
pub fn bundle_path(login: &str) -> std::path::PathBuf {
    std::path::PathBuf::from(format!("{login}.p12"))
}

/// Whether the bundle that is there is that of this certificate, and opens with the password that is stored
/// for it. Where none is stored, nobody can say.
fn check_bundle(path: &Path, certificate: &Certificate, password: Option<&str>) -> Result<()> {
    let refused = |what: &str| {
        Error::refused(format!("{} {what}", path.display()))
            .hint("--force keeps it aside, and makes the bundle anew")
    };
    if !path.symlink_metadata().is_ok_and(|there| there.is_file()) {
        return Err(refused("is there already, and is not a plain file"));
    }
    let content = input::read(path)?;
    let ids =
        pkcs12::key_ids(&content).map_err(|_| refused("is there already, and is no bundle"))?;
    if !ids.contains(&sha1(certificate.as_der())) {
        return Err(refused("is there already, and is that of another certificate"));
    }
    match password {
        Some(password) if !opens(path, password) => {
            Err(refused("does not open with the password that is stored for it"))
        }
        _ => Ok(()),
    }
}

fn opens(path: &Path, password: &str) -> bool {
    input::read(path)
        .is_ok_and(|content| matches!(pkcs12::is_password(&content, password), Ok(true)))
}

fn own_key(person: &Person) -> Result<PrivateKey> {
    person.folder.key(|path| Err(encrypted(path)))
}

fn check_same(
    person: &Person,
    common_name: Option<&str>,
    names: &[crate::pki::general_name::GeneralName],
    what: &str,
) -> Result<()> {
    let folder = person.folder.path().display();
    if common_name != Some(&person.login) {
        let whose = crate::pki::printable::printable(common_name.unwrap_or("nobody"));
        return Err(Error::refused(format!("the {what} in {folder} is that of {whose}")));
    }
    let Some(lacking) = person.names.iter().find(|name| !names.contains(name)) else {
        return Ok(());
    };
    let there: Vec<_> = names.iter().map(ToString::to_string).collect();
    Err(Error::refused(format!(
        "the {what} in {folder} is for {}, not for {lacking}",
        there.join(", ")
    )))
}
