//! Requests of the world: what other people's programs ask for is signed as it was approved, or refused in
//! a sentence with nothing written.

use std::path::Path;

use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;

use crate::support::{Certificate, Folder, certificate_der, peers_python};

#[path = "requests/hostile.rs"]
mod hostile;
#[path = "requests/makers.rs"]
mod makers;
#[path = "requests/openssl.rs"]
mod openssl;
#[path = "requests/picture.rs"]
mod picture;

/// What becomes of a request.
#[derive(Clone, Copy)]
pub enum Fate {
    /// Signed with this profile, and these names in the certificate.
    Signed(&'static str, &'static [&'static str]),
    /// Refused as a server's with these words.
    Refused(&'static [&'static str]),
}

/// Signs a request, or sees it refused, and looks at what came of it.
fn judge(folder: &Folder, name: &str, fate: Fate) {
    let line = |profile| format!("sign {name}.csr --profile {profile} --yes");
    let (profile, names) = match fate {
        Fate::Refused(words) => {
            folder.mailca(&line("server")).refused(words);
            return;
        }
        Fate::Signed(profile, names) => (profile, names),
    };
    let rows = folder.index().len();
    folder.mailca(&line(profile)).success();
    let certificate = format!("{name}.cert.pem");
    let purpose = if profile == "user" { "smimesign" } else { "sslserver" };
    folder
        .openssl("verify -x509_strict -CAfile demoCA/cacert.pem -purpose")
        .args(&[purpose, &certificate])
        .success();
    folder
        .openssl("verify -x509_strict -CAfile demoCA/cacert.pem -purpose sslclient")
        .arg(&certificate)
        .success();
    let (asked, given) =
        (certificate_der(&folder.path(&format!("{name}.csr"))), folder.path(&certificate));
    let (_, request) = X509CertificationRequest::from_der(&asked).unwrap();
    let info = &request.certification_request_info;
    let issued = Certificate::read(&given);
    assert_eq!(issued.subject, info.subject.as_raw(), "{name}: the subject");
    assert_eq!(issued.spki, info.subject_pki.raw, "{name}: the key");
    assert_eq!(names_of(&given), names, "{name}: the names");
    // A person's key on a curve signs and agrees on keys, and no key usage says both.
    let without_usage = profile == "user" && !extensions(&issued).contains(&KEY_USAGE);
    let expected = EXTENSIONS.into_iter().filter(|oid| !without_usage || *oid != KEY_USAGE);
    assert!(expected.eq(extensions(&issued)), "{name}: the extensions are not the CA's");
    assert_eq!(folder.index().len(), rows + 1, "{name}: one row");
    assert_eq!(folder.index()[rows].len(), 6, "{name}: six fields");
}

/// `BasicConstraints`, key usage, EKU, SKI, AKI, SAN: whatever was asked for.
const EXTENSIONS: [&str; 6] =
    ["2.5.29.14", KEY_USAGE, "2.5.29.17", "2.5.29.19", "2.5.29.35", "2.5.29.37"];

const KEY_USAGE: &str = "2.5.29.15";

fn extensions(certificate: &Certificate) -> Vec<&str> {
    let mut identifiers: Vec<_> =
        certificate.extensions.iter().map(|(identifier, ..)| identifier.as_str()).collect();
    identifiers.sort_unstable();
    identifiers
}

/// The names of a certificate, as `--san` takes them.
fn names_of(path: &Path) -> Vec<String> {
    let der = certificate_der(path);
    let (_, certificate) = x509_parser::parse_x509_certificate(&der).unwrap();
    let mut names = Vec::new();
    for extension in certificate.extensions() {
        let ParsedExtension::SubjectAlternativeName(found) = extension.parsed_extension() else {
            continue;
        };
        names.extend(found.general_names.iter().map(|name| match name {
            GeneralName::DNSName(host) => format!("DNS:{host}"),
            GeneralName::RFC822Name(mailbox) => format!("email:{mailbox}"),
            GeneralName::IPAddress(octets) => match octets.len() {
                4 => format!(
                    "IP:{}",
                    std::net::Ipv4Addr::from(<[u8; 4]>::try_from(*octets).unwrap())
                ),
                _ => format!(
                    "IP:{}",
                    std::net::Ipv6Addr::from(<[u8; 16]>::try_from(*octets).unwrap())
                ),
            },
            other => format!("{other:?}"),
        }));
    }
    names
}

/// `openssl ca` reads the index that came of it all.
fn openssl_reads_the_index(folder: &Folder) {
    folder.openssl("ca -config demoCA/openssl.cnf -updatedb").success();
}

/// A run of the script with Python's cryptography.
fn python(folder: &Folder, arguments: &[&str]) -> Option<()> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/requests/requests.py");
    crate::support::Run::new(&peers_python()?, folder.root(), "")
        .arg(script.to_str().unwrap())
        .args(arguments)
        .success();
    Some(())
}
