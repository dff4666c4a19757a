//! Revocation lists, and a CA that gets a new key.

use super::{another_ca, deliver, may_relay, prepare, start};
use crate::sendmail;
use crate::site::{CA, USER};
use crate::support::{Machine, need_machine};

const ANN: &str = "/root/ann";
const PUBLISH: &str = "mailca crl --publish /etc/mail/certs/crl.pem --hash-dir /etc/mail/certs";

/// The list after the one that the daemon was started with: of two that began in the same second
/// OpenSSL goes by the first.
const PUBLISH_LATER: &str =
    "sleep 1 && mailca crl --publish /etc/mail/certs/crl.pem --hash-dir /etc/mail/certs";

fn issue(machine: &Machine, name: &str) -> String {
    let line =
        "mailca issue --no-input --user NAME --email NAME@example.com NAME".replace("NAME", name);
    machine.shell(&line);
    format!("/root/{name}")
}

fn map(machine: &Machine) {
    machine.shell("mailca access-map --all -o /etc/mail/mailca.access --build");
}

/// A list whose next one should have come long ago.
fn publish_expired(machine: &Machine) {
    machine.shell(
        "openssl ca -config demoCA/openssl.cnf -gencrl -crl_lastupdate 20200101000000Z \
             -crl_nextupdate 20200201000000Z -out expired.pem 2>/dev/null &&
         for file in crl.pem mailca-crl-*.pem; do
           (cd /etc/mail/certs && cp /root/expired.pem $file) || exit 1
         done",
    );
}

#[test]
fn a_revoked_certificate_does_not_relay_with_trixie() {
    revoked(&need_machine!("sendmail", "trixie"));
}

#[test]
fn a_revoked_certificate_does_not_relay_with_bookworm() {
    revoked(&need_machine!("sendmail", "bookworm"));
}

fn revoked(machine: &Machine) {
    prepare(machine);
    issue(machine, "ann");
    map(machine);
    let options = "--role relay-by-cert --crl";
    let refused = machine.run(&format!("mailca config sendmail {options}")).exits(1);
    assert!(refused.stderr.contains("no revocation list"), "{refused}");
    machine.shell(PUBLISH);
    start(machine, options);
    assert!(may_relay(machine, 25, Some(USER)) && may_relay(machine, 25, Some(ANN)));
    // The map still has ann's name. The folder is searched each time, so that no reload is needed.
    machine.shell(&format!("mailca revoke --yes ann && {PUBLISH_LATER}"));
    assert!(!may_relay(machine, 25, Some(ANN)), "{}", machine.told());
    assert!(may_relay(machine, 25, Some(USER)), "{}", machine.told());
    sendmail::reload(machine);
    assert!(!may_relay(machine, 25, Some(ANN)) && may_relay(machine, 25, Some(USER)));

    // With a list that is out of date nobody relays, so that `config` refuses to ask for it.
    publish_expired(machine);
    sendmail::reload(machine);
    assert!(!may_relay(machine, 25, Some(USER)), "{}", machine.told());
    let refused = machine.run(&format!("mailca config sendmail {options}")).exits(1);
    assert!(refused.stderr.contains("out of date"), "{refused}");
    // A fresh one in the folder is enough, though the file was read at the start.
    machine.shell(PUBLISH);
    assert!(may_relay(machine, 25, Some(USER)), "{}", machine.told());
    assert!(!may_relay(machine, 25, Some(ANN)));
}

#[test]
fn a_list_of_the_same_second_counts_after_a_reload_only() {
    for release in ["trixie", "bookworm"] {
        for (second, is_late) in [("00", true), ("01", false)] {
            let machine = need_machine!("sendmail", release);
            prepare(&machine);
            issue(&machine, "ann");
            map(&machine);
            machine.shell(PUBLISH);
            let put = |second: &str, files: &str| {
                machine.shell(&format!(
                    "openssl ca -config demoCA/openssl.cnf -gencrl -out list.pem 2>/dev/null \
                         -crl_lastupdate 202001010000{second}Z -crl_nextupdate 20991231000000Z &&
                     cd /etc/mail/certs && for file in {files}; do cp /root/list.pem $file; done"
                ));
            };
            put("00", "crl.pem mailca-crl-*.pem");
            start(&machine, "--role relay-by-cert --crl");
            machine.shell("mailca revoke --yes ann");
            put(second, "crl.pem mailca-crl-*.pem");
            assert_eq!(may_relay(&machine, 25, Some(ANN)), is_late, "{release} {second}");
            sendmail::reload(&machine);
            assert!(!may_relay(&machine, 25, Some(ANN)), "{release} {second}");
        }
    }
}

#[test]
fn without_its_list_at_the_start_trixie_lets_everybody_in() {
    without_list(&need_machine!("sendmail", "trixie"));
}

#[test]
fn without_its_list_at_the_start_bookworm_lets_everybody_in() {
    without_list(&need_machine!("sendmail", "bookworm"));
}

/// Which is why `config` asks for the list to be there.
fn without_list(machine: &Machine) {
    prepare(machine);
    issue(machine, "ann");
    map(machine);
    machine.shell(&format!("mailca revoke --yes ann && {PUBLISH}"));
    start(machine, "--role relay-by-cert --crl");
    assert!(!may_relay(machine, 25, Some(ANN)) && may_relay(machine, 25, Some(USER)));
    // The folder makes up for the file.
    machine.shell("rm /etc/mail/certs/crl.pem");
    sendmail::reload(machine);
    assert!(!may_relay(machine, 25, Some(ANN)) && may_relay(machine, 25, Some(USER)));
    machine.wait_for_log("crl.pem unsafe: No such file or directory");
    machine.shell("rm /etc/mail/certs/*.r0");
    sendmail::reload(machine);
    assert!(may_relay(machine, 25, Some(ANN)) && may_relay(machine, 25, Some(USER)));
    // No restart is needed to mend it.
    machine.shell(PUBLISH);
    assert!(!may_relay(machine, 25, Some(ANN)) && may_relay(machine, 25, Some(USER)));
}

#[test]
fn both_keys_of_a_ca_count_with_trixie() {
    both_keys(&need_machine!("sendmail", "trixie"));
}

#[test]
fn both_keys_of_a_ca_count_with_bookworm() {
    both_keys(&need_machine!("sendmail", "bookworm"));
}

fn both_keys(machine: &Machine) {
    prepare(machine);
    another_ca(machine);
    issue(machine, "ann");
    machine.shell("cp demoCA/cacert.pem old-root.pem && mailca rekey-ca --yes");
    let [bob, eve] = ["bob", "eve"].map(|name| issue(machine, name));
    map(machine);
    machine.shell(&format!("mailca renew mx && {PUBLISH}"));
    deliver(machine);
    start(machine, "--role relay-by-cert --crl");
    // Clients with the old root verify the server by what it sends, those with the new one too.
    for ca in [CA, "/root/old-root.pem"] {
        machine.handshake("smtp", 25, ca, "");
    }
    for folder in [USER, ANN, &bob, &eve] {
        assert!(may_relay(machine, 25, Some(folder)), "{folder}\n{}", machine.told());
    }
    assert!(!may_relay(machine, 25, Some("/root/other/joeuser")));
    // One of the old key, and one of the new.
    machine
        .shell(&format!("mailca revoke --yes ann && mailca revoke --yes eve && {PUBLISH_LATER}"));
    for folder in [ANN, &eve] {
        assert!(!may_relay(machine, 25, Some(folder)), "{folder}\n{}", machine.told());
    }
    for folder in [USER, &bob] {
        assert!(may_relay(machine, 25, Some(folder)), "{folder}\n{}", machine.told());
    }
    machine.shell("test -f /etc/mail/certs/*.r0 && test -f /etc/mail/certs/*.r1");
}
