//! The pages of `mailca help` on the servers are followed, command by command, on machines with these servers.

use crate::support::{Machine, need_machine, page};
use crate::{opensmtpd_config, pages, postfix_config, sendmail_config};

/// Types all that a page says, as root; what is done from another machine is done on the client's network.
fn follow(machine: &Machine, topic: &str) {
    let blocks = page::typed(&machine.shell(&format!("mailca help {topic}")));
    assert!(blocks.len() > 4, "{topic}");
    let mut from_elsewhere = 0;
    for (above, commands) in blocks {
        let script = format!("set -e\n{commands}");
        let outcome = if above.contains("from another machine") {
            from_elsewhere += 1;
            machine.shell("cp demoCA/cacert.pem cacert.pem");
            machine.run_as_client(&script).output()
        } else {
            machine.run(&script).output()
        };
        let context = format!("{topic}, {above}\n{commands}");
        assert_eq!(outcome.status, Some(0), "{context}\n{outcome}\n{}", machine.told());
    }
    assert_eq!(from_elsewhere, 1, "{topic}");
}

#[test]
fn the_topic_of_sendmail_leads_there() {
    let machine = need_machine!("sendmail", "trixie");
    sendmail_config::as_services_have_it(&machine);
    follow(&machine, "sendmail");
}

#[test]
fn the_topic_of_postfix_leads_there() {
    let machine = need_machine!("postfix", "trixie");
    postfix_config::prepare(&machine);
    postfix_config::start(&machine);
    follow(&machine, "postfix");
}

#[test]
fn the_topic_of_exim_leads_there() {
    let machine = need_machine!("exim", "trixie");
    pages::as_exim_has_it(&machine);
    follow(&machine, "exim");
}

#[test]
fn the_topic_of_dovecot_leads_there() {
    let machine = need_machine!("dovecot", "trixie");
    pages::as_dovecot_has_it(&machine);
    machine.shell("useradd -m joeuser");
    follow(&machine, "dovecot");
}

#[test]
fn the_topic_of_opensmtpd_leads_there() {
    let machine = need_machine!("opensmtpd", "trixie");
    opensmtpd_config::as_services_have_it(&machine);
    follow(&machine, "opensmtpd");
}
