//! What lies in a folder, read in this process: thousands of folders are looked at, and openssl takes longer to start
//! than mailca to run. That other programs read the same files is for the tests of `interop`.

use std::path::Path;

use mailca::pki::certificate::Certificate;
use mailca::pki::crl::Crl;
use mailca::pki::key::PrivateKey;
use mailca::pki::request::Request;

/// The public key of a private key.
pub fn key(path: &Path) -> Vec<u8> {
    let content = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let no_passphrase = || panic!("{} is encrypted", path.display());
    let key = PrivateKey::from_file_content(&content, no_passphrase);
    key.unwrap_or_else(|error| panic!("{}: {error}", path.display())).public_key().to_vec()
}

/// The public key of a request, whose signature holds.
pub fn request(path: &Path) -> Vec<u8> {
    let content = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let request = Request::from_file_content(&content);
    request.unwrap_or_else(|error| panic!("{}: {error}", path.display())).public_key
}

/// The certificates in a file.
pub fn certificates(path: &Path) -> Vec<Certificate> {
    let content = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Certificate::from_file_content(&content)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The public key of the first certificate in a file.
pub fn certificate(path: &Path) -> Vec<u8> {
    certificates(path)[0].public_key.clone()
}

/// Whether one of the certificates in `issuers` has signed the first one in a file.
pub fn is_issued_by(path: &Path, issuers: &Path) -> bool {
    let one = &certificates(path)[0];
    certificates(issuers).iter().any(|issuer| one.is_issued_by(issuer))
}

/// A list in PEM or DER that one of these has signed.
pub fn list(path: &Path, issuers: &Path) -> Crl {
    let content = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let list = Crl::from_file_content(&content)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let signed = certificates(issuers).iter().any(|issuer| list.check_signature(issuer).is_ok());
    assert!(signed, "{}: its signature is wrong", path.display());
    list
}

/// Whether a bundle opens with a password.
pub fn opens(path: &Path, password: &str) -> bool {
    let content = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    mailca::pki::pkcs12::read(&content, password).is_ok()
}
