//! The five servers as one: started with TLS and without a request for certificates, and brought to present any
//! certificate at all.

use crate::support::Machine;
use crate::{dovecot, exim, opensmtpd, postfix, sendmail, site};

/// A mail server of Debian 13.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    Sendmail,
    Postfix,
    Exim,
    Dovecot,
    Opensmtpd,
}

impl Server {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sendmail => "sendmail",
            Self::Postfix => "postfix",
            Self::Exim => "exim",
            Self::Dovecot => "dovecot",
            Self::Opensmtpd => "opensmtpd",
        }
    }

    /// Where it is checked.
    pub fn place(self) -> &'static str {
        if self == Self::Dovecot { "mx.example.com:imap" } else { "mx.example.com:25" }
    }

    /// TLS 1.2 and 1.3 with the files of [`site::HOST`], and keys and signatures of every strength.
    pub fn settings(self) -> String {
        let host = site::HOST;
        match self {
            Self::Sendmail => format!(
                "define(`confCACERT_PATH', `{host}')dnl\n\
                 define(`confCACERT', `{host}/chain.pem')dnl\n\
                 define(`confSERVER_CERT', `{host}/cert.pem')dnl\n\
                 define(`confSERVER_KEY', `{host}/key.pem')dnl\n\
                 define(`confCIPHER_LIST', `DEFAULT:@SECLEVEL=0')dnl\n\
                 define(`confSERVER_SSL_OPTIONS', `+SSL_OP_NO_TLSv1 +SSL_OP_NO_TLSv1_1')dnl\n\
                 define(`confTLS_SRV_OPTIONS', `V')dnl\n"
            ),
            Self::Postfix => format!(
                "smtpd_tls_security_level = may\n\
                 smtpd_tls_cert_file = {host}/cert.pem\n\
                 smtpd_tls_key_file = {host}/key.pem\n\
                 smtpd_tls_protocols = >=TLSv1.2\n\
                 smtpd_tls_exclude_ciphers = aNULL\n\
                 smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination\n"
            ),
            Self::Exim => format!(
                "tls_advertise_hosts = *\n\
                 tls_certificate = {folder}/cert.pem\n\
                 tls_privatekey = {folder}/key.pem\n\
                 tls_require_ciphers = NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2\n",
                folder = exim::TLS_FOLDER
            ),
            Self::Dovecot => format!(
                "ssl = required\nssl_server_cert_file = {host}/cert.pem\n\
                 ssl_server_key_file = {host}/key.pem\nssl_cipher_list = DEFAULT:@SECLEVEL=0\n"
            ),
            Self::Opensmtpd => format!(
                "pki mx.example.com cert \"{host}/cert.pem\"\n\
                 pki mx.example.com key \"{host}/key.pem\"\n\
                 listen on eth0 port 25 tls pki mx.example.com\n\
                 action \"here\" mbox\n\
                 match from any for domain \"example.com\" action \"here\"\n"
            ),
        }
    }

    /// Starts it with these settings.
    pub fn start(self, machine: &Machine, settings: &str) {
        // OpenSMTPD wants some list of public CAs for every listener.
        machine.shell(": >>/etc/ssl/certs/ca-certificates.crt; cp mx/cacert.pem mx/chain.pem");
        match self {
            Self::Sendmail => sendmail::start(machine, settings),
            Self::Postfix => postfix::start(machine, settings),
            Self::Exim => {
                exim::deliver(machine);
                exim::start(machine, settings, "");
            }
            Self::Dovecot => dovecot::start(machine, "trixie", settings),
            Self::Opensmtpd => opensmtpd::start(machine, settings),
        }
    }

    /// Gives it other settings.
    pub fn configure(self, machine: &Machine, settings: &str) {
        match self {
            Self::Sendmail => sendmail::configure(machine, settings),
            Self::Postfix => postfix::configure(machine, settings),
            Self::Exim => exim::configure(machine, settings, ""),
            Self::Dovecot => dovecot::configure(machine, "trixie", settings),
            Self::Opensmtpd => machine.write("/etc/smtpd.conf", settings, 0o644),
        }
        self.reload(machine);
    }

    /// Puts the files of another folder into the place of those that it has. Sendmail reads the first of the
    /// certificates alone, and sends what it finds above it in another file, which may not be empty.
    pub fn present(self, machine: &Machine, folder: &str) {
        let host = site::HOST;
        machine.shell(&format!(
            "for file in key.pem cert.pem; do install -m 400 {folder}/$file {host}/$file || exit 1; done
             awk '/-----BEGIN/{{ n++ }} n > 1' {folder}/cert.pem >{host}/chain.pem
             test -s {host}/chain.pem || cp wrong/stranger.pem {host}/chain.pem"
        ));
        self.reload(machine);
    }

    pub fn reload(self, machine: &Machine) {
        match self {
            Self::Sendmail => sendmail::reload(machine),
            Self::Postfix => postfix::reload(machine),
            Self::Exim => {
                exim::deliver(machine);
                exim::reload(machine);
            }
            Self::Dovecot => dovecot::reload(machine),
            Self::Opensmtpd => opensmtpd::restart(machine),
        }
    }
}
