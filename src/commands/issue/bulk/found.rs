//! What is in the folder of a person already, and whether it is what the row asks for.

use super::make::Work;
use super::person::Person;
use crate::commands::newreq::encrypted;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::key::PrivateKey;
use crate::pki::profile::Profile;
use crate::store::layout;

/// What is in the folder of a person.
pub enum Found {
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
    /// Looks at the folder, and refuses what does not fit.
    pub(super) fn look(&self, person: &Person) -> Result<Found> {
        let folder = &person.folder;
        let path = folder.path();
        let Ok(there) = path.symlink_metadata() else { return Ok(Found::Nothing) };
        if !there.is_dir() {
            return Err(Error::refused(format!(
                "{} is there already, and is not a folder",
                path.display()
            )));
        }
        folder.check_writable()?;
        folder.recover()?;
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

    /// Whether the certificate in the folder was revoked.
    pub(super) fn is_out(&self, person: &Person) -> bool {
        let there = person.folder.certificates(layout::CERTIFICATE).unwrap_or_default();
        there.first().is_some_and(|certificate| self.known.is_revoked(certificate))
    }
}

/// The key in the folder.
pub fn own_key(person: &Person) -> Result<PrivateKey> {
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
