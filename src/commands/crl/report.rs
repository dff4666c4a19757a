//! What was done with a revocation list, for a person and in JSON.

use std::path::PathBuf;

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::crl::Crl;
use crate::pki::inspect::text::count;
use crate::render::certificate::rfc3339;
use crate::store::crl::Destination;

/// A list, and where it was put.
pub struct Report {
    file: PathBuf,
    made: bool,
    number: Option<String>,
    this_update: OffsetDateTime,
    next_update: Option<OffsetDateTime>,
    revoked: usize,
    published: Vec<PathBuf>,
    failed: Vec<(PathBuf, Error)>,
}

impl Report {
    /// On the list in a file of the CA's folder, which was made now or was there.
    pub fn new(file: PathBuf, crl: &Crl, made: bool) -> Self {
        Self {
            file,
            made,
            number: crl.number.as_ref().map(crate::pki::serial::Serial::to_decimal),
            this_update: crl.this_update,
            next_update: crl.next_update,
            revoked: crl.count(),
            published: Vec::new(),
            failed: Vec::new(),
        }
    }

    /// Notes that it was put somewhere, or why it was not.
    pub fn note(&mut self, place: &Destination, put: Result<()>) {
        match put {
            Ok(()) => self.published.push(place.path.clone()),
            Err(error) => self.failed.push((place.path.clone(), error)),
        }
    }

    /// Says it.
    pub fn say(&self, env: &mut Env) {
        let due = self.next_update.map(|next| next.date().to_string()).unwrap_or_default();
        let revoked = count(self.revoked, "revoked certificate");
        let file = self.file.display();
        let number = self.number.as_deref().unwrap_or("none");
        if self.made {
            env.say(&format!(
                "{file} is the new revocation list, number {number}, with {revoked}; the next one is due \
                 before {due}"
            ));
        } else {
            env.say(&format!(
                "no new revocation list is needed: {file}, number {number}, with {revoked}, is good \
                 until {due}"
            ));
        }
        for path in &self.published {
            env.say(&format!("it was put into {}", path.display()));
        }
        if !self.published.is_empty() {
            env.say("most servers read it only when they are reloaded");
        }
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let failed = self
            .failed
            .iter()
            .map(|(file, error)| json!({ "file": file, "error": error.to_string() }));
        json!({
            "made": self.made,
            "file": self.file,
            "number": self.number,
            "this_update": rfc3339(self.this_update),
            "next_update": self.next_update.and_then(rfc3339),
            "revoked": self.revoked,
            "published": self.published,
            "failed": failed.collect::<Vec<_>>(),
        })
    }

    /// An error where it could not be put everywhere.
    pub fn outcome(self) -> Result<()> {
        let mut failed = self.failed.into_iter();
        let Some((path, error)) = failed.next() else { return Ok(()) };
        let error =
            Error::refused(format!("the revocation list could not be put into {}", path.display()))
                .caused_by(error);
        let others: Vec<_> = failed.map(|(path, _)| path.display().to_string()).collect();
        let error = match others.as_slice() {
            [] => error,
            others => error.hint(format!("nor into {}", others.join(", "))),
        };
        Err(error.hint(format!(
            "{} is good; `mailca crl --if-needed` with the same options puts it there once that is mended",
            self.file.display()
        )))
    }
}
