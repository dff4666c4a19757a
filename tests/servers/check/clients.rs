//! Client certificates and relaying, in every server and in every way.

use super::difference;
use super::server::Server;
use crate::support::Machine;
use crate::{exim, site, users};

const OURS: &str = "--client joeuser";
const THEIRS: &str = "--client stranger";
const RELAY: &str = "--relay-to joe@example.org";
const ACCEPTED: &str = "info client-certificate-accepted";

/// Everything that is asked of one server in one state: the words, and what is found.
type Rows<'a> = &'a [(&'a str, &'a [&'a str])];

struct Site(Server, Machine);

impl Site {
    fn new(server: Server) -> Option<Self> {
        let machine = Machine::start(server.name(), "trixie")?;
        site::certify(&machine);
        users::make(&machine);
        Some(Self(server, machine))
    }

    /// Nobody is asked for a certificate, and nobody relays.
    fn finds_nobody_asked(&self) {
        let relay = format!("{OURS} {RELAY}");
        self.finds(
            "not asked",
            &[
                (OURS, &["warning client-certificate-not-asked"]),
                (&relay, &["error relay-refused", "warning client-certificate-not-asked"]),
                (RELAY, &["info relay-refused"]),
            ],
        );
    }

    /// Whoever likes shows one, and with ours may relay.
    fn finds_all_asked(&self) {
        let (ours, theirs) = (format!("{OURS} {RELAY}"), format!("{THEIRS} {RELAY}"));
        self.finds(
            "asked",
            &[
                ("", &["info client-certificate-asked"]),
                (&ours, &[ACCEPTED, "info relay-allowed"]),
                (&theirs, &["error relay-refused", ACCEPTED]),
            ],
        );
    }

    fn finds(&self, state: &str, rows: Rows<'_>) {
        let mut differences = String::new();
        for (words, wanted) in rows {
            let found = difference(&self.1, self.0.place(), words, self.0.name(), wanted);
            differences.extend(found.map(|found| format!("{state}: {found}")));
        }
        assert!(differences.is_empty(), "{differences}{}", self.1.told());
    }
}

#[test]
fn of_postfix() {
    let Some(site) = Site::new(Server::Postfix) else { return };
    let Site(server, machine) = &site;
    let plain = server.settings();
    server.start(machine, &plain);
    let relay = format!("{OURS} {RELAY}");
    site.finds_nobody_asked();
    let asking = plain.clone()
        + "smtpd_tls_ask_ccert = yes\nsmtpd_tls_CAfile = /root/demoCA/cacert.pem\n\
           smtpd_tls_fingerprint_digest = sha256\nrelay_clientcerts = hash:/etc/postfix/map\n";
    let asking = asking.replace("permit_mynetworks", "permit_tls_clientcerts, permit_mynetworks");
    machine.shell("mailca access-map --for postfix --all -o /etc/postfix/map --build");
    server.configure(machine, &asking);
    site.finds_all_asked();
    server.configure(
        machine,
        &(asking + "smtpd_tls_security_level = encrypt\nsmtpd_tls_req_ccert = yes\n"),
    );
    site.finds(
        "demanded",
        &[
            ("", &["error client-certificate-required"]),
            (OURS, &[ACCEPTED]),
            (THEIRS, &["error client-certificate-refused"]),
        ],
    );
    server.configure(machine, &(plain + "mynetworks = 0.0.0.0/0\n"));
    site.finds(
        "open",
        &[
            (RELAY, &["critical relay-open"]),
            (
                &relay,
                &[
                    "critical relay-open",
                    "warning client-certificate-not-asked",
                    "info relay-allowed",
                ],
            ),
        ],
    );
}

#[test]
fn of_sendmail() {
    let Some(site) = Site::new(Server::Sendmail) else { return };
    let Site(server, machine) = &site;
    let plain = server.settings();
    server.start(machine, &plain);
    site.finds_nobody_asked();
    machine.shell("mailca access-map --all -o /etc/mail/mailca.access --build && mv /etc/mail/mailca.access.db /etc/mail/access.db");
    let asking = plain.replace("define(`confTLS_SRV_OPTIONS', `V')", "FEATURE(`access_db')");
    server.configure(machine, &asking);
    site.finds_all_asked();
    server.configure(machine, &(plain + "FEATURE(`promiscuous_relay')dnl\n"));
    site.finds("open", &[(RELAY, &["critical relay-open"])]);
}

#[test]
fn of_exim() {
    let Some(site) = Site::new(Server::Exim) else { return };
    let Site(server, machine) = &site;
    let plain = server.settings();
    server.start(machine, &plain);
    site.finds_nobody_asked();
    let verify = format!("tls_verify_certificates = {}/cacert.pem\n", exim::TLS_FOLDER);
    let asking = format!("{plain}{verify}tls_try_verify_hosts = *\n");
    exim::configure(machine, &asking, "  accept verify = certificate\n");
    server.reload(machine);
    site.finds_all_asked();
    exim::configure(machine, &format!("{plain}{verify}tls_verify_hosts = *\n"), "");
    server.reload(machine);
    site.finds(
        "demanded",
        &[
            ("", &["error client-certificate-required"]),
            (OURS, &[ACCEPTED]),
            (THEIRS, &["error client-certificate-refused"]),
        ],
    );
    exim::configure(machine, &plain, "  accept\n");
    server.reload(machine);
    site.finds("open", &[(RELAY, &["critical relay-open"])]);
}

#[test]
fn of_opensmtpd() {
    let Some(site) = Site::new(Server::Opensmtpd) else { return };
    let Site(server, machine) = &site;
    let plain = server.settings();
    server.start(machine, &plain);
    let relay = format!("{OURS} {RELAY}");
    site.finds_nobody_asked();
    let demanding = "ca \"users\" cert \"/root/demoCA/cacert.pem\"\n".to_owned()
        + &plain.replace(
            "tls pki mx.example.com",
            "tls-require verify pki mx.example.com ca \"users\"",
        )
        + "action \"out\" relay\nmatch from any for any action \"out\"\n";
    server.configure(machine, &demanding);
    site.finds(
        "demanded",
        &[
            ("", &["error client-certificate-required"]),
            (&relay, &[ACCEPTED, "info relay-allowed"]),
            (THEIRS, &["error client-certificate-refused"]),
        ],
    );
    server.configure(
        machine,
        &(plain + "action \"out\" relay\nmatch from any for any action \"out\"\n"),
    );
    site.finds("open", &[(RELAY, &["critical relay-open"])]);
}

/// Whoever logs in at Dovecot may relay, and nobody else.
#[test]
fn of_dovecot() {
    let Some(site) = Site::new(Server::Dovecot) else { return };
    let Site(server, machine) = &site;
    let plain = server.settings();
    server.start(machine, &plain);
    site.finds("not asked", &[(OURS, &["warning client-certificate-not-asked"])]);
    let asking = plain
        + "ssl_server_ca_file = /root/demoCA/cacert.pem\nssl_server_require_crl = no\nssl_server_request_client_cert = yes\n";
    server.configure(machine, &asking);
    site.finds(
        "asked",
        &[("", &["info client-certificate-asked"]), (OURS, &[ACCEPTED]), (THEIRS, &[ACCEPTED])],
    );
    server.configure(machine, &(asking + "auth_ssl_require_client_cert = yes\n"));
    // What is refused then is the log-in.
    site.finds("demanded", &[(OURS, &[ACCEPTED]), (THEIRS, &[ACCEPTED])]);
}
