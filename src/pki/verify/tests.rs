//! Rules that openssl's command line cannot be asked about: hostile chains, malformed lists, entries.
#![expect(clippy::disallowed_methods, reason = "certificates that no policy would approve")]

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams,
    CustomExtension, DnType, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevocationReason,
    RevokedCertParams, SerialNumber,
};
use time::macros::datetime;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-11-12 12:00 UTC);

struct Made {
    certificate: Certificate,
    parameters: CertificateParams,
    key: KeyPair,
}

impl Made {
    fn der(&self) -> Vec<u8> {
        self.certificate.der().to_vec()
    }

    fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::from_params(&self.parameters, &self.key)
    }
}

fn parameters(name: &str, ca: bool) -> CertificateParams {
    let mut parameters = CertificateParams::new(vec!["mail.example.com".into()]).unwrap();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.not_before = datetime!(2026-01-01 0:00 UTC);
    parameters.not_after = datetime!(2030-01-01 0:00 UTC);
    parameters.serial_number = Some(SerialNumber::from(vec![0x80, 1]));
    if ca {
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    }
    parameters
}

fn root(name: &str) -> Made {
    let (parameters, key) = (parameters(name, true), KeyPair::generate().unwrap());
    Made { certificate: parameters.self_signed(&key).unwrap(), parameters, key }
}

fn issue(parameters: CertificateParams, issuer: &Made) -> Made {
    let key = KeyPair::generate().unwrap();
    Made { certificate: parameters.signed_by(&key, &issuer.issuer()).unwrap(), parameters, key }
}

fn options<'a>(
    roots: &'a [Vec<u8>],
    intermediates: &'a [Vec<u8>],
    crls: &'a [Vec<u8>],
) -> Options<'a> {
    Options { roots, intermediates, crls, at: NOW, purpose: None, identity: None }
}

fn refusal(leaf: &[u8], options: &Options<'_>) -> String {
    let error = verify(leaf, options).unwrap_err();
    assert_eq!(error.kind(), crate::error::Kind::Verdict);
    error.to_string()
}

fn crl(ca: &Made, change: impl FnOnce(&mut CertificateRevocationListParams)) -> Vec<u8> {
    let mut parameters = CertificateRevocationListParams {
        this_update: datetime!(2026-11-01 0:00 UTC),
        next_update: datetime!(2026-12-01 0:00 UTC),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    change(&mut parameters);
    parameters.signed_by(&ca.issuer()).unwrap().der().to_vec()
}

fn revoked(reason: Option<RevocationReason>) -> RevokedCertParams {
    RevokedCertParams {
        serial_number: SerialNumber::from(vec![0x80, 1]),
        revocation_time: datetime!(2026-11-02 0:00 UTC),
        reason_code: reason,
        invalidity_date: Some(datetime!(2026-11-01 0:00 UTC)),
    }
}

#[test]
fn a_path_runs_from_leaf_to_root() {
    let root = root("Root");
    let middle = issue(parameters("Middle", true), &root);
    let leaf = issue(parameters("leaf", false), &middle);
    let (roots, others) = (vec![root.der()], vec![middle.der(), vec![0x30, 0]]);
    let path = verify(&leaf.der(), &options(&roots, &others, &[])).unwrap();
    assert_eq!(path.certificates, [leaf.der(), middle.der(), root.der()]);
    assert!(
        path.notes.iter().any(|note| note.contains("has no authority key identifier")),
        "{path:?}"
    );
    let error = verify(&leaf.der(), &options(&roots, &others[1..], &[])).unwrap_err();
    assert!(error.hints().iter().any(|hint| hint.starts_with("1 of the CA certificates given")));
}

#[test]
fn dates_are_said_for_people_and_their_ends_are_included() {
    let root = root("Root");
    let mut short = parameters("mail.example.com", false);
    short.not_after = datetime!(2026-03-01 12:00 UTC);
    let leaf = issue(short, &root).der();
    let roots = [root.der()];
    let at = |at| refusal(&leaf, &Options { at, ..options(&roots, &[], &[]) });
    assert_eq!(
        at(NOW),
        "the certificate of \"mail.example.com\" expired on 2026-03-01 (256 days ago), as of 2026-11-12"
    );
    assert!(
        at(datetime!(2026-03-01 15:00 UTC))
            .ends_with("expired on 2026-03-01 12:00:00 UTC (3 hours ago), as of 2026-03-01")
    );
    assert!(at(datetime!(2026-03-01 12:00:01 UTC)).ends_with("(1 second ago), as of 2026-03-01"));
    assert!(
        at(datetime!(2025-12-01 0:00 UTC))
            .ends_with("is not valid before 2026-01-01 (in 31 days), as of 2025-12-01")
    );
    for end in [datetime!(2026-03-01 12:00 UTC), datetime!(2026-01-01 0:00 UTC)] {
        assert!(verify(&leaf, &Options { at: end, ..options(&roots, &[], &[]) }).is_ok());
    }
}

#[test]
fn hostile_chains_end_the_search() {
    // CAs of one name and a hundred keys: every one is a candidate for every other.
    let first = root("Same");
    let many: Vec<_> = (0..100).map(|_| root("Same").der()).collect();
    let leaf = issue(parameters("leaf", false), &first).der();
    let message = refusal(&leaf, &options(&[], &many, &[]));
    assert!(
        message.starts_with("no path for \"leaf\" was found within 64 signature checks"),
        "{message}"
    );

    let mut line = vec![root("CA 0")];
    for depth in 1..15 {
        let next = issue(parameters(&format!("CA {depth}"), true), &line[depth - 1]);
        line.push(next);
    }
    let leaf = issue(parameters("leaf", false), &line[14]).der();
    let others: Vec<_> = line.iter().map(Made::der).collect();
    assert!(
        refusal(&leaf, &options(&others[..1], &others, &[]))
            .contains("longer than 12 certificates")
    );
}

#[test]
fn two_cas_that_certify_each_other_are_no_loop() {
    let (one, other) = (root("One"), root("Other"));
    let crossed = |subject: &Made, issuer: &Made| {
        subject.parameters.signed_by(&subject.key, &issuer.issuer()).unwrap().der().to_vec()
    };
    let others = [crossed(&one, &other), crossed(&other, &one)];
    let leaf = issue(parameters("leaf", false), &one).der();
    assert!(
        refusal(&leaf, &options(&[], &others, &[]))
            .contains("is not among the CA certificates given")
    );
    assert_eq!(
        verify(&leaf, &options(&[other.der()], &others, &[])).unwrap().certificates.len(),
        3
    );
}

#[test]
fn a_changed_certificate_does_not_verify() {
    let root = root("Root");
    let mut leaf = issue(parameters("leaf", false), &root).der();
    let at = leaf.windows(16).position(|window| window == b"mail.example.com").unwrap();
    leaf[at] = b'n';
    let message = refusal(&leaf, &options(&[root.der()], &[], &[]));
    assert_eq!(
        message,
        "the signature on the certificate of \"leaf\" by the CA \"Root\" is not accepted: the signature \
         (ECDSA with SHA-256) does not verify with the key (EC P-256)"
    );
    assert_eq!(refusal(b"nonsense", &options(&[], &[], &[])), "the certificate is malformed");
}

#[test]
fn an_extension_may_be_there_once() {
    let root = root("Root");
    let mut twice = parameters("leaf", false);
    for _ in 0..2 {
        twice.custom_extensions.push(CustomExtension::from_oid_content(&[1, 2, 3], vec![5, 0]));
    }
    let message = refusal(&issue(twice, &root).der(), &options(&[root.der()], &[], &[]));
    assert_eq!(message, "the certificate of \"leaf\" has the extension 1.2.3 twice");
}

#[test]
fn the_helper_knows_self_signed_certificates_by_their_signature() {
    let (one, other) = (root("Same"), root("Same"));
    assert!(is_self_signed(&one.der()).unwrap());
    assert!(!is_self_signed(&issue(parameters("Same", true), &other).der()).unwrap());
    assert!(!is_self_signed(&issue(parameters("leaf", false), &one).der()).unwrap());
    assert!(is_self_signed(b"nonsense").is_err());
}

#[test]
fn a_list_revokes_with_date_and_reason() {
    let root = root("Root");
    let leaf = issue(parameters("leaf", false), &root).der();
    let roots = [root.der()];
    let with = |reason| [crl(&root, |list| list.revoked_certs.push(revoked(reason)))];
    let lists = with(Some(RevocationReason::KeyCompromise));
    assert_eq!(
        refusal(&leaf, &options(&roots, &[], &lists)),
        "the certificate of \"leaf\" was revoked on 2026-11-02 (10 days ago), reason: key compromise"
    );
    let lists = with(Some(RevocationReason::RemoveFromCrl));
    verify(&leaf, &options(&roots, &[], &lists)).unwrap();
}

#[test]
fn the_newest_usable_list_decides() {
    let root = root("Root");
    let leaf = issue(parameters("leaf", false), &root).der();
    let roots = [root.der()];
    let older = crl(&root, |list| {
        list.this_update = datetime!(2026-10-20 0:00 UTC);
        list.revoked_certs.push(revoked(Some(RevocationReason::CertificateHold)));
    });
    let lists = [older, crl(&root, |_| {})];
    verify(&leaf, &options(&roots, &[], &lists)).unwrap();
    let stale = crl(&root, |list| list.next_update = datetime!(2026-11-02 0:00 UTC));
    let lists = [stale];
    assert_eq!(
        refusal(&leaf, &options(&roots, &[], &lists)),
        "the CRL of the CA \"Root\", needed for \"leaf\", expired on its nextUpdate, 2026-11-02 (10 days ago)"
    );
    let future = [crl(&root, |list| list.this_update = datetime!(2026-11-20 0:00 UTC))];
    assert!(
        refusal(&leaf, &options(&roots, &[], &future)).contains("not valid before its thisUpdate")
    );
}

#[test]
fn a_ca_without_crl_sign_signs_no_list() {
    let mut only_certificates = parameters("Root", true);
    only_certificates.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let key = KeyPair::generate().unwrap();
    let certificate = only_certificates.self_signed(&key).unwrap();
    let root = Made { certificate, parameters: only_certificates, key };
    let mut able = root.parameters.clone();
    able.key_usages.push(KeyUsagePurpose::CrlSign);
    let (certificate, key) = (able.self_signed(&root.key).unwrap(), &root.key);
    let list = CertificateRevocationListParams {
        this_update: datetime!(2026-11-01 0:00 UTC),
        next_update: datetime!(2026-12-01 0:00 UTC),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let lists = [list.signed_by(&Issuer::from_params(&able, key)).unwrap().der().to_vec()];
    let leaf = issue(parameters("leaf", false), &root).der();
    assert_eq!(
        refusal(&leaf, &options(&[root.der()], &[], &lists)),
        "the CA \"Root\" may not sign CRLs: its key usage has no CRL Sign"
    );
    verify(&leaf, &options(&[certificate.der().to_vec()], &[], &lists)).unwrap();
}

#[test]
fn malformed_lists_revoke_nobody_silently() {
    let root = root("Root");
    let leaf = issue(parameters("leaf", false), &root).der();
    let good = crl(&root, |list| list.revoked_certs.push(revoked(None)));
    let roots = [root.der()];
    // The entry's serial loses its INTEGER tag.
    let at = good.windows(5).position(|window| window == [2, 3, 0, 0x80, 1]).unwrap();
    let mut broken = good.clone();
    broken[at] = 4;
    for list in [broken, good[..good.len() - 1].to_vec(), Vec::new()] {
        assert_eq!(refusal(&leaf, &options(&roots, &[], &[list])), "the CRL is malformed");
    }
}
