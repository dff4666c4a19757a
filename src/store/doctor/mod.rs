//! What is wrong with a CA folder, and how it is mended.
//!
//! Each group of checks has a file of its own. A check never changes anything, and a repair
//! ([`fix`]) looks anew, under the lock, at what it changes; it keeps a copy of that, deletes nothing,
//! and can be killed and run again. Nobody is asked and nothing is printed here.
//!
//! What can be told from index.txt alone, in one pass that may be shared, is [`LineChecks`].

mod additions;
mod authority;
mod configuration;
mod crls;
mod folders;
mod issuers;
mod leaves;
mod leftovers;
mod lines;
mod mend;
mod modes;
mod numbers;
mod records;
mod rowless;
mod sources;
mod survey;

pub mod adopt;
pub mod fix;
pub mod lost;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::error::Result;
use crate::store::ca::CaFolder;
use crate::store::config::Settings;
use crate::store::index::{Index, Row};

pub(crate) use configuration::moved;
pub use lines::LineChecks;
pub use rowless::rowless;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something is wrong, or will be soon: it wants to be mended.
    Problem,
    /// It works, and could be better, or is worth knowing.
    Advice,
}

impl Severity {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Problem => "problem",
            Self::Advice => "advice",
        }
    }
}

/// Something that a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind it is: stable, in kebab-case.
    pub id: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub mend: String,
    /// Whether `doctor --fix` mends it.
    pub fixable: bool,
}

impl Finding {
    /// A problem that is left to the administrator.
    fn problem(id: &'static str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        let (what, mend) = (what.into(), mend.into());
        Self { id, severity: Severity::Problem, what, mend, fixable: false }
    }

    /// Advice that is left to the administrator.
    fn advice(id: &'static str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { severity: Severity::Advice, ..Self::problem(id, what, mend) }
    }

    /// The same, mended by `doctor --fix`; what the administrator has heard so far is what it does.
    fn fixable(mut self) -> Self {
        self.mend = format!("`mailca doctor --fix` {}", self.mend);
        self.fixable = true;
        self
    }
}

/// How far a check goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// One pass over index.txt, and no certificate but the CA's, no key but the CA's and no CRL is opened.
    Quick,
    /// Everything.
    Full,
}

/// What the checks look at.
#[derive(Debug)]
pub struct Scene<'a> {
    /// The CA.
    pub ca: &'a CaFolder,
    /// Its settings, for the places where CRLs are published.
    pub settings: &'a Settings,
    /// The present moment.
    pub now: OffsetDateTime,
    /// The folder in which, and right below which, the certificate folders are.
    pub around: &'a Path,
    /// CRLs that were published elsewhere.
    pub crls: &'a [PathBuf],
    /// Lists that were installed for mail servers.
    pub installed: &'a [PathBuf],
    /// Files elsewhere with certificates that the CA issued.
    pub certificates: &'a [PathBuf],
    /// Whether a certificate is valid of which it is not known whether it was revoked: the administrator says so.
    pub assume_valid: bool,
    /// The passphrase of the CA's key, where it is known.
    pub passphrase: Option<&'a Zeroizing<String>>,
}

/// What a living command leaves half done for a moment, and a dead one for good.
const PASSING: [&str; 26] = [
    "torn-last-line",
    "index-missing",
    "duplicate-serials",
    "certificates-found",
    "certificates-unrecorded",
    "certificates-unknown",
    "certificates-lost",
    "certificates-mixed-up",
    "old-certificates-lost",
    "revocation-unknown",
    "revocations-missing",
    "revocations-unknown",
    "crl-incomplete",
    "crl-missing",
    "crlnumber-missing",
    "crlnumber-behind",
    "ca-key-not-of-certificate",
    "serial-missing",
    "serial-used",
    "key-not-of-certificate",
    "exchange-interrupted",
    "folder-exchange-interrupted",
    "recording-interrupted",
    "undelivered",
    "unfinished-files",
    "unfinished-files-in-folders",
];

/// Looks at everything, or at what is quickly seen. Problems come first.
///
/// Nobody is kept waiting where all is well. What may be the work of a living command is looked at again while none
/// is at it; where one stays at it, that is said in its place.
pub fn examine(scene: &Scene<'_>, depth: Depth) -> Result<Vec<Finding>> {
    let passes = |finding: &Finding| PASSING.contains(&finding.id);
    let mut findings = look(scene, depth)?;
    let mut calm = scene.ca.calm();
    for _ in 0..20 {
        if calm.is_ok() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(25));
        calm = scene.ca.calm();
    }
    match calm {
        Ok(_calm) if findings.iter().any(passes) => return look(scene, depth),
        Ok(_) => {}
        Err(who) => {
            findings.retain(|finding| !passes(finding));
            let what = format!("{who} is at work on the CA: what it has not ended was not judged");
            let mend = "nothing is to be done; run it again when that has ended";
            findings.push(Finding::advice("in-work", what, mend));
            sort(&mut findings);
        }
    }
    Ok(findings)
}

fn look(scene: &Scene<'_>, depth: Depth) -> Result<Vec<Finding>> {
    let mut checks = LineChecks::of(scene.ca)?;
    Index::of(scene.ca.path()).lines(|line| {
        checks.visit(line, Row::parse(line.bytes).as_ref());
        Ok(ControlFlow::Continue(()))
    })?;
    let mut findings = quick(scene, checks)?;
    if depth == Depth::Full {
        let published = crls::Published::read(scene, &mut findings)?;
        let survey = survey::Survey::of(scene, &published)?;
        records::examine(scene, &published, &survey, &mut findings);
        numbers::examine_full(scene, &published, &survey, &mut findings)?;
        folders::examine(scene, &mut findings);
        leftovers::examine_around(scene, &mut findings);
    }
    sort(&mut findings);
    Ok(findings)
}

/// The quick checks, given what a pass over index.txt has seen. CRLs are left to the caller, who has
/// to look at them anyway, and to [`examine`].
pub fn quick(scene: &Scene<'_>, checks: LineChecks) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    checks.finish(scene, &mut findings);
    authority::examine(scene, &mut findings);
    authority::examine_key(scene, &mut findings)?;
    modes::examine(scene, &mut findings)?;
    numbers::examine(scene, &mut findings)?;
    configuration::examine(scene, &mut findings)?;
    leftovers::examine(scene, &mut findings)?;
    sort(&mut findings);
    Ok(findings)
}

fn sort(findings: &mut [Finding]) {
    findings.sort_by_key(|finding| finding.severity);
}

/// The first few of several, and how many more there are.
fn listed(all: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown = all.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match all.len().checked_sub(SHOWN) {
        Some(more @ 1..) => format!("{shown} and {more} more"),
        _ => shown,
    }
}

/// `1 row`, `3 rows`.
fn counted(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
