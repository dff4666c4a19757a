//! What was approved is what openssl reads, for every request that the fuzzer has kept.

use std::fs;
use std::path::Path;

use mailca::pki::certificate::Certificate;

use crate::properties::sign::{authority, certificate};
use crate::support::{Folder, need};

#[test]
fn openssl_reads_what_was_approved() {
    need!("openssl");
    let folder = Folder::empty();
    folder.write("ca.pem", authority().to_pem().unwrap());
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/sign");
    let (mut count, mut wrong) = (0, Vec::new());
    for entry in fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        let Some(certificate) = certificate(&fs::read(&path).unwrap()) else { continue };
        count += 1;
        wrong.extend(difference(&folder, &certificate).map(|what| (path, what)));
    }
    assert!(count > 0 && wrong.is_empty(), "of {count}: {wrong:#?}");
}

/// What openssl finds in a certificate and mailca does not mean.
fn difference(folder: &Folder, certificate: &Certificate) -> Option<String> {
    folder.write("cert.pem", certificate.to_pem().unwrap());
    let shown = folder
        .openssl("x509 -in cert.pem -noout -subject -nameopt compat -ext subjectAltName")
        .output();
    let shown = shown.text();
    // OpenSSL has short names for types that nobody puts into a name.
    let mut types = certificate.subject.rdns().iter().flatten();
    let is_known = types.all(|attribute| attribute.short_name() != attribute.oid);
    if !is_known && shown.starts_with("subject=") {
        return None;
    }
    if !shown.lines().any(|line| line == format!("subject={}", certificate.subject.oneline())) {
        return Some(format!("{} is not {shown}", certificate.subject.oneline()));
    }
    let names = certificate.alternative_names.iter().map(ToString::to_string);
    let names: Vec<_> = names.map(|name| name.replace("IP:", "IP Address:")).collect();
    let found = shown.lines().skip_while(|line| !line.starts_with("X509v3")).nth(1);
    let found: Vec<_> = found.unwrap_or_default().trim().split(", ").collect();
    let is_same = |(name, found): (&String, &&str)| name == found || found.starts_with("IP ");
    if !names.is_empty() && (names.len() != found.len() || !names.iter().zip(&found).all(is_same)) {
        return Some(format!("{names:?} are not {found:?}"));
    }
    let verified =
        folder.openssl("verify -x509_strict -attime 1767300000 -CAfile ca.pem cert.pem").output();
    (verified.status != Some(0)).then(|| verified.to_string())
}
