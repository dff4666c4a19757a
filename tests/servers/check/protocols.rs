//! Old versions of TLS and weak ciphers, as far as a server and the library that it is linked with can be brought to
//! them. SSL 2 and 3, RC4, DES and EXPORT none of them can any more: see tests/cmd/check.

use super::difference;
use super::server::Server;
use crate::support::Machine;

/// What is put into the place of what in the settings, and what is found.
type Row = (&'static [[&'static str; 2]], &'static [&'static str]);

const OLD: &[&str] = &["warning tls-1-0", "warning tls-1-1"];

/// Every row on one server, which has an RSA key.
fn every_row(server: Server, rows: &[Row]) {
    let Some(machine) = Machine::start(server.name(), "trixie") else { return };
    machine.shell(
        "mailca newca --no-input --org 'Example Inc' --cn 'Example Mail CA' &&
         mailca issue --no-input --cn mx.example.com --key-type rsa-2048 mx",
    );
    let mut differences = Vec::new();
    let mut is_running = false;
    for (changes, wanted) in rows {
        let mut settings = server.settings();
        for [from, to] in *changes {
            assert!(settings.contains(from), "{from:?} is not in {settings}");
            settings = settings.replace(from, to);
        }
        if is_running {
            server.configure(&machine, &settings);
        } else {
            server.start(&machine, &settings);
            is_running = true;
        }
        let found = difference(&machine, server.place(), "", server.name(), wanted);
        differences.extend(found.map(|found| format!("{changes:?}: {found}")));
    }
    assert!(differences.is_empty(), "{}{}", differences.concat(), machine.told());
}

#[test]
fn of_postfix() {
    const VERSIONS: &str = ">=TLSv1.2";
    const CIPHERS: &str = "smtpd_tls_exclude_ciphers = aNULL";
    every_row(
        Server::Postfix,
        &[
            (&[[VERSIONS, ">=TLSv1"]], OLD),
            (&[[VERSIONS, "!SSLv2, !SSLv3, !TLSv1"]], &["warning tls-1-1"]),
            (&[[VERSIONS, "TLSv1.1"]], &["error tls-modern-missing", "warning tls-1-1"]),
            (&[[VERSIONS, "TLSv1.2"]], &["info tls-1-3-missing"]),
            (&[[VERSIONS, "TLSv1.3"]], &["warning tls-1-2-missing"]),
            (&[[CIPHERS, ""]], &["warning cipher-anonymous"]),
            (&[[CIPHERS, "tls_medium_cipherlist = kRSA:!eNULL"]], &["info cipher-static-rsa"]),
            (
                &[[CIPHERS, "smtpd_tls_ciphers = null\ntls_null_cipherlist = eNULL:!aNULL"]],
                &["critical cipher-null"],
            ),
        ],
    );
}

#[test]
fn of_sendmail() {
    const VERSIONS: &str = "+SSL_OP_NO_TLSv1 +SSL_OP_NO_TLSv1_1";
    const CIPHERS: &str = "DEFAULT:@";
    every_row(
        Server::Sendmail,
        &[
            (&[[VERSIONS, "+SSL_OP_NO_SSLv3"]], OLD),
            (&[[VERSIONS, "+SSL_OP_NO_TLSv1"]], &["warning tls-1-1"]),
            (
                &[[VERSIONS, "+SSL_OP_NO_TLSv1 +SSL_OP_NO_TLSv1_2 +SSL_OP_NO_TLSv1_3"]],
                &["error tls-modern-missing", "warning tls-1-1"],
            ),
            (
                &[[VERSIONS, "+SSL_OP_NO_TLSv1 +SSL_OP_NO_TLSv1_1 +SSL_OP_NO_TLSv1_3"]],
                &["info tls-1-3-missing"],
            ),
            (
                &[[VERSIONS, "+SSL_OP_NO_TLSv1 +SSL_OP_NO_TLSv1_1 +SSL_OP_NO_TLSv1_2"]],
                &["warning tls-1-2-missing"],
            ),
            (&[[CIPHERS, "ALL:@"]], &["warning cipher-anonymous"]),
            (&[[CIPHERS, "kRSA:!eNULL:@"]], &["info cipher-static-rsa"]),
            (&[[CIPHERS, "ALL:eNULL:!aNULL:@"]], &["critical cipher-null"]),
        ],
    );
}

#[test]
fn of_exim() {
    const PRIORITIES: &str = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
    every_row(
        Server::Exim,
        &[
            (&[[PRIORITIES, "NORMAL"]], OLD),
            (&[[PRIORITIES, "NORMAL:-VERS-TLS1.0"]], &["warning tls-1-1"]),
            (
                &[[PRIORITIES, "NORMAL:-VERS-ALL:+VERS-TLS1.1"]],
                &["error tls-modern-missing", "warning tls-1-1"],
            ),
            (&[[PRIORITIES, "NORMAL:-VERS-ALL:+VERS-TLS1.2"]], &["info tls-1-3-missing"]),
            (&[[PRIORITIES, "NORMAL:-VERS-ALL:+VERS-TLS1.3"]], &["warning tls-1-2-missing"]),
            (
                &[[PRIORITIES, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+RSA"]],
                &["info cipher-static-rsa"],
            ),
            // Programs of today know it no more.
            (
                &[[PRIORITIES, "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA"]],
                &["warning handshake-uncommon", "info tls-1-3-missing", "info cipher-static-rsa"],
            ),
            (&[[PRIORITIES, "NORMAL:-VERS-ALL:+VERS-TLS1.2:+NULL"]], &["critical cipher-null"]),
            (
                &[[PRIORITIES, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:+3DES-CBC"]],
                &["warning cipher-3des"],
            ),
            (
                &[[PRIORITIES, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:+ARCFOUR-128"]],
                &["error cipher-rc4"],
            ),
            // Exim gives GnuTLS nothing to be anonymous with.
            (&[[PRIORITIES, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:+ANON-ECDH"]], &[]),
        ],
    );
}

#[test]
fn of_dovecot() {
    const CIPHERS: &str = "ssl_cipher_list = DEFAULT:@SECLEVEL=0\n";
    every_row(
        Server::Dovecot,
        &[
            (
                &[[CIPHERS, "ssl_cipher_list = DEFAULT:@SECLEVEL=0\nssl_min_protocol = TLSv1\n"]],
                OLD,
            ),
            (
                &[[CIPHERS, "ssl_cipher_list = DEFAULT:@SECLEVEL=0\nssl_min_protocol = TLSv1.1\n"]],
                &["warning tls-1-1"],
            ),
            // There is a setting for the oldest version and none for the newest: TLS 1.2 and 1.3 cannot be missing together.
            (&[[CIPHERS, "ssl_min_protocol = TLSv1.3\n"]], &["warning tls-1-2-missing"]),
            (&[[CIPHERS, "ssl_cipher_list = ALL:@SECLEVEL=0\n"]], &["error cipher-anonymous"]),
            (&[[CIPHERS, "ssl_cipher_list = kRSA\n"]], &["info cipher-static-rsa"]),
            (
                &[[CIPHERS, "ssl_cipher_list = ALL:eNULL:!aNULL:@SECLEVEL=0\n"]],
                &["critical cipher-null"],
            ),
        ],
    );
}

#[test]
fn of_opensmtpd() {
    const LISTENER: &str = "tls pki mx.example.com";
    every_row(
        Server::Opensmtpd,
        &[
            // Its libtls has forgotten TLS 1.0 and 1.1, whatever it is told.
            (
                &[[
                    LISTENER,
                    "tls pki mx.example.com ciphers \"DEFAULT:@SECLEVEL=0\" protocols \"all\"",
                ]],
                &[],
            ),
            (
                &[[LISTENER, "tls pki mx.example.com protocols \"tlsv1.2\""]],
                &["info tls-1-3-missing"],
            ),
            (
                &[[LISTENER, "tls pki mx.example.com protocols \"tlsv1.3\""]],
                &["warning tls-1-2-missing"],
            ),
            (&[[LISTENER, "tls pki mx.example.com ciphers \"kRSA\""]], &["info cipher-static-rsa"]),
            (
                &[[LISTENER, "tls pki mx.example.com ciphers \"ALL:@SECLEVEL=0\""]],
                &["warning cipher-anonymous"],
            ),
            (
                &[[LISTENER, "tls pki mx.example.com ciphers \"ALL:eNULL:!aNULL:@SECLEVEL=0\""]],
                &["critical cipher-null"],
            ),
        ],
    );
}
