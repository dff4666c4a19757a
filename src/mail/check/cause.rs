//! One cause is one job: what comes of another finding and is mended with it is left out.

use super::report::worst;
use super::{Finding, Issue};

/// What is mended with what. A certificate that has to be made anew anyway will be of today; where TLS does not
/// begin, every question that follows is without an answer.
const MENDED_WITH: &[(&[Issue], &[Issue])] = &[
    (
        &[Issue::SelfSigned, Issue::Untrusted, Issue::ForeignCa, Issue::Expired, Issue::Revoked],
        &[
            Issue::ValidTooLong,
            Issue::ExpiresSoon,
            Issue::ClientUsageMissing,
            Issue::SanMissing,
            Issue::ChainSuperfluous,
        ],
    ),
    (&[Issue::KeyShort, Issue::SignatureWeak], &[Issue::ValidTooLong, Issue::ClientUsageMissing]),
    (&[Issue::SelfSigned], &[Issue::ServerUsageMissing]),
    (
        &[
            Issue::HandshakeFailed,
            Issue::SessionBroken,
            Issue::StarttlsRefused,
            Issue::WrongProtocol,
            Issue::CertificateUnreadable,
        ],
        &[Issue::Incomplete],
    ),
    (
        &[Issue::SessionBroken, Issue::WrongProtocol],
        &[Issue::RelayUnclear, Issue::ClientUsageMissing],
    ),
    (&[Issue::ClientCertificateRefused], &[Issue::ClientCertificateRequired, Issue::RelayUnclear]),
    (&[Issue::ClientCertificateRequired], &[Issue::ClientCertificateAsked]),
];

/// Leaves out of the findings of one place what is mended with another of them, and is no worse.
pub fn one_each(findings: &mut Vec<Finding>) {
    for (causes, hidden) in MENDED_WITH {
        let of_cause = findings.iter().filter(|one| causes.contains(&one.issue));
        let Some(severity) = worst(of_cause) else { continue };
        findings.retain(|one| !hidden.contains(&one.issue) || one.severity > severity);
    }
    // A signature by a short key is not looked at. Whatever else is wrong with it is told.
    if findings.iter().any(|one| one.issue == Issue::KeyShort) {
        let is_unchecked = |one: &Finding| {
            let unchecked = one.seen.split_once("its key is of a kind that is not checked, RSA");
            unchecked.is_some_and(|(_, rest)| !one.seen.contains(';') && rest.ends_with("bits"))
        };
        findings.retain(|one| one.issue != Issue::KeyUnproven || !is_unchecked(one));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::check::Severity;

    fn left(issues: &[Issue]) -> Vec<Issue> {
        let mut findings: Vec<_> = issues.iter().map(|one| Finding::new(*one, "")).collect();
        one_each(&mut findings);
        findings.iter().map(|one| one.issue).collect()
    }

    #[test]
    fn what_comes_of_another_finding_is_left_out() {
        let all = [Issue::SelfSigned, Issue::ValidTooLong, Issue::Tls10, Issue::NameMismatch];
        assert_eq!(left(&all), [Issue::SelfSigned, Issue::Tls10, Issue::NameMismatch]);
        assert_eq!(left(&all[1..]), &all[1..]);
        assert_eq!(left(&[Issue::HandshakeFailed, Issue::Incomplete]), [Issue::HandshakeFailed]);
        assert_eq!(left(&[Issue::Incomplete]), [Issue::Incomplete]);
    }

    #[test]
    fn nothing_that_is_worse_is_left_out() {
        let cause = Finding::new(Issue::SelfSigned, "").as_bad_as(Severity::Info);
        let mut findings = vec![cause, Finding::new(Issue::ValidTooLong, "")];
        one_each(&mut findings);
        assert_eq!(findings.len(), 2);
    }
}
