//! Is a mail server right? What was seen of it goes in, findings come out; pure.
//!
//! - [`issue`]: everything that can be found, with its identifier and severity. [`page`]: what the page of
//!   each in `templates/check/` says. [`software`]: for which program the advice is.
//! - [`judge`]: makes findings of what was seen on one port. [`across`]: of several ports of a host.
//! - [`cause`]: what is mended together.
//! - [`report`]: what came of it, for [`crate::render::check`].

pub mod across;
pub mod cause;
pub mod issue;
pub mod judge;
pub mod page;
pub mod report;
pub mod software;

pub use issue::{Issue, Severity};
pub use page::Page;
pub use software::Software;

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub issue: Issue,
    /// How bad it is here.
    pub severity: Severity,
    /// What was seen, printable, lower case, without a full stop.
    pub seen: String,
}

impl Finding {
    /// As bad as it usually is.
    pub fn new(issue: Issue, seen: impl Into<String>) -> Self {
        Self { issue, severity: issue.severity(), seen: seen.into() }
    }

    /// The same, as bad as this.
    #[must_use]
    pub fn as_bad_as(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }
}
