//! `mailca config sendmail`.

use std::path::PathBuf;

use serde_json::{Value, json};

use self::installed::Installed;
use super::quote;
use super::server;
use super::server::{Sign, Wanted, lost, name_of};
use crate::cli::{Global, Role, SendmailConfig};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::mail::sendmail_mc;
use crate::mail::server::Server;
use crate::pki::printable::printable;
use crate::store::input;

mod installed;

/// The roles of Sendmail.
const ROLES: [Role; 5] =
    [Role::Receive, Role::Submission, Role::RelayByCert, Role::VerifyPeers, Role::Client];

/// What the diff may take away: other lines stay.
const SIGNS: [Sign; 1] = [("--role relay-by-cert", &["define(`confTLS_SRV_OPTIONS', `')"])];

/// Red Hat's file with a key and its certificate.
const COMBINED: &str = "sendmail.pem";

/// Prints m4 lines, or what to change so that a file has them.
pub(super) fn run(args: &SendmailConfig, global: &Global, env: &mut Env) -> Result<()> {
    let mut wanted = Wanted::new(Server::Sendmail, &ROLES, &args.server, global, env)?;
    let layout = Server::Sendmail.layout();
    if args.submit && args.server.certs.is_none() {
        wanted.certs = layout.public_dir.unwrap_or(layout.dir).into();
    }
    let installed = Installed::find();
    let values = values(args, &wanted, layout.reload, &installed);
    let template = if args.submit { "submit.mc" } else { "sendmail.mc" };
    let text = wanted.templates.fill(template, &values)?;
    let Some(file) = &args.merge else {
        warn(&installed, &wanted, args, env);
        return wanted.print(Server::Sendmail, &text, global, env);
    };
    let name = file.display();
    let content = input::read_plain(file)?;
    match (args.submit, sendmail_mc::is_submit(&content)) {
        (true, false) => {
            return Err(Error::refused(format!(
                "{name} is no submit.mc: it has no FEATURE(`msp')"
            ))
            .hint("leave --submit out for sendmail.mc"));
        }
        (false, true) => {
            return Err(Error::refused(format!(
                "{name} is the configuration of the submission runner: it has FEATURE(`msp')"
            ))
            .hint("add --submit, or name sendmail.mc"));
        }
        _ => {}
    }
    if wanted.has(Role::RelayByCert) && wanted.has(Role::Submission) {
        env.say(
            "with relay-by-cert nobody has to log in on 587 and 465: strangers may send to your own users \
             there, as on 25, and relay nothing",
        );
    }
    if wanted.has(Role::RelayByCert) && includes_sasl(&content) {
        env.warn(&format!(
            "{name} includes sasl.m4: where that has EXTERNAL in TRUST_AUTH_MECH, as Debian's does, every \
             certificate of the CA may relay, whatever the map says; take EXTERNAL out of it"
        ));
    }
    let diff = sendmail_mc::diff(&printable(&name.to_string()), &content, &text)?;
    let sides = String::from_utf8_lossy(&diff);
    let side = |mark: char| -> String {
        let lines = sides.lines().filter_map(|line| line.strip_prefix(mark));
        lines.flat_map(|line| [line, "\n"]).collect()
    };
    let gone = lost(&side('-'), &side('+'), &SIGNS);
    server::warn(&printable(&name.to_string()), &gone, env);
    warn(&installed, &wanted, args, env);
    if diff.is_empty() {
        env.say(&format!("{name} says all of that already; nothing to change"));
    }
    if global.json {
        let text = String::from_utf8_lossy(&diff);
        return wanted.print(Server::Sendmail, &text, global, env);
    }
    env.print_bytes(&diff)
}

fn values(args: &SendmailConfig, wanted: &Wanted, reload: &str, installed: &Installed) -> Value {
    let relays = wanted.has(Role::RelayByCert);
    wanted.values_and(json!({
        "options": options(args),
        "reload": reload,
        "notes": [installed.note()],
        "server": wanted.has_any(&[Role::Receive, Role::Submission, Role::RelayByCert]),
        // Whoever relays needs a port, which is 25 where there is no submission.
        "port_25": wanted.has(Role::Receive) || (relays && !wanted.has(Role::Submission)),
        "cert_name": if args.combined { COMBINED } else { "cert.pem" },
        "key_name": if args.combined { COMBINED } else { "key.pem" },
        "fresh": fresh(wanted),
    }))
}

/// The command that keeps the lists fresh which the configuration names.
fn fresh(wanted: &Wanted) -> String {
    let certs = wanted.certs.display();
    format!("mailca crl --if-needed --publish {certs}/crl.pem --hash-dir {certs}")
}

/// The options that make this text again, as a shell takes them.
fn options(args: &SendmailConfig) -> String {
    let names: Vec<_> = args.server.role.iter().map(|role| name_of(*role)).collect();
    let path = |path: &PathBuf| quote::shell_word(&printable(&path.display().to_string()));
    let given = [
        (!names.is_empty()).then(|| format!(" --role {}", names.join(","))),
        args.server.certs.as_ref().map(|certs| format!(" --certs {}", path(certs))),
        args.server.crl.then(|| " --crl".to_owned()),
        args.combined.then(|| " --combined".to_owned()),
        args.server.template_dir.as_ref().map(|dir| format!(" --template-dir {}", path(dir))),
    ];
    given.into_iter().flatten().collect()
}

/// Whether a file takes in the settings that Debian keeps for passwords.
fn includes_sasl(content: &[u8]) -> bool {
    let text = String::from_utf8_lossy(content);
    text.lines().any(|line| !line.trim_start().starts_with("dnl") && line.contains("sasl.m4"))
}

/// What the sendmail of this machine lacks.
fn warn(installed: &Installed, wanted: &Wanted, args: &SendmailConfig, env: &mut Env) {
    env.say(&installed.note());
    if installed.lacks("STARTTLS") {
        env.warn("this sendmail was built without STARTTLS: it can do nothing with certificates");
    }
    if installed.lacks("SASLv2") && wanted.has(Role::Submission) && !args.submit {
        env.warn("this sendmail was built without SASLv2: nobody can log in to submit");
    }
}
