//! `mailca config sendmail`.

use serde_json::{Value, json};

use self::installed::Installed;
use super::server::Wanted;
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
        return env.print_bytes(text.as_bytes());
    };
    let name = file.display();
    let content = input::read(file)?;
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
    let diff = sendmail_mc::diff(&printable(&name.to_string()), &content, &text)?;
    warn(&installed, &wanted, args, env);
    if diff.is_empty() {
        env.say(&format!("{name} says all of that already; nothing to change"));
    }
    env.print_bytes(&diff)
}

fn values(args: &SendmailConfig, wanted: &Wanted, reload: &str, installed: &Installed) -> Value {
    let mut values = wanted.values();
    let has = |role| wanted.has(role);
    let relays = has(Role::RelayByCert);
    let more = json!({
        "options": options(args),
        "reload": reload,
        "notes": [installed.note()],
        "server": has(Role::Receive) || has(Role::Submission) || relays,
        // Whoever relays needs a port, which is 25 where there is no submission.
        "port_25": has(Role::Receive) || (relays && !has(Role::Submission)),
        "cert_name": if args.combined { COMBINED } else { "cert.pem" },
        "key_name": if args.combined { COMBINED } else { "key.pem" },
        "fresh": fresh(wanted),
    });
    if let (Value::Object(values), Value::Object(more)) = (&mut values, more) {
        values.extend(more);
    }
    values
}

/// The command that keeps the lists fresh which the configuration names.
fn fresh(wanted: &Wanted) -> String {
    let certs = wanted.certs.display();
    format!("mailca crl --if-needed --publish {certs}/crl.pem --hash-dir {certs}")
}

/// The options that make this text again, as a shell takes them: none of them needs quotes.
fn options(args: &SendmailConfig) -> String {
    use clap::ValueEnum;
    let mut text = String::new();
    let roles: Vec<_> = args.server.role.iter().filter_map(ValueEnum::to_possible_value).collect();
    if !roles.is_empty() {
        let names: Vec<_> = roles.iter().map(|value| value.get_name()).collect();
        text.push_str(&format!(" --role {}", names.join(",")));
    }
    if let Some(certs) = &args.server.certs {
        text.push_str(&format!(" --certs {}", certs.display()));
    }
    for (is_given, name) in [(args.server.crl, " --crl"), (args.combined, " --combined")] {
        text.push_str(if is_given { name } else { "" });
    }
    text
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
