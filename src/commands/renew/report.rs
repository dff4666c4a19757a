//! What `renew` says of what it did.

use std::path::Path;

use serde_json::{Value, json};

use super::renewal::Renewed;
use crate::cli::Global;
use crate::commands::access_map::Followed;
use crate::commands::recorder::Recorder;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::digest::{lower_hex, sha256};
use crate::pki::printable::printable;
use crate::pki::profile::Profile;
use crate::pki::serial::Serial;
use crate::render::certificate::{fingerprint, summary};
use crate::store::atomic::folder_of;
use crate::store::due::Due;
use crate::store::layout::CERTIFICATE;
use crate::store::transaction::Occasion;

/// What was done, what failed, and what was passed over.
#[derive(Default)]
pub(super) struct Report {
    renewed: Vec<Value>,
    failed: Vec<Value>,
    skipped: Vec<Value>,
    /// What goes to standard output.
    printed: Vec<String>,
    /// The occasions that are over when all is done and said.
    occasions: Vec<Occasion>,
    servers: bool,
    revoked: bool,
}

impl Report {
    /// Says what was done for one certificate.
    pub(super) fn renewed(&mut self, renewed: Renewed, env: &mut Env) -> Result<()> {
        let Renewed { old, new, .. } = &renewed;
        let (old_print, new_print) = (fingerprint(old.as_der()), fingerprint(new.as_der()));
        let (old_key, new_key) = (tlsa(old), tlsa(new));
        env.say(&format!(
            "{} is renewed until {}: serial {} -> {}",
            new.title(),
            new.not_after.date(),
            old.serial,
            new.serial
        ));
        if let Some(path) = &renewed.path {
            env.say(&format!("  written to {}", path.display()));
        }
        env.say(&format!("  SHA-256 {old_print} -> {new_print}"));
        if old_key == new_key {
            env.say(&format!("  TLSA 3 1 1 unchanged: {new_key}"));
        } else {
            env.say(&format!("  TLSA 3 1 1 {old_key} -> {new_key}"));
        }
        if !renewed.delivered {
            env.warn(&format!(
                "the new certificate of {} has to be brought to its host: `mailca renew {} -o FILE` \
                 writes it",
                new.title(),
                old.serial
            ));
        }
        if renewed.revoked_old {
            env.say(&format!("  serial {} is revoked as superseded", old.serial));
            self.revoked = true;
        }
        match (Profile::of(new), &renewed.argument) {
            (Some(Profile::User), Some(argument)) => {
                env.say(&format!(
                    "  next: `mailca kit{argument}` for the person, who needs the new one; or \
                     `mailca export-p12{argument}`, where the file alone is enough"
                ));
            }
            (Some(Profile::Ca), _) if renewed.delivered => {
                env.say(&format!("  next: {}", bring_in(renewed.path.as_deref())));
            }
            (Some(Profile::Ca | Profile::User), _) => {}
            _ => self.servers |= renewed.delivered && !renewed.is_installed,
        }
        self.renewed.push(json!({
            "old": summary(old),
            "certificate": summary(new),
            "file": renewed.path,
            "delivered": renewed.delivered,
            "key": renewed.key,
            "old_tlsa_3_1_1": old_key,
            "tlsa_3_1_1": new_key,
            "revoked_old": renewed.revoked_old,
            "pem": new.to_pem()?,
        }));
        if renewed.to_stdout {
            self.printed.push(new.to_pem()?);
        }
        if renewed.delivered {
            self.occasions.push(renewed.occasion);
        }
        Ok(())
    }

    /// Reports that one could not be renewed.
    pub(super) fn fail(&mut self, old: &Certificate, error: Error, env: &mut Env) {
        self.failure(&old.serial, &old.title(), error, env);
    }

    /// The same for one of which only the row is known.
    pub(super) fn fail_row(&mut self, due: &Due, error: Error, env: &mut Env) {
        self.failure(&due.serial, &due.title, error, env);
    }

    fn failure(&mut self, serial: &Serial, title: &str, error: Error, env: &mut Env) {
        let error = error.at(format!("{title} (serial {serial})"));
        env.report(&error);
        self.failed.push(json!({
            "serial": serial.to_string(),
            "title": title,
            "error": error.to_string(),
            "hints": error.hints(),
        }));
    }

    /// Says that one is passed over.
    pub(super) fn skip(&mut self, old: &Certificate, reason: &str, env: &mut Env) {
        env.warn(&format!(
            "{} (serial {}), which ends on {}, is passed over: {reason}",
            printable(&old.title()),
            old.serial,
            old.not_after.date()
        ));
        self.skipped.push(json!({
            "serial": old.serial.to_string(),
            "title": old.title(),
            "reason": reason,
        }));
    }

    /// Whether anything was recorded.
    pub(super) fn has_renewed(&self) -> bool {
        !self.renewed.is_empty()
    }

    /// Prints the product, and says what is to be done next. An error where something failed.
    pub(super) fn finish(
        self,
        maps: &Followed,
        recorder: &Recorder<'_>,
        expiring: bool,
        global: &Global,
        env: &mut Env,
    ) -> Result<()> {
        if global.json {
            let document = json!({
                "renewed": self.renewed,
                "failed": self.failed,
                "skipped": self.skipped,
                "access_maps": maps.json(),
            });
            if self.printed.is_empty() {
                env.print_json(&document)?;
            } else {
                env.hand_out_json(&document)?;
            }
        } else {
            for pem in &self.printed {
                env.hand_out(pem.as_bytes())?;
            }
        }
        let nothing = self.renewed.is_empty() && self.failed.is_empty() && self.skipped.is_empty();
        // A timer with nothing to do is silent: cron sends every word by mail.
        if expiring && nothing && env.prompter.is_interactive() {
            env.say("nothing is due");
        }
        if self.servers {
            env.say("next: reload the servers, which use the old certificate until then");
        }
        if self.revoked {
            env.say("next: `mailca crl`, so that others hear of the revocation");
        }
        // Last of all: where this is killed before, or its output is lost, the same command does not renew a second
        // time.
        for occasion in &self.occasions {
            recorder.delivered(occasion)?;
        }
        if self.failed.is_empty() {
            return maps.outcome();
        }
        let all = self.failed.len() + self.renewed.len();
        Err(Error::refused(format!("{} of {all} could not be renewed", self.failed.len())))
    }
}

/// What becomes of the new certificate of an intermediate CA, which has a folder of its own. A certificate
/// folder brings those above it along.
fn bring_in(path: Option<&Path>) -> String {
    let given = path.map_or_else(
        || "FILE".to_owned(),
        |path| {
            let is_in_folder = path.file_name().is_some_and(|name| name == CERTIFICATE.name);
            let meant = if is_in_folder { folder_of(path) } else { path };
            meant.display().to_string()
        },
    );
    format!(
        "`mailca rekey-ca --ca-dir FOLDER --cert {given}`, FOLDER being that of the intermediate CA itself, \
         which takes the new certificate in"
    )
}

/// The record 3 1 1 of a certificate: the SHA-256 of its public key (RFC 6698 2.1).
fn tlsa(certificate: &Certificate) -> String {
    lower_hex(&sha256(&certificate.public_key))
}
