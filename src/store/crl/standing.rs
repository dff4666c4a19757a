//! Whether the list that is there will do.

use std::path::Path;

use time::OffsetDateTime;

use super::List;
use crate::pki::certificate::Certificate;
use crate::pki::crl::Crl;
use crate::store::input;

/// Whether a new list is needed.
#[derive(Debug)]
pub enum Standing {
    /// The one that is there will do.
    Good(List),
    /// It will not, or there is none: why, as the second half of a sentence.
    Needed(String),
}

/// Looks at the list in a file: whether it is this CA's, with a third of its time left, and with as many
/// entries as certificates are revoked.
pub fn standing(
    path: &Path,
    issuer: &Certificate,
    revoked: usize,
    now: OffsetDateTime,
) -> Standing {
    let content = match input::read_if_there(path) {
        Ok(Some(content)) => content,
        Ok(None) => return Standing::Needed(format!("{} is not there", path.display())),
        Err(error) => return Standing::Needed(error.to_string()),
    };
    match Crl::from_file_content(&content) {
        Ok(crl) => match fault(&crl, issuer, revoked, now) {
            None => Standing::Good(List::new(crl)),
            Some(fault) => Standing::Needed(format!("{} {fault}", path.display())),
        },
        Err(error) => Standing::Needed(error.at(path.display()).to_string()),
    }
}

fn fault(crl: &Crl, issuer: &Certificate, revoked: usize, now: OffsetDateTime) -> Option<String> {
    let Some(next_update) = crl.next_update else {
        return Some("does not say when the next one is due".into());
    };
    if now < crl.this_update {
        return Some(format!("begins on {}, in the future", crl.this_update.date()));
    }
    if next_update <= now {
        return Some(format!("is out of date since {}", next_update.date()));
    }
    if (next_update - now) * 3 < next_update - crl.this_update {
        return Some(format!(
            "ends on {}: less than a third of its time is left",
            next_update.date()
        ));
    }
    if crl.number.is_none() {
        return Some("has no number".into());
    }
    let count = crl.count();
    if count != revoked {
        return Some(format!("names {count}, and {revoked} are revoked"));
    }
    // The most work, and so the last.
    crl.check_signature(issuer).is_err().then(|| "is not that of this CA and its key".into())
}
