//! What index.txt, newcerts/, the certificate folders and the published lists say of one another, and
//! what is to be done so that they agree. [`super::records`] tells it, [`super::mend`] does it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;
use std::path::PathBuf;

use time::OffsetDateTime;

use crate::error::Result;
use crate::pki::certificate::Certificate;
use crate::pki::name::Oneline;
use crate::pki::revocation::{Reason, Revocation};
use crate::pki::serial::Serial;
use crate::store::ca::CaFolder;
use crate::store::doctor::Scene;
use crate::store::doctor::crls::Published;
use crate::store::doctor::folders;
use crate::store::doctor::issuers::Issuers;
use crate::store::doctor::leaves::Leaves;
use crate::store::doctor::lines::{Kind, key_of_serial, kind};
use crate::store::doctor::numbers;
use crate::store::doctor::sources::{about_nobody, kept_serials};
use crate::store::index::{Index, Line, Row};
use crate::store::{input, layout};

/// What becomes of a line of index.txt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    /// It is left out: a blank line.
    LeaveOut,
    /// It becomes a comment.
    Comment,
    /// It is half a line and goes to index.txt.torn.
    ToTorn,
    /// This stands in its place.
    Replace(Vec<u8>),
}

/// A row that index.txt lacks.
#[derive(Debug)]
pub(super) struct NewRow {
    pub(super) order: OffsetDateTime,
    /// The line.
    pub(super) line: Vec<u8>,
}

/// A row that was read, for the next one with its serial number.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    pub(super) offset: u64,
    pub(super) revoked: bool,
    pub(super) fits: bool,
}

/// What was found.
#[derive(Default)]
pub(super) struct Survey {
    /// The file that the lines come from: index.txt, or the one before it where that is gone.
    pub(super) source: PathBuf,
    pub(super) index_missing: bool,
    /// Whether any row could be read.
    pub(super) has_rows: bool,
    pub(super) newcerts_missing: bool,
    /// What becomes of the lines, by where they begin. The others stay.
    pub(super) edits: BTreeMap<u64, Edit>,
    /// The rows to be added, in the order of their first day.
    pub(super) added: Vec<NewRow>,
    /// The certificates of those rows, as far as there are any.
    pub(super) added_certificates: Vec<Certificate>,
    /// Rows that call a certificate valid or expired, and say when it was revoked.
    pub(super) contradicting: Vec<String>,
    /// The certificates that newcerts/ lacks and a certificate folder has.
    pub(super) found: Vec<Certificate>,
    /// The reasons that index.txt has no word for.
    pub(super) reasons: Vec<(Serial, Reason)>,
    /// Rows whose certificate is nowhere: valid ones, and others.
    pub(super) lost: Vec<String>,
    pub(super) lost_of_old: usize,
    /// Certificates in newcerts/, or in a certificate folder only, that index.txt lacks.
    pub(super) unrecorded: Vec<String>,
    pub(super) unrecorded_outside: Vec<String>,
    /// Files in newcerts/ that this CA did not issue.
    pub(super) strangers: Vec<String>,
    /// Files in newcerts/ with another certificate than their name says.
    pub(super) mixed_up: Vec<String>,
    pub(super) respelled: usize,
    /// Rows that a published list revokes and index.txt does not.
    pub(super) revoked: Vec<String>,
    /// Serial numbers that a published list revokes, of which nothing else is known.
    pub(super) revoked_unknown: Vec<String>,
    /// Revoked rows of which it cannot be read when.
    pub(super) undated: Vec<String>,
    /// Revoked rows, not yet expired, that crl.pem lacks.
    pub(super) unpublished: Vec<String>,
    /// Lines that begin as a revoked row does and are none.
    pub(super) spoiled: String,
    /// Those of them that are the beginning of the row of one certificate that index.txt lacks.
    pub(super) matched: HashSet<String>,
    /// What is left of rows of valid certificates.
    pub(super) cut_valid: String,
    /// The lines of index.txt among them that begin as a revoked row does.
    cut_revoked: Vec<String>,
    /// Whether the index before it stands for one that is missing, and no list tells what was revoked since.
    pub(super) is_untold: bool,
    /// The certificates that index.txt lacks, and of which it is not known whether they were revoked.
    pub(super) unknown: Vec<String>,
    /// Whether any row that has not expired is revoked.
    pub(super) has_revoked: bool,
    pub(super) leaves: Leaves,
    pub(super) seen: HashMap<u64, Seen>,
}

impl Survey {
    /// Looks at everything. Without the lock, what is being recorded at this moment may be seen half.
    pub(super) fn of(scene: &Scene<'_>, published: &Published) -> Result<Self> {
        let issuers = Issuers::of(scene.ca)?;
        let folder = scene.ca.path();
        let mut survey = Self { source: folder.join(layout::INDEX.name), ..Self::default() };
        survey.index_missing = Index::at(&survey.source).is_missing();
        if survey.index_missing {
            survey.source = survey.source.with_extension("txt.old");
        }
        let mut keys = HashSet::new();
        let is_there = kept_serials(scene.ca, |key, _| {
            keys.insert(key);
        })?;
        survey.newcerts_missing = !is_there;
        let mut outside = folders::issued_certificates(scene, &issuers);
        for named in folders::named_certificates(scene, &issuers)? {
            if !outside.iter().any(|known| known.serial == named.serial) {
                outside.push(named);
            }
        }
        // The CA's own rows may lack their certificates too; that it has no row is no fault.
        let known: Vec<_> = outside.iter().chain(issuers.certificates()).cloned().collect();
        Index::at(&survey.source).lines(|line| {
            survey.visit(line, scene, published, &keys, &known)?;
            Ok(ControlFlow::Continue(()))
        })?;
        survey.read_torn(scene.ca)?;
        if survey.index_missing && survey.has_rows && !scene.assume_valid {
            let next = numbers::number(folder, layout::CRL_NUMBER)?;
            survey.is_untold = !published.is_last(next.as_ref());
        }
        survey.add_unrecorded(scene, published, &issuers, &outside)?;
        survey.add_revoked(scene, published)?;
        survey.added.sort_by_key(|row| row.order);
        Ok(survey)
    }

    /// The half lines of revoked rows that were taken off before.
    fn read_torn(&mut self, ca: &CaFolder) -> Result<()> {
        let torn = input::read_if_there(&ca.path().join(layout::TORN_INDEX.name))?;
        let text = torn.map(|torn| String::from_utf8_lossy(&torn).into_owned()).unwrap_or_default();
        let may_revoke = |line: &&str| Line { offset: 0, bytes: line.as_bytes() }.may_revoke();
        for line in text.lines().filter(may_revoke) {
            self.spoiled.push_str(line);
            self.spoiled.push('\n');
        }
        Ok(())
    }

    /// Whether a line was damaged that may have revoked one of the certificates that are added, and does not
    /// say which.
    pub(super) fn has_nameless_revocation(&self) -> bool {
        let added = self.added_certificates.iter();
        let mut lines = about_nobody(&self.spoiled, added);
        !self.added.is_empty() && lines.any(|line| !self.matched.contains(line))
    }

    /// Whether index.txt has this serial number, or will have.
    pub(super) fn knows(&self, serial: &Serial) -> bool {
        self.seen.contains_key(&key_of_serial(serial.to_string().as_bytes()))
    }

    /// Whether index.txt is to be written anew.
    pub(super) fn changes_index(&self) -> bool {
        !self.is_blocked()
            && (self.index_missing || !self.edits.is_empty() || !self.added.is_empty())
    }

    /// Whether index.txt stays as it is, since it would look sound otherwise and make a list that lacks somebody:
    /// it is not known who is revoked.
    fn is_blocked(&self) -> bool {
        let is_cut = self.cut_revoked.iter().any(|line| !self.matched.contains(line));
        self.is_untold
            || !self.unknown.is_empty() && (self.index_missing || !self.has_rows || is_cut)
    }

    fn visit(
        &mut self,
        line: Line<'_>,
        scene: &Scene<'_>,
        published: &Published,
        kept: &HashSet<u64>,
        outside: &[Certificate],
    ) -> Result<()> {
        let row = Row::parse(line.bytes);
        let row = row.filter(|row| row.serial().is_some() || line.is_whole() && row.status != b'R');
        let Some(row) = row else {
            if line.may_revoke() {
                if matches!(line.bytes.first(), Some(b'R' | b'r')) {
                    let text = String::from_utf8_lossy(line.bytes);
                    self.cut_revoked.push(text.trim_end_matches(['\r', '\n']).to_owned());
                }
                self.spoiled.push_str(&String::from_utf8_lossy(line.bytes));
                self.spoiled.push('\n');
            } else if line.bytes.starts_with(b"V\t") {
                self.cut_valid.push_str(&String::from_utf8_lossy(line.bytes));
                self.cut_valid.push('\n');
            }
            let edit = match kind(line.bytes) {
                _ if !line.is_whole() => Edit::ToTorn,
                Kind::Comment => return Ok(()),
                Kind::Blank => Edit::LeaveOut,
                Kind::Foreign => Edit::Comment,
            };
            self.edits.insert(line.offset, edit);
            return Ok(());
        };
        self.has_rows = true;
        if line.contradicts_itself() {
            self.contradicting.push(row.title());
        }
        let key = key_of_serial(row.serial);
        let certificate = self.certificate_of(&row, key, line.is_whole(), scene, kept, outside);
        let whole = certificate.as_ref().filter(|_| !line.is_whole());
        let whole = whole.map(|certificate| certificate.subject.oneline());
        let row = match &whole {
            // The end of a torn line may be that of a word.
            Some(subject) if subject.as_bytes().starts_with(row.subject) => {
                Row { subject: subject.as_bytes(), ..row }
            }
            _ => row,
        };
        let new = self.mended(&row, key, certificate.as_ref(), scene, published)?;
        let revoked = new.first() == Some(&b'R');
        if new != line.bytes {
            self.edits.insert(line.offset, Edit::Replace(new));
        }
        let fits = certificate.is_some_and(|known| is_subject_of(&row.subject(), &known));
        let this = Seen { offset: line.offset, revoked, fits };
        if let Some(before) = self.seen.get(&key).copied() {
            // One revoked stays revoked; else the one that has the certificate's subject.
            let wins = (revoked, fits) > (before.revoked, before.fits);
            let loser = if wins { before.offset } else { this.offset };
            self.edits.insert(loser, Edit::Comment);
            if !wins {
                return Ok(());
            }
        }
        self.seen.insert(key, this);
        Ok(())
    }

    /// The certificate of a row; it is opened only where something depends on it.
    fn certificate_of(
        &mut self,
        row: &Row<'_>,
        key: u64,
        is_whole: bool,
        scene: &Scene<'_>,
        kept: &HashSet<u64>,
        outside: &[Certificate],
    ) -> Option<Certificate> {
        let serial = row.serial()?;
        let is_valid = row.status == b'V';
        if kept.contains(&key) {
            if is_whole && !is_valid && row.subject().to_text().as_bytes() == row.subject {
                return None;
            }
            let certificate = scene.ca.issued(&serial).unwrap_or_default();
            if certificate.as_ref().is_none_or(|certificate| certificate.serial != serial) {
                self.mixed_up.push(serial.to_string());
                return None;
            }
            if let Some(leaf) = certificate.as_ref().filter(|_| is_valid) {
                self.leaves.look_at(leaf, scene);
            }
            return certificate;
        }
        let found = outside.iter().find(|certificate| certificate.serial == serial);
        match found {
            Some(certificate) if !self.found.iter().any(|known| known.serial == serial) => {
                self.found.push(certificate.clone());
            }
            Some(_) => {}
            None if self.seen.contains_key(&key) => {}
            None if is_valid => self.lost.push(serial.to_string()),
            None => self.lost_of_old += 1,
        }
        found.cloned()
    }

    /// The line as it should stand there.
    fn mended(
        &mut self,
        row: &Row<'_>,
        key: u64,
        certificate: Option<&Certificate>,
        scene: &Scene<'_>,
        published: &Published,
    ) -> Result<Vec<u8>> {
        let mut new = *row;
        let serial = row.serial().map(|serial| serial.to_string());
        if let Some(serial) = serial.as_ref().filter(|_| row.serial.len() % 2 == 1) {
            new.serial = serial.as_bytes();
        }
        let spelled = row.subject().to_text();
        if !spelled.is_empty()
            && spelled.as_bytes() != row.subject
            && certificate.is_some_and(|known| is_subject_of(&row.subject(), known))
        {
            new.subject = spelled.as_bytes();
            self.respelled += 1;
        }
        let title = || format!("{} ({})", String::from_utf8_lossy(row.serial), row.title());
        let readable = row.status != b'R' || row.revocation().is_some();
        let in_list = published.revoked.get(&key);
        if let Some((serial, revocation)) = in_list
            && (matches!(row.status, b'V' | b'E') || !readable)
        {
            self.revoked.push(title());
            self.note_reason(serial, revocation);
            return new.revoked_line(revocation);
        }
        if row.status == b'R' {
            if !readable {
                self.undated.push(title());
            }
            let runs = row.not_after().is_some_and(|end| end >= scene.now);
            self.has_revoked |= runs;
            if published.is_current && runs && !published.current_has(key) {
                self.unpublished.push(title());
            }
        }
        Ok(new.to_line())
    }

    pub(super) fn note_reason(&mut self, serial: &Serial, revocation: &Revocation) {
        if !revocation.reason.is_known_to_openssl() {
            self.reasons.push((serial.clone(), revocation.reason));
        }
    }
}

fn is_subject_of(subject: &Oneline, certificate: &Certificate) -> bool {
    *subject == Oneline::parse(certificate.subject.oneline().as_bytes())
}
