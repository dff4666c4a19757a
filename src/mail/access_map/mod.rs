//! Access maps: which certificates a mail server lets in, in the form that it reads.
//!
//! A map is made of entries that are sorted and there once, so that it is the same text as long as the same
//! certificates are in it, and the programs that build databases of it have nothing to complain of. What a
//! certificate holds never ends a line, and never begins one: see [`entry`].

mod dovecot;
pub mod entry;
mod exim;
mod header;
mod opensmtpd;
mod postfix;
pub mod sendmail;

use std::collections::BTreeMap;

pub use entry::{Entry, Fingerprint, Hash};
pub use header::{MARK, Purpose};

use crate::error::Result;
use crate::mail::server::Server;
use crate::pki::certificate::Certificate;
use crate::pki::name::Name;

/// The entries of one server's map.
#[derive(Clone, Debug)]
pub struct AccessMap {
    server: Server,
    fingerprint: Fingerprint,
    /// By their keys as the server compares them.
    entries: BTreeMap<String, Entry>,
    /// The names that stand for keys of Sendmail's.
    names: BTreeMap<String, Name>,
    purpose: Purpose,
    remarks: Vec<String>,
}

impl AccessMap {
    /// A map with nothing in it.
    pub fn new(server: Server, fingerprint: Fingerprint) -> Self {
        Self {
            server,
            fingerprint,
            entries: BTreeMap::new(),
            names: BTreeMap::new(),
            purpose: Purpose::Clients,
            remarks: Vec::new(),
        }
    }

    /// Lets in the holder of a certificate.
    pub fn admit(&mut self, certificate: &Certificate) -> Result<()> {
        match self.server {
            Server::Sendmail => sendmail::admit(self, certificate),
            Server::Postfix => postfix::admit(self, certificate),
            Server::Exim => exim::admit(self, certificate),
            Server::Dovecot => dovecot::admit(self, certificate),
            Server::Opensmtpd => return opensmtpd::refuse(),
        }
        Ok(())
    }

    /// Lets in everybody whose certificate a CA signed.
    pub fn admit_all_of(&mut self, ca: &Certificate) {
        self.purpose = Purpose::Everybody;
        if self.server == Server::Sendmail {
            sendmail::admit_all_of(self, ca);
        }
    }

    /// Adds an entry. One that is there already stays as it is, unless it gives less.
    pub fn add(&mut self, entry: Entry) {
        if let Some(there) = self.entries.get_mut(&entry.folded()) {
            if let Some(remark) = there.clash(&entry) {
                self.remarks.push(remark);
            }
            if entry.gives_more_than(there) {
                *there = entry;
            }
            return;
        }
        self.entries.insert(entry.folded(), entry);
    }

    /// Notes whose name a key stands for. Sendmail's encoding is not one to one: another name with the same key
    /// has the same rights.
    fn name(&mut self, key: &str, name: &Name) {
        match self.names.get(&key.to_ascii_lowercase()) {
            Some(known) if !known.same_as(name) => self.remarks.push(format!(
                "{known} and {name} are one name to Sendmail, {key}: both have the same rights"
            )),
            Some(_) => {}
            None => {
                self.names.insert(key.to_ascii_lowercase(), name.clone());
            }
        }
    }

    /// The server that reads it.
    pub fn server(&self) -> Server {
        self.server
    }

    /// Whether it lets in everybody of a CA, which is no matter of a list but with Sendmail.
    pub fn is_for_everybody(&self) -> bool {
        self.purpose == Purpose::Everybody && self.server != Server::Sendmail
    }

    /// Notes something that whoever makes the map should know.
    pub fn remark(&mut self, remark: String) {
        self.remarks.push(remark);
    }

    /// The entries in their order.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// What whoever makes the map should know, each once.
    pub fn remarks(&self) -> Vec<&str> {
        let mut all: Vec<_> = self.remarks.iter().map(String::as_str).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The whole text. `file` is where it goes, as the comment at its beginning names it.
    pub fn text(&self, file: &str) -> String {
        let mut text = header::of(self.server, self.purpose, self.fingerprint, file);
        for entry in self.entries() {
            text.push_str(&entry.line(self.server));
            text.push('\n');
        }
        text
    }
}
