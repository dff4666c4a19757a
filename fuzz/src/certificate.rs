//! Certificates in files: what is known of them, and whether they verify.

use mailca::pki::bundle::Bundle;
use mailca::pki::certificate::Certificate;
use mailca::pki::constraints::Constraints;
use mailca::pki::identity::Identity;
use mailca::pki::profile::Profile;
use mailca::pki::verify::{Options, Purpose, verify};
use mailca::store::index::{self, Row};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::fixture::{AUTHORITY, NOW};

/// Certificates that were read are the same once they are written, and their rows in the index are theirs.
pub fn check(input: &[u8]) {
    let certificates = match Certificate::from_file_content(input) {
        Ok(certificates) => certificates,
        Err(error) => return super::assert_error_is_plain(&error),
    };
    let ders: Vec<_> = certificates.iter().map(|one| one.as_der().to_vec()).collect();
    for certificate in &certificates {
        let text = certificate.to_pem().expect("it can be written");
        let again = Certificate::from_file_content(text.as_bytes()).expect("and read");
        assert!(again.len() == 1 && again[0].as_der() == certificate.as_der());
        super::assert_is_plain(&certificate.title());
        let _ = (certificate.weakness(), Profile::of(certificate), certificate.is_self_signed());
        let _ = certificate.is_issued_by(&AUTHORITY.certificate);
        check_row(certificate);
        check_verdict(certificate.as_der(), &ders);
    }
    let _ = Bundle::new(certificates);
}

fn check_row(certificate: &Certificate) {
    // A year that no certificate can say has no row.
    let Ok(line) = index::line(certificate) else { return };
    let row = Row::parse(line.as_bytes()).expect("a row is a row");
    // Longer ones than twice what RFC 5280 allows are none.
    assert!(row.serial().is_none_or(|serial| serial == certificate.serial));
    assert_eq!(row.not_after(), Some(certificate.not_after));
    assert_eq!(row.to_line(), line.as_bytes());
    super::assert_is_plain(&row.title());
}

fn check_verdict(der: &[u8], others: &[Vec<u8>]) {
    if let Ok((_, parsed)) = X509Certificate::from_der(der) {
        for identity in [Identity::host("mail.example.com"), Identity::email("joe@example.com")] {
            if let Err(error) = identity.and_then(|identity| identity.check(&parsed)) {
                super::assert_error_is_plain(&error);
            }
        }
    }
    if let Ok(Some(constraints)) = Constraints::from_certificate(der)
        && let Err(error) = constraints.check(&AUTHORITY.certificate.alternative_names)
    {
        super::assert_error_is_plain(&error);
    }
    let roots = [AUTHORITY.certificate.as_der().to_vec()];
    for roots in [&roots, others] {
        let options = Options {
            roots,
            intermediates: others,
            crls: &[],
            at: NOW,
            purpose: Some(Purpose::Server),
            identity: None,
        };
        match verify(der, &options) {
            Ok(path) => assert_eq!(path.certificates.first().map(Vec::as_slice), Some(der)),
            Err(error) => super::assert_error_is_plain(&error),
        }
    }
}
