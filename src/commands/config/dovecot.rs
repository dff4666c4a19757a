//! `mailca config dovecot`: files for conf.d, with the names that the settings of a version have.

use std::process::{Command, Stdio};

use serde_json::json;

use super::server::{Sign, Wanted, warn_of_lost};
use crate::cli::{DovecotConfig, DovecotVersion, Global, Role};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::mail::server::Server;

/// The roles of Dovecot.
const ROLES: [Role; 3] = [Role::Receive, Role::Submission, Role::RelayByCert];
/// Where the program is, by the shell's search and where a user's search does not look.
const PROGRAMS: [&str; 3] = ["dovecot", "/usr/sbin/dovecot", "/usr/local/sbin/dovecot"];

/// The files that are written anew.
const FILES: [&str; 2] =
    ["/etc/dovecot/conf.d/99-mailca.conf", "/etc/dovecot/conf.d/00-mailca-login.conf"];
/// What they have, by both versions.
const SIGNS: [Sign; 5] = [
    ("--role submission", &["submission_relay_host ="]),
    ("--role relay-by-cert", &["auth_ssl_username_from_cert = yes"]),
    ("--crl", &["ssl_server_require_crl = yes", "ssl_require_crl = yes"]),
    ("--require-cert", &["auth_ssl_require_client_cert = yes"]),
    ("--list FILE", &["driver = passwd-file"]),
];

/// Prints the files.
pub(super) fn run(args: &DovecotConfig, global: &Global, env: &mut Env) -> Result<()> {
    let wanted = Wanted::new(Server::Dovecot, &ROLES, &args.server, global, env)?;
    let by_certificate = wanted.has(Role::RelayByCert);
    if args.require_cert && !by_certificate {
        return Err(Error::usage("--require-cert is for --role relay-by-cert"));
    }
    let mut values = wanted.values();
    values["list"] = json!(wanted.list(args.list.as_deref())?);
    values["require_cert"] = json!(args.require_cert);
    let template = match args.version.or_else(installed).unwrap_or(DovecotVersion::V2_4) {
        DovecotVersion::V2_3 => "dovecot-2.3.conf",
        DovecotVersion::V2_4 => "dovecot-2.4.conf",
    };
    let text = wanted.templates.fill(template, &values)?;
    warn_of_lost(&FILES, &text, &SIGNS, env);
    wanted.print(Server::Dovecot, &text, global, env)
}

/// The version that is installed here, where one is.
fn installed() -> Option<DovecotVersion> {
    PROGRAMS.iter().find_map(|program| {
        let mut command = Command::new(program);
        let output = command.arg("--version").stdin(Stdio::null()).output().ok()?;
        version(&String::from_utf8_lossy(&output.stdout))
    })
}

/// What `dovecot --version` means: `2.3.19.1 (9b53102964)`. Those from 2.4 on are taken for 2.4.
fn version(text: &str) -> Option<DovecotVersion> {
    let mut numbers = text.trim_start().split(['.', ' ', '-']).map(str::parse::<u32>);
    let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else {
        return None;
    };
    Some(if (major, minor) < (2, 4) { DovecotVersion::V2_3 } else { DovecotVersion::V2_4 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_what_the_program_says() {
        for (text, expected) in [
            ("2.3.19.1 (9b53102964)\n", Some(DovecotVersion::V2_3)),
            ("2.4.1-4 (7d8c0e5759)\n", Some(DovecotVersion::V2_4)),
            ("2.10.0\n", Some(DovecotVersion::V2_4)),
            ("3.0-beta", Some(DovecotVersion::V2_4)),
            ("dovecot: unknown option", None),
            ("", None),
        ] {
            assert_eq!(version(text), expected, "{text}");
        }
    }
}
