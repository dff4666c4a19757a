//! The comment at the beginning of a map: where it belongs, and what is to be done after a change.

use super::{Fingerprint, Hash};
use crate::mail::server::Server;

/// What every map begins with. A file that does not is somebody else's.
pub const MARK: &str = "# Access map of mailca";

/// Whom a map is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Some certificates.
    Clients,
    /// All that a CA signed.
    Everybody,
    /// What is asked of connections.
    Connections,
}

/// The comment, every line with `#` before it.
pub(super) fn of(server: Server, purpose: Purpose, fingerprint: Fingerprint, file: &str) -> String {
    let lines = match (server, purpose) {
        (Server::Sendmail, _) => sendmail(file),
        (Server::Postfix, Purpose::Everybody) => POSTFIX_EVERYBODY.to_owned(),
        (Server::Postfix, _) => postfix(file, fingerprint),
        (Server::Exim, Purpose::Everybody) => EXIM_EVERYBODY.to_owned(),
        (Server::Exim, _) => exim(file),
        (Server::Dovecot, Purpose::Everybody) => DOVECOT_EVERYBODY.to_owned(),
        (Server::Dovecot, _) => dovecot(file),
        (Server::Opensmtpd, _) => OPENSMTPD.to_owned(),
    };
    let mut text =
        format!("{MARK} for {}. Changes are lost when it is made anew.\n", server.title());
    for line in lines.lines() {
        text.push_str(if line.is_empty() { "#" } else { "# " });
        text.push_str(line);
        text.push('\n');
    }
    text
}

fn sendmail(file: &str) -> String {
    format!(
        "After each change: makemap hash {file} < {file}
In sendmail.mc, so that it is read beside your own /etc/mail/access:
  LOCAL_CONFIG
  Kaccess_own hash -o -T<TMPF> /etc/mail/access
  Kaccess_mailca hash -o -T<TMPF> {file}
  FEATURE(`access_db', `sequence access_own access_mailca')
Sendmail goes by names: a revoked certificate is refused only by the revocation list (confCRL), or where no
line has its name any more.
"
    )
}

fn postfix(file: &str, fingerprint: Fingerprint) -> String {
    let digest = match fingerprint.hash {
        Hash::Sha256 => "sha256",
        Hash::Sha1 => "sha1",
    };
    format!(
        "After each change: postmap {file}
In main.cf, with permit_tls_clientcerts among smtpd_relay_restrictions:
  postconf -e 'relay_clientcerts = $default_database_type:{file}' smtpd_tls_ask_ccert=yes smtpd_tls_fingerprint_digest={digest}
Postfix asks for no revocation list: whoever stands here relays, revoked or expired, until a map without them
is made. access-maps in mailca.toml has every revocation make one.
"
    )
}

const POSTFIX_EVERYBODY: &str = "\
There is no list for this: permit_tls_all_clientcerts among smtpd_relay_restrictions lets in everybody whose
certificate verifies against smtpd_tls_CAfile, so that no other CA may be in it.
Postfix asks for no revocation list: a revoked certificate relays until it ends. Without --issuer, mailca lists
the certificates that may relay.
";

fn exim(file: &str) -> String {
    format!(
        "Read anew for each mail; nothing is to be run. `mailca config exim --role relay-by-cert --list {file}`
prints what uses it. In the ACL for RCPT, with tls_try_verify_hosts = *:
  accept  encrypted   = *
          verify      = certificate
          condition   = ${{lookup{{${{sha256:$tls_in_peercert}}}}lsearch{{{file}}}{{yes}}{{no}}}}
A revoked certificate is refused by tls_crl, and by this file once it is made anew.
"
    )
}

const EXIM_EVERYBODY: &str = "\
There is no list for this. In the ACL for RCPT, with tls_try_verify_hosts = * and tls_verify_certificates
naming the CA and no other:
  accept  encrypted   = *
          verify      = certificate
A revoked certificate is refused by tls_crl.
";

fn dovecot(file: &str) -> String {
    format!(
        "Read anew at each login; nothing is to be run. The user is the common name, in lower case.
`mailca config dovecot --role relay-by-cert --list {file}` prints what uses it, for 2.3 and 2.4. In 2.3:
  auth_mechanisms = plain external
  auth_ssl_username_from_cert = yes
  passdb {{
    driver = passwd-file
    mechanisms = external
    args = {file}
  }}
The mechanisms line must stay: without it no password is asked of these users. A revoked certificate is
refused by the revocation list behind the CA in ssl_ca.
"
    )
}

const DOVECOT_EVERYBODY: &str = "\
There is no list for this: `mailca config dovecot --role relay-by-cert` lets everybody log in who has a certificate
of the CA and an account of that name. A revoked one is refused with --crl.
";

const OPENSMTPD: &str = "\
OpenSMTPD has no list of certificates and reads no revocation list: whoever has a certificate of the CA may
relay until it ends, revoked or not. A listener of its own and a rule do that:
  listen on 0.0.0.0 port 587 tls-require verify pki HOST ca CA tag BYCERT
  match tag BYCERT from any for any action RELAY
";
