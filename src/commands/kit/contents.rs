//! The files of a kit.

use time::OffsetDateTime;

use super::person::Person;
use super::servers::Accounts;
use super::signer::Signer;
use crate::commands::config::templates::Templates;
use crate::commands::export_p12;
use crate::commands::pair::Pair;
use crate::error::{Error, Result};
use crate::mail::kit::page::{self, Files, Page};
use crate::mail::kit::{
    AUTOCONFIG, Authentication, CA_DER, CA_PEM, File, autoconfig, mobileconfig,
};
use crate::pki::bundle;
use crate::pki::certificate::Certificate;
use crate::pki::pkcs12::Form;
use crate::pki::profile::Profile as Purpose;
use crate::render::certificate::fingerprint;
use crate::store::folder::FolderName;

/// What they are made of.
pub(super) struct Contents<'a> {
    pub(super) name: &'a FolderName,
    pub(super) pair: &'a Pair,
    pub(super) person: &'a Person,
    pub(super) accounts: &'a Accounts,
    pub(super) signer: Option<&'a Signer>,
    pub(super) password: &'a str,
    pub(super) iterations: u32,
    pub(super) now: OffsetDateTime,
}

impl Contents<'_> {
    /// The certificate that people trust, and whose fingerprint they compare: the last of the chain, during a change of
    /// the CA's key the newest root.
    pub(super) fn root(&self) -> Result<&Certificate> {
        self.pair.chain.last().ok_or_else(|| Error::bug("a pair without a CA"))
    }

    /// All of them, the page first.
    pub(super) fn files(&self, templates: &Templates) -> Result<Vec<File>> {
        let name = self.name.as_str();
        let apple = self.pkcs12(Form::Apple)?;
        let names = Files {
            pkcs12: format!("{name}.p12"),
            pkcs12_apple: format!("{name}-apple.p12"),
            ca_pem: CA_PEM.to_owned(),
            ca_der: CA_DER.to_owned(),
            mobileconfig: Some(format!("{name}.mobileconfig")),
            autoconfig: self.accounts.servers().map(|_| AUTOCONFIG.to_owned()),
        };
        let profile = self.profile(&apple, &names.pkcs12_apple)?;
        let mut files = Vec::new();
        let mut add = |name: String, content| files.push(File { name, content });
        add(format!("{name}.html"), self.page(names.clone(), templates)?);
        add(names.pkcs12, self.pkcs12(Form::Modern)?);
        add(names.pkcs12_apple, apple);
        add(names.ca_pem, bundle::to_pem(&self.pair.chain)?.into_bytes());
        add(names.ca_der, self.root()?.as_der().to_vec());
        if let Some(name) = names.mobileconfig {
            add(name, profile);
        }
        if let (Some(name), Some(servers)) = (names.autoconfig, self.accounts.servers()) {
            let Person { email, login, .. } = self.person;
            let title = email.rsplit_once('@').map_or("", |(_, domain)| domain);
            add(name, autoconfig::write(&servers, email, login, title).into_bytes());
        }
        Ok(files)
    }

    fn pkcs12(&self, form: Form) -> Result<Vec<u8>> {
        let Self { pair, person, .. } = self;
        export_p12::write(pair, &person.friendly_name, self.password, form, self.iterations)
    }

    fn profile(&self, pkcs12: &[u8], pkcs12_name: &str) -> Result<Vec<u8>> {
        let profile = mobileconfig::write(&mobileconfig::Profile {
            person: &self.person.name,
            login: &self.person.login,
            email: &self.person.email,
            ca_name: &self.root()?.title(),
            certificate: &self.pair.certificate,
            chain: &self.pair.chain,
            pkcs12,
            pkcs12_name,
            servers: self.accounts.servers().as_ref(),
        })?;
        match self.signer {
            Some(signer) => signer.sign(&profile, self.now),
            None => Ok(profile),
        }
    }

    fn page(&self, files: Files, templates: &Templates) -> Result<Vec<u8>> {
        let (certificate, root) = (&self.pair.certificate, self.root()?);
        let page = Page {
            person: self.person.name.clone(),
            login: self.person.login.clone(),
            email: Some(self.person.email.clone()),
            friendly_name: self.person.friendly_name.clone(),
            files,
            ca_name: root.title(),
            ca_sha256: fingerprint(root.as_der()),
            ca_expires: root.not_after,
            serial: certificate.serial.to_string(),
            expires: certificate.not_after,
            imap: self.accounts.imap.clone(),
            smtp: self.accounts.smtp.clone(),
            by_certificate: self.accounts.authentication == Authentication::Certificate,
            // A certificate for the login alone signs no mail.
            signs: Purpose::of(certificate) != Some(Purpose::Client),
        };
        Ok(page::render(&page, &|name| templates.own(name))?.into_bytes())
    }
}
