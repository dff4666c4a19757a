//! What became of the rows of a list.

use serde_json::{Value, json};

use super::person::plain;
use super::writer::Done;
use crate::cli::Bulk;
use crate::env::Env;
use crate::error::{Error, Result};

/// Counts, and the rows that failed.
#[derive(Default)]
pub struct Report {
    /// How many rows the list has.
    pub rows: usize,
    /// How many certificates were issued.
    pub issued: usize,
    /// How many persons got what a killed run had not delivered, or a bundle alone.
    pub completed: usize,
    /// For how many nothing was left to do.
    pub there: usize,
    /// How many bundles were made.
    pub bundles: usize,
    /// For how many bundles that were there no password is stored.
    pub without_password: usize,
    failed: Vec<Value>,
}

impl Report {
    /// Somebody has what was wanted.
    pub fn done(&mut self, done: Done) {
        self.issued += usize::from(done.issued);
        self.completed += usize::from(!done.issued);
        self.bundles += usize::from(done.bundle);
    }

    /// A row failed, which is said at once.
    pub fn fail(&mut self, line: u64, login: Option<&str>, error: Error, env: &mut Env) {
        self.failed.push(json!({
            "line": line,
            "login": login,
            "error": error.to_string(),
            "hints": error.hints(),
        }));
        let login = login.map(|login| format!(" ({})", plain(login))).unwrap_or_default();
        env.report(&error.at(format!("line {line}{login}")));
    }

    /// How many rows failed.
    pub fn failed(&self) -> usize {
        self.failed.len()
    }

    /// Says how many were done.
    pub fn tell(&self, args: &Bulk, env: &mut Env) {
        let mut parts = vec![format!("{} issued", counted(self.issued, "certificate"))];
        for (count, what) in [
            (self.completed, "completed"),
            (self.there, "there already"),
            (self.failed(), "failed"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        env.say(&parts.join(", "));
        let place = args.password_out.as_ref().or(args.password_dir.as_ref());
        if let Some(place) = place.filter(|_| self.without_password > 0) {
            env.warn(&format!(
                "{} there already without a password in {}: where one is lost, move LOGIN.p12 away \
                 and run the same command again",
                counted(self.without_password, "bundle"),
                place.display()
            ));
        }
        if self.bundles == 0 {
            return;
        }
        let bundles = counted(self.bundles, "bundle");
        if let Some(place) = place {
            env.say(&format!(
                "{bundles} made; the passwords are in {}: hand them over on another way",
                place.display()
            ));
        }
    }

    /// The one document.
    pub fn json(&self, args: &Bulk, maps: &[Value], ended: Option<&Error>) -> Value {
        let mut document = json!({
            "rows": self.rows,
            "issued": self.issued,
            "completed": self.completed,
            "already_there": self.there,
            "bundles": self.bundles,
            "bundles_without_password": self.without_password,
            "password_file": args.password_out,
            "password_folder": args.password_dir,
            "failed": self.failed,
            "access_maps": maps,
        });
        if let Some(error) = ended {
            document["error"] = error.to_string().into();
            document["hints"] = error.hints().into();
        }
        document
    }

    /// An error where a row failed.
    pub fn outcome(&self) -> Result<()> {
        if self.failed.is_empty() {
            return Ok(());
        }
        let error = Error::refused(format!("{} of {} rows failed", self.failed(), self.rows));
        Err(error
            .hint("mend them in the list and run the same command again: who is done stays done"))
    }
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
