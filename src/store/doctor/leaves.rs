//! What is weak or missing in the valid certificates of this CA.

use crate::pki::certificate::Certificate;
use crate::store::doctor::{Finding, Scene, counted, listed};

/// What was seen of the valid certificates so far.
#[derive(Debug, Default)]
pub(super) struct Leaves {
    weak: Vec<String>,
    nameless: Vec<String>,
    /// Those without extended key usage: any purpose, which some servers do not take for one.
    pub(super) purposeless: usize,
    /// How many there are.
    pub(super) count: usize,
}

impl Leaves {
    /// Looks at a certificate that index.txt calls valid.
    pub(super) fn look_at(&mut self, certificate: &Certificate, scene: &Scene<'_>) {
        if certificate.is_ca || certificate.not_after < scene.now {
            return;
        }
        self.count += 1;
        let title = || format!("{} ({})", certificate.serial, certificate.title());
        if let Some(weakness) = certificate.weakness() {
            self.weak.push(format!("{}: {weakness}", title()));
        }
        if certificate.alternative_names.is_empty() {
            self.nameless.push(title());
        }
        self.purposeless += usize::from(certificate.extended_key_usage.is_none());
    }

    pub(super) fn tell(&self, findings: &mut Vec<Finding>) {
        if !self.weak.is_empty() {
            let what = format!(
                "{} that programs of today refuse: {}",
                counted(self.weak.len(), "valid certificate"),
                listed(&self.weak)
            );
            let mend =
                "make them anew: `mailca renew --new-key`, or a new request where the key is short";
            findings.push(Finding::problem("weak-certificates", what, mend));
        }
        if !self.nameless.is_empty() {
            let what = format!(
                "{} without a subject alternative name, which clients look at alone: {}",
                counted(self.nameless.len(), "valid certificate"),
                listed(&self.nameless)
            );
            let mend = "servers need it, clients that only show a certificate do not: sign a new \
                        request with `mailca sign`, which puts the name there";
            findings.push(Finding::advice("certificates-without-names", what, mend));
        }
    }
}
