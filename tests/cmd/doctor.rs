//! `doctor`: folders damaged in every way, looked at and repaired.

#[path = "doctor/authority.rs"]
mod authority;
#[path = "doctor/files.rs"]
mod files;
#[path = "doctor/living.rs"]
mod living;
#[path = "doctor/records.rs"]
mod records;

use crate::support::{Certificate, Folder, Outcome, Snapshot};

pub const CA: &str = "ca -config demoCA/openssl.cnf -batch";

/// A CA with a host in `mx/`, a person in `joe/`, somebody revoked for a lost key in `lost/`, and a CRL.
pub fn lived() -> Folder {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mx.example.com mx").success();
    let person = "issue --key-type ecdsa-p256 --user";
    folder.mailca(&format!("{person} joe --email joe@example.com joe")).success();
    folder.mailca(&format!("{person} lost --email lost@example.com lost")).success();
    folder.openssl(&format!("{CA} -revoke lost/cert.pem -crl_reason keyCompromise")).success();
    folder.openssl(&format!("{CA} -gencrl -out demoCA/crl.pem")).success();
    sound(&folder);
    folder
}

pub fn serial(folder: &Folder, name: &str) -> String {
    Certificate::read(&folder.path(&format!("{name}/cert.pem"))).serial
}

pub fn edit(folder: &Folder, name: &str, change: impl FnOnce(String) -> String) {
    let text = change(folder.text(name));
    folder.write(name, text);
}

/// index.txt without the row of this serial number.
pub fn without(text: &str, serial: &str) -> String {
    text.split_inclusive('\n').filter(|line| !line.contains(serial)).collect()
}

/// Nothing is wrong, and nothing is written to find that out.
pub fn sound(folder: &Folder) {
    let before = Snapshot::of(folder.root());
    folder.mailca("doctor").success().says(&["nothing is wrong"]);
    assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "");
}

/// The problem is found, nothing is changed, and it is said what to do.
pub fn found(folder: &Folder, id: &str) -> Outcome {
    folder.mailca("doctor").verdict(&[&format!("[{id}]")])
}

/// The problem is found and repaired, a second look finds nothing, and both programs work on.
pub fn repaired(folder: &Folder, id: &str) -> Outcome {
    found(folder, id).says(&["doctor --fix"]);
    let outcome = folder.mailca("doctor --fix").success();
    let line = outcome
        .text()
        .lines()
        .any(|line| line.starts_with("repaired: ") && line.ends_with(&format!("[{id}]")));
    assert!(line, "{id}: {outcome}");
    sound(folder);
    works_on(folder);
    outcome
}

/// openssl signs and makes a CRL, and so does mailca sign.
pub fn works_on(folder: &Folder) {
    folder.openssl(&format!("{CA} -gencrl -out probe.crl")).success();
    folder.openssl("crl -noout -CAfile demoCA/cacert.pem -in probe.crl").success();
    folder.simple_request("probe", "/CN=probe.example.com", "DNS:probe.example.com");
    folder.openssl(&format!("{CA} -in probe.csr -out probe.pem")).success();
    folder.mailca("issue --cn again.example.com again").success();
    folder.openssl("verify -CAfile demoCA/cacert.pem probe.pem again/cert.pem").success();
}

/// The copies that were kept of a file.
pub fn copies(folder: &Folder, name: &str) -> Vec<Vec<u8>> {
    let files = Snapshot::of(folder.root()).files().into_iter();
    let copies = files.filter(|file| file.starts_with(&format!("{name}.old-")));
    copies.map(|file| folder.read(&file)).collect()
}
