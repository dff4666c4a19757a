//! Rules of form that RFC 5280 puts on issuers and `openssl verify -x509_strict` enforces. Certificates
//! of CA.pl break them and work everywhere, so here they are notes.

use x509_parser::extensions::ParsedExtension;
use x509_parser::x509::X509Version;

use super::certificate::Certificate;
use super::usage::called;

/// What `-x509_strict` would refuse in a path from leaf to root, a sentence each.
pub(super) fn notes(path: &[&Certificate<'_>]) -> Vec<String> {
    if path.len() < 2 {
        return Vec::new();
    }
    let last = path.len() - 1;
    let faults = path.iter().enumerate().flat_map(|(at, certificate)| {
        let name = called(certificate, at == 0);
        faults(certificate, at == last)
            .into_iter()
            .map(move |fault| format!("{name} {fault}, which openssl -x509_strict refuses"))
    });
    faults.collect()
}

fn faults(certificate: &Certificate<'_>, is_root: bool) -> Vec<&'static str> {
    let version3 = certificate.parsed.version() == X509Version::V3;
    let signs = certificate.key_usage().is_some_and(|usage| usage.key_cert_sign());
    let ca = certificate.is_ca();
    let path_length = certificate
        .basic_constraints()
        .is_some_and(|constraints| constraints.path_len_constraint.is_some());
    let no_subject = certificate.parsed.subject().iter().next().is_none();
    let no_names = certificate.find("2.5.29.17").is_none();
    [
        (
            !version3 && !certificate.parsed.extensions().is_empty(),
            "has extensions but is not version 3",
        ),
        (!version3 && is_root, "is not version 3"),
        (ca && certificate.key_usage().is_none(), "has no key usage"),
        (ca && !certificate.is_critical("2.5.29.19"), "has basicConstraints that are not critical"),
        (!ca && signs, "has key usage Key Cert Sign but is not a CA"),
        (path_length && !(ca && signs), "has a path length but may not sign certificates"),
        (
            version3 && ca && certificate.subject_key_identifier().is_none(),
            "has no subject key identifier",
        ),
        (
            version3 && !is_root && certificate.authority_key_identifier().is_none(),
            "has no authority key identifier",
        ),
        (has_empty_names(certificate), "has a subjectAltName without a name"),
        (certificate.parsed.issuer().iter().next().is_none(), "has an empty issuer"),
        (no_subject && (ca || no_names), "has an empty subject"),
        (
            no_subject && !no_names && !certificate.is_critical("2.5.29.17"),
            "has an empty subject and a subjectAltName that is not critical",
        ),
    ]
    .iter()
    .filter(|(broken, _)| *broken)
    .map(|(_, fault)| *fault)
    .collect()
}

fn has_empty_names(certificate: &Certificate<'_>) -> bool {
    matches!(certificate.find("2.5.29.17"), Some(ParsedExtension::SubjectAlternativeName(names))
        if names.general_names.is_empty())
}
