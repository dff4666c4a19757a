//! What one person needs, made in memory: key, request, certificate, password and bundle. Nothing is
//! written here, and no lock is held; many threads do it at once.

use std::collections::HashSet;
use std::sync::atomic::AtomicUsize;

use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::found::{Found, own_key};
use super::known::Known;
use super::passwords::Stored;
use super::person::Person;
use crate::commands::recorder::check_verifies;
use crate::commands::sign::namesake;
use crate::env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::key::PrivateKey;
use crate::pki::pkcs12::Form;
use crate::pki::request::Request;
use crate::pki::{assemble, issue, policy};
use crate::store::ca::CaFolder;
use crate::store::layout;
use crate::store::transaction::Occasion;

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
        // Of those that this one takes the place of more was said.
        let told = made.remarks.join("\n");
        let others = self.known.namesakes(&person.login);
        let others = others.filter(|serial| !told.contains(&serial.to_string()));
        made.remarks.extend(namesake::warnings_of(self.ca, &approved, others));
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
}
