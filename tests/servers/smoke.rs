//! Each server starts with a certificate of mailca's, which verifies, and relays for nobody unknown.

use crate::support::{Machine, need_machine};
use crate::{dovecot, exim, opensmtpd, postfix, sendmail, site};

#[test]
fn sendmail_of_trixie() {
    with_sendmail(&need_machine!("sendmail", "trixie"));
}

#[test]
fn sendmail_of_bookworm() {
    with_sendmail(&need_machine!("sendmail", "bookworm"));
}

fn with_sendmail(machine: &Machine) {
    site::certify(machine);
    sendmail::start(machine, &sendmail::tls());
    encrypts(machine, "smtp", 25);
    refuses_to_relay(machine);
    machine.wait_for_log("verify=OK"); // of the client that has a certificate
    sendmail::reload(machine);
    encrypts(machine, "smtp", 25);
    sendmail::stop(machine);
}

#[test]
fn sendmail_relays_for_whom_the_access_map_names() {
    let machine = need_machine!("sendmail", "trixie");
    site::certify(&machine);
    sendmail::start(&machine, &format!("{}FEATURE(`access_db')dnl\n", sendmail::tls()));
    sendmail::access(&machine, "CertIssuer:/O=Example+20Inc/CN=Example+20Mail+20CA\tRELAY\n");
    let offer = || machine.smtp(site::CA);
    let replies = offer().certificate(site::USER).offer("a@example.org", "b@example.net");
    assert!(replies[1].starts_with("250"), "{replies:?}\n{}", machine.told());
    let replies = offer().offer("a@example.org", "b@example.net");
    assert!(replies[1].starts_with("550"), "{replies:?}\n{}", machine.told());
}

#[test]
fn postfix_of_trixie() {
    with_postfix(&need_machine!("postfix", "trixie"));
}

#[test]
fn postfix_of_bookworm() {
    with_postfix(&need_machine!("postfix", "bookworm"));
}

fn with_postfix(machine: &Machine) {
    site::certify(machine);
    postfix::start(machine, &postfix::tls());
    encrypts(machine, "smtp", 25);
    refuses_to_relay(machine);
    machine.wait_for_log("Trusted TLS connection established");
    postfix::reload(machine);
    encrypts(machine, "smtp", 25);
    postfix::stop(machine);
}

#[test]
fn exim_of_trixie() {
    with_exim(&need_machine!("exim", "trixie"));
}

#[test]
fn exim_of_bookworm() {
    with_exim(&need_machine!("exim", "bookworm"));
}

fn with_exim(machine: &Machine) {
    site::certify(machine);
    exim::deliver(machine);
    exim::start(machine, &exim::tls(), "");
    encrypts(machine, "smtp", 25);
    refuses_to_relay(machine);
    exim::reload(machine);
    encrypts(machine, "smtp", 25);
    exim::stop(machine);
}

#[test]
fn opensmtpd_of_trixie() {
    let machine = need_machine!("opensmtpd", "trixie");
    site::certify(&machine);
    opensmtpd::start(&machine, &opensmtpd::tls());
    encrypts(&machine, "smtp", 25);
    refuses_to_relay(&machine);
    opensmtpd::restart(&machine);
    encrypts(&machine, "smtp", 25);
    opensmtpd::stop(&machine);
}

#[test]
fn dovecot_of_trixie() {
    with_dovecot("trixie");
}

#[test]
fn dovecot_of_bookworm() {
    with_dovecot("bookworm");
}

fn with_dovecot(release: &str) {
    let machine = need_machine!("dovecot", release);
    site::certify(&machine);
    dovecot::start(&machine, release, &dovecot::tls(release));
    for (protocol, port) in dovecot::PORTS {
        encrypts(&machine, protocol, port);
    }
    dovecot::reload(&machine);
    encrypts(&machine, "imap", 143);
    dovecot::stop(&machine);
}

/// The handshake verifies, also with a certificate of the client's.
fn encrypts(machine: &Machine, protocol: &str, port: u16) {
    machine.handshake(protocol, port, site::CA, "");
    let user = format!("-cert {0}/cert.pem -key {0}/key.pem", site::USER);
    machine.handshake(protocol, port, site::CA, &user);
}

/// Mail from outside to outside is refused for good, also with a certificate that nothing was granted
/// to; mail to the own domain is taken.
fn refuses_to_relay(machine: &Machine) {
    let offers = [machine.smtp(site::CA), machine.smtp(site::CA).certificate(site::USER)];
    for offer in offers {
        let replies = offer.offer("a@example.org", "b@example.net");
        assert_eq!(replies.len(), 2, "{replies:?}\n{}", machine.told());
        assert!(replies[0].starts_with("250"), "{replies:?}\n{}", machine.told());
        assert!(
            replies[1].starts_with("550") || replies[1].starts_with("554"),
            "{replies:?}\n{}",
            machine.told()
        );
    }
    let replies = machine.smtp(site::CA).send("a@example.org", "root@example.com");
    assert!(replies.iter().all(|r| r.starts_with(['2', '3'])), "{replies:?}\n{}", machine.told());
}
