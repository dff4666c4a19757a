//! People with certificates of every kind, and who of them may relay.

use crate::site::{CA, USER};
use crate::support::{Machine, Smtp};

/// Another CA's, whose owner has the name of ours.
pub const STRANGER: &str = "/root/stranger";
/// One that ended years ago.
pub const EXPIRED: &str = "/root/olduser";

/// Makes them, beside joeuser's.
pub fn make(machine: &Machine) {
    machine.shell(
        "mailca newca --no-input --ca-dir otherCA --org 'Example Inc' --cn 'Example Mail CA' &&
         mailca issue --no-input --ca-dir otherCA --user joeuser --email joe@example.com stranger &&
         mailca newreq --no-input --user olduser --email old@example.com olduser &&
         openssl ca -config demoCA/openssl.cnf -batch -notext -extensions user_cert \
           -startdate 20200101000000Z -enddate 20200201000000Z \
           -in olduser/req.pem -out olduser/cert.pem",
    );
}

pub fn revoke(machine: &Machine) {
    machine.shell("mailca revoke --no-input joeuser && mailca crl");
}

/// The answer to mail from outside to outside, from a client with that certificate, or how the
/// conversation ended.
pub fn answer<'m>(
    machine: &'m Machine,
    folder: &str,
    how: impl FnOnce(Smtp<'m>) -> Smtp<'m>,
) -> String {
    let smtp = how(machine.smtp(CA));
    let smtp = if folder.is_empty() { smtp } else { smtp.certificate(folder) };
    smtp.offer("a@example.org", "b@example.net").pop().unwrap()
}

/// Whether joeuser may relay, by an answer that is the same for whoever may.
pub fn may_relay<'m>(machine: &'m Machine, how: impl FnOnce(Smtp<'m>) -> Smtp<'m>) -> bool {
    answer(machine, USER, how).starts_with("250")
}
