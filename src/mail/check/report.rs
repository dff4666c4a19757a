//! What came of a check: ports with their findings, and hosts with their ports.

use std::net::SocketAddr;

use time::OffsetDateTime;

use super::{Finding, Issue, Page, Severity, Software};
use crate::net::hello::Version;
use crate::net::target::Target;
use crate::pki::certificate::Certificate;

/// What came of one port.
#[derive(Clone, Debug)]
pub struct PortReport {
    /// Which.
    pub target: Target,
    /// Where it was found; `None` where nothing answered.
    pub address: Option<SocketAddr>,
    /// What the server is, as far as its greeting says.
    pub software: Option<Software>,
    /// The first line of its greeting, printable.
    pub greeting: Option<String>,
    /// The versions that it accepts, newest first.
    pub versions: Vec<Version>,
    /// The cipher suite of the best of them.
    pub cipher_suite: Option<String>,
    /// Its certificate and those that it sends along, as far as they could be read.
    pub chain: Vec<Certificate>,
    /// When the first of its certificates ends, or the way up to a root from it.
    pub ends: Option<OffsetDateTime>,
    /// Whether it asks for a client certificate, where that was seen.
    pub asks_certificate: Option<bool>,
    /// The name or address that its certificate should have.
    pub name: String,
    /// The certificate folder here that has the server's certificate, or else one for the host.
    pub folder: Option<Folder>,
    /// What was found, worst first.
    pub findings: Vec<Finding>,
}

/// A certificate folder of the current directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Its name; `.` is the current one.
    pub name: String,
    /// Whether the server presents its very certificate. Else it is for the host alone.
    pub is_presented: bool,
    /// Whether its certificate is in order: valid, for the host, and from a CA that is trusted.
    pub is_sound: bool,
}

impl Folder {
    /// Whether to put it into the server mends all there is about the certificate that is presented.
    fn is_remedy(&self) -> bool {
        self.is_sound && !self.is_presented
    }
}

/// What came of one host.
#[derive(Clone, Debug)]
pub struct HostReport {
    /// The host as it was named.
    pub host: String,
    /// Its ports that were looked at.
    pub ports: Vec<PortReport>,
    /// The usual ports that do not answer, where none was named; all, where the host has no address.
    pub silent: Vec<Target>,
    /// What was found when the ports were compared.
    pub findings: Vec<Finding>,
}

/// Sorts findings: the worst first, and then as a connection meets them.
pub fn sort(findings: &mut [Finding]) {
    findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.issue));
}

/// The worst of some findings.
pub fn worst<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Option<Severity> {
    findings.into_iter().map(|finding| finding.severity).max()
}

/// How something is mended in a program; nothing where there is nothing to do. HOST, SERVER and FOLDER in the page
/// become what they stand for, as far as that is known.
pub fn advice(
    issue: Issue,
    host: &str,
    software: Option<Software>,
    folder: Option<&Folder>,
) -> Option<String> {
    let is_remedy = folder.is_some_and(Folder::is_remedy);
    let page =
        if issue.is_of_certificate() && is_remedy { Page::of_folder() } else { Page::of(issue) };
    let folder = folder.map(|folder| folder.name.as_str());
    let text = page.mend(software);
    if text == "nothing." {
        return None;
    }
    let server = software.filter(|one| one.has_configuration()).map(Software::name);
    let mut told = String::new();
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        let end = rest[start..].find(|one| !is_word(one)).map_or(rest.len(), |at| start + at);
        let word = &rest[start..end];
        told.push_str(&rest[..start]);
        match (word, server, folder) {
            ("HOST", ..) => told.push_str(host),
            ("SERVER", Some(server), _) => told.push_str(server),
            // The current folder is the one that is meant without a name.
            ("FOLDER", _, Some(".")) => {
                let length = told.trim_end_matches(' ').len();
                told.truncate(length);
            }
            ("FOLDER", _, Some(folder)) => told.push_str(folder),
            _ => told.push_str(word),
        }
        rest = &rest[end..];
    }
    told.push_str(rest);
    Some(told)
}

impl PortReport {
    /// How one of its findings is mended.
    pub fn advice(&self, issue: Issue) -> Option<String> {
        advice(issue, &self.name, self.software, self.folder.as_ref())
    }
}

impl HostReport {
    /// What there is to do, each thing once however many ports it is on, with how bad it is at the worst: of each
    /// certificate, and of the server.
    pub fn jobs(&self) -> Vec<(Issue, Severity)> {
        let mut jobs: Vec<(Issue, Option<&Certificate>, Severity)> = Vec::new();
        let of_ports = self.ports.iter().flat_map(|port| {
            let own = port.chain.first();
            port.findings.iter().map(move |finding| (finding, own))
        });
        for (finding, own) in of_ports.chain(self.findings.iter().map(|finding| (finding, None))) {
            let own = own.filter(|_| finding.issue.is_of_certificate());
            let is_same = |job: &&mut (Issue, Option<&Certificate>, Severity)| {
                job.0 == finding.issue
                    && job.1.map(Certificate::as_der) == own.map(Certificate::as_der)
            };
            match jobs.iter_mut().find(is_same) {
                Some(job) => job.2 = job.2.max(finding.severity),
                None => jobs.push((finding.issue, own, finding.severity)),
            }
        }
        jobs.into_iter().map(|(issue, _, severity)| (issue, severity)).collect()
    }

    /// Every finding, of the ports and of the host.
    pub fn all_findings(&self) -> impl Iterator<Item = &Finding> {
        self.ports.iter().flat_map(|port| &port.findings).chain(&self.findings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_of(name: &str, is_presented: bool, is_sound: bool) -> Folder {
        Folder { name: name.to_owned(), is_presented, is_sound }
    }

    #[test]
    fn a_certificate_that_is_in_order_is_put_into_the_server_and_not_renewed() {
        let told = |issue, software, folder: &Folder| {
            advice(issue, "mx.example.com", Some(software), Some(folder)).unwrap_or_default()
        };
        let good = folder_of("mx", false, true);
        let of_certificate =
            [Issue::Expired, Issue::NameMismatch, Issue::SelfSigned, Issue::KeyShort];
        for issue in of_certificate {
            for software in Software::ALL.into_iter().filter(|one| one.has_configuration()) {
                let text = told(issue, software, &good);
                assert!(text.contains("`mailca install mx --for "), "{issue:?}: {text}");
                assert!(text.contains(&format!("`mailca config {} ", software.name())), "{text}");
                for word in ["renew mx", "mailca issue", "--forget", "FOLDER", "HOST"] {
                    assert!(!text.contains(word), "{issue:?}, {word}: {text}");
                }
            }
        }
        assert!(
            told(Issue::Expired, Software::Postfix, &folder_of("mx", true, false))
                .contains("renew")
        );
        assert!(
            told(Issue::Expired, Software::Postfix, &folder_of("mx", false, false))
                .contains("renew")
        );
        let other = told(Issue::Tls10, Software::Postfix, &good);
        assert!(!other.contains("install"), "{other}");
    }

    #[test]
    fn advice_names_what_is_known() {
        let told = |software, folder: Option<&str>| {
            let folder = folder.map(|name| folder_of(name, true, false));
            advice(Issue::Expired, "mx.example.com", software, folder.as_ref()).unwrap_or_default()
        };
        let known = told(Some(Software::Postfix), Some("mx"));
        assert!(known.contains("`mailca renew mx`"), "{known}");
        assert!(known.contains("`mailca install mx --for postfix`"), "{known}");
        let here = told(Some(Software::Postfix), Some("."));
        assert!(here.contains("`mailca renew`"), "{here}");
        assert!(here.contains("`mailca install --for postfix`"), "{here}");
        let unknown = told(Some(Software::Cyrus), None);
        assert!(unknown.contains("`mailca renew FOLDER`"), "{unknown}");
        assert!(unknown.contains("--for SERVER"), "{unknown}");
        assert_eq!(advice(Issue::DaneMatch, "mx", None, None), None);
    }
}
