//! Each server starts with a certificate of mailca's, which verifies, and relays for nobody unknown.

use crate::support::{Machine, need_machine};
use crate::{postfix, site};

#[test]
fn postfix_of_trixie() {
    with_postfix(&need_machine!("postfix", "trixie"));
}

#[test]
fn postfix_of_bookworm() {
    with_postfix(&need_machine!("postfix", "bookworm"));
}

fn with_postfix(machine: &Machine) {
    postfix::start_plainly(machine);
    encrypts(machine, "smtp", 25);
    refuses_to_relay(machine, "554");
    postfix::reload(machine);
    encrypts(machine, "smtp", 25);
    postfix::stop(machine);
}

/// The handshake verifies, also with a certificate of the client's.
fn encrypts(machine: &Machine, protocol: &str, port: u16) {
    machine.handshake(protocol, port, site::CA, "");
    let user = format!("-cert {0}/cert.pem -key {0}/key.pem", site::USER);
    machine.handshake(protocol, port, site::CA, &user);
}

/// Mail from outside to outside is refused with that code, mail to the own domain is taken.
fn refuses_to_relay(machine: &Machine, code: &str) {
    let replies = machine.smtp(site::CA).offer("a@example.org", "b@example.net");
    assert_eq!(replies.len(), 2, "{replies:?}\n{}", machine.told());
    assert!(replies[0].starts_with("250"), "{replies:?}\n{}", machine.told());
    assert!(replies[1].starts_with(code), "{replies:?}\n{}", machine.told());
    let replies = machine.smtp(site::CA).send("a@example.org", "root@example.com");
    assert!(replies[3].starts_with("250"), "{replies:?}\n{}", machine.told());
}
