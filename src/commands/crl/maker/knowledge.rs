//! What the CA's folder may not know of its own revocations: after a restored backup, with a damaged index, or
//! beside a list that was published.

use std::ops::ControlFlow;
use std::path::PathBuf;

use super::Maker;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::crl::{Crl, Entries};
use crate::store::crl::{Destination, Issuer};
use crate::store::index::Index;
use crate::store::{input, layout};

impl Maker<'_> {
    /// Warns of an index that has lost its rows: a list of it would let in whom the lost ones had revoked.
    pub fn warn_of_lost_rows(&self, env: &mut Env) -> Result<()> {
        let mut rows = 0;
        let index = Index::of(self.ca.path());
        index.rows(|_| {
            rows += 1;
            Ok(if rows < 2 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        if rows < 2 && self.ca.count_issued(rows + 1)? > rows {
            env.warn(&format!(
                "{} lacks what was issued and revoked, and newcerts/ has more: whoever was revoked is not in the \
                 list; `mailca doctor` tells what is left",
                index.path().display()
            ));
        }
        Ok(())
    }

    /// Refuses where nobody has looked yet for what was revoked since the backup that was restored.
    pub(super) fn check_restored(&self) -> Result<()> {
        if self.ca.path().join(layout::RESTORED.name).symlink_metadata().is_ok() {
            return Err(Error::refused(
                "this CA was restored from a backup, and it is not known yet what was revoked since: a new list \
                 would let that in again",
            )
            .hint(
                "`mailca doctor --fix`, with --crl FILE for each list that was published elsewhere, takes in what \
                 can be found; then make the list",
            ));
        }
        Ok(())
    }

    /// How it is seen that a published list is newer than what this folder knows.
    pub(super) fn behind(&self, revoked: usize) -> Result<Option<String>> {
        for issuer in &self.issuers {
            let own = Destination::own(issuer, self.ca);
            let own_number = own.verified(issuer).and_then(|list| list.number);
            for (path, list) in self.published(issuer)? {
                let shown = path.display();
                if path != own.path && list.number > own_number {
                    return Ok(Some(format!("{shown} holds a newer list than the CA's folder")));
                }
                if list.count() > revoked {
                    return Ok(Some(format!(
                        "{shown} lists {}, and {revoked} are revoked in index.txt",
                        list.count()
                    )));
                }
            }
        }
        Ok(None)
    }

    /// The lists of an issuer that are there: in the CA's folder, where they are published, and at servers.
    fn published(&self, issuer: &Issuer) -> Result<Vec<(PathBuf, Crl)>> {
        let places = self.places.of(issuer, self.ca)?.into_iter();
        let mut found: Vec<_> = places
            .filter_map(|place| place.verified(issuer).map(|list| (place.path, list)))
            .collect();
        for path in &self.installed {
            let content = input::read_plain(path).unwrap_or_default();
            let lists = Crl::all_from_file_content(&content).unwrap_or_default().into_iter();
            let is_ours = |list: &Crl| {
                list.issuer.same_as(&issuer.certificate.subject)
                    && list.check_signature(&issuer.certificate).is_ok()
            };
            found.extend(lists.filter(is_ours).map(|list| (path.clone(), list)));
        }
        Ok(found)
    }

    /// Refuses where a list that is there, in the CA's folder or published, revokes what index.txt does
    /// not: a new one would let those certificates in again.
    pub(super) fn check_keeps_all(&self, entries: &Entries, issuer: &Issuer) -> Result<()> {
        let mut looked_at: Vec<Crl> = Vec::new();
        for (path, list) in self.published(issuer)? {
            if looked_at.iter().any(|known| known.as_der() == list.as_der()) {
                continue;
            }
            let lacking = entries.lacking(&list)?;
            if !lacking.is_empty() {
                let shown: Vec<_> = lacking.iter().take(3).map(ToString::to_string).collect();
                let more = if lacking.len() > shown.len() { " and others" } else { "" };
                return Err(Error::refused(format!(
                    "{} revokes {}{more}, which index.txt does not: a new list would let {} in again",
                    path.display(),
                    shown.join(", "),
                    if lacking.len() == 1 { "it" } else { "them" }
                ))
                .hint("`mailca doctor --fix` takes in what index.txt lacks; then make the list")
                .hint("this is so after a backup was restored, or an old index.txt was put back"));
            }
            looked_at.push(list);
        }
        Ok(())
    }
}
