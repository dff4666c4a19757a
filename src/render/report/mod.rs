//! The inventory of a CA: what `mailca report` puts on a page, and into JSON.
//!
//! Everything is counted and sorted here, so that the same facts at the same moment give the same text: certificates by
//! what they are for, then by name, end and serial number. Texts that come from certificates are made printable
//! before they get here; the template escapes them once more, for HTML.

mod axis;
mod drawing;
mod json;
mod month;
mod page;

use std::collections::BTreeMap;

use time::{Duration, OffsetDateTime};

use crate::pki::inspect::CertificateView;
use crate::render::status;

pub use json::json;
pub use month::{Month, MonthCounts};
pub use page::values;

/// What a certificate is for, as far as a page has to tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A mail host, or another machine.
    Server,
    /// A person.
    Person,
    /// An intermediate CA, or one of which nothing is known but its row.
    Other,
}

impl Kind {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Person => "person",
            Self::Other => "other",
        }
    }
}

/// A certificate that may be used.
#[derive(Clone, Debug)]
pub struct Valid {
    /// What it is for.
    pub kind: Kind,
    /// What to call it: the common name, else the subject.
    pub title: String,
    /// The subject.
    pub subject: String,
    /// The names of the subjectAltName, without their types.
    pub names: Vec<String>,
    /// The profile, where its usages tell one.
    pub profile: Option<&'static str>,
    /// The serial number, hexadecimal.
    pub serial: String,
    /// Its first moment; `None` where newcerts/ lacks it.
    pub not_before: Option<OffsetDateTime>,
    /// Its last moment.
    pub not_after: OffsetDateTime,
    /// Until when another of the same subject and kind is valid, where that is longer.
    pub renewed_until: Option<OffsetDateTime>,
}

/// A certificate that was revoked.
#[derive(Clone, Debug)]
pub struct Revoked {
    /// What to call it.
    pub title: String,
    /// The subject.
    pub subject: String,
    /// The serial number, hexadecimal.
    pub serial: String,
    /// Its last moment, where that can be read.
    pub not_after: Option<OffsetDateTime>,
    /// When it was revoked, where that can be read.
    pub date: Option<OffsetDateTime>,
    /// Why, where a reason was given.
    pub reason: Option<&'static str>,
}

/// All that the CA has issued, without its own certificates.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// What may be used.
    pub valid: Vec<Valid>,
    /// What was revoked.
    pub revoked: Vec<Revoked>,
    /// How many ended in each month by themselves.
    pub ended: BTreeMap<Month, u64>,
    /// How many valid ones are not in newcerts/, or cannot be read there.
    pub missing: usize,
    /// How many lines of index.txt say nothing that can be understood.
    pub spoiled: usize,
}

impl Inventory {
    /// Puts everything in its order.
    pub fn sort(&mut self) {
        self.valid.sort_by_cached_key(|one| {
            (one.kind, sorting_name(&one.title), one.not_after, one.serial.clone())
        });
        // The newest first: that is what is looked for.
        self.revoked.sort_by_cached_key(|one| {
            (std::cmp::Reverse(one.date), one.title.clone(), one.serial.clone())
        });
    }

    /// The valid ones of a kind.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Valid> {
        self.valid.iter().filter(move |one| one.kind == kind)
    }
}

/// Hosts of one domain stand together: `mail.example.com` is looked for as `com.example.mail`. Addresses and other
/// names stay as they are.
fn sorting_name(title: &str) -> String {
    let title = title.to_lowercase();
    let is_host = title.contains('.')
        && title.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '*' | '_'))
        && title.chars().any(char::is_alphabetic);
    if !is_host {
        return title;
    }
    title.rsplit('.').collect::<Vec<_>>().join(".")
}

/// What is told of a CA.
#[derive(Debug)]
pub struct Report<'a> {
    /// What `status` knows, and the moment.
    pub status: &'a status::View<'a>,
    /// The CA's own certificate.
    pub certificate: &'a CertificateView,
    /// What it has issued.
    pub inventory: &'a Inventory,
    /// For how many days it certifies, where nobody says otherwise.
    pub leaf_days: u32,
    /// What ends within this time is told one by one.
    pub within: Duration,
    /// How many of each kind are told one by one.
    pub limits: Limits,
    /// Which mailca makes the report.
    pub version: &'a str,
}

impl Report<'_> {
    /// The last moment at which a certificate of the usual validity can be issued in full: no certificate outlives its
    /// CA.
    pub fn horizon(&self) -> OffsetDateTime {
        let validity = Duration::days(i64::from(self.leaf_days));
        self.certificate.not_after.checked_sub(validity).unwrap_or(self.certificate.not_before)
    }

    fn now(&self) -> OffsetDateTime {
        self.status.now
    }

    /// What ends within the span: servers and others before people, of whom there may be thousands, and the soonest
    /// first.
    fn ending(&self) -> Vec<&Valid> {
        let until = self.now().checked_add(self.within).unwrap_or(self.now());
        let mut ending: Vec<_> =
            self.inventory.valid.iter().filter(|one| one.not_after <= until).collect();
        // Those of the same moment keep the order that they have.
        ending.sort_by_key(|one| (one.kind == Kind::Person, one.not_after));
        ending
    }
}

/// How many of each kind a page tells one by one.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of what ends soon.
    pub ending: usize,
    /// Of servers.
    pub servers: usize,
    /// Of people.
    pub people: usize,
    /// Of what is neither.
    pub others: usize,
    /// Of what was revoked.
    pub revoked: usize,
}

impl Default for Limits {
    /// What can still be opened on a telephone: less than a megabyte.
    fn default() -> Self {
        Self { ending: 200, servers: 1000, people: 2000, others: 500, revoked: 500 }
    }
}

impl Limits {
    /// None.
    pub const NONE: Self = Self {
        ending: usize::MAX,
        servers: usize::MAX,
        people: usize::MAX,
        others: usize::MAX,
        revoked: usize::MAX,
    };
}
