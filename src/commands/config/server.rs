//! What the configurations of all mail servers need: the roles, the files, and a revocation list that is
//! fresh where one is asked for.

use std::path::{Path, PathBuf};

use fs_err as fs;
use serde_json::{Value, json};

use super::templates::Templates;
use crate::cli::{Global, Role, ServerConfig};
use crate::commands::{host_name, settings};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::mail::server::Server;
use crate::pki::crl::Crl;
use crate::pki::general_name::GeneralName;
use crate::pki::printable::printable;
use crate::store::{input, layout};

/// The configuration of one server, before its own part.
pub(super) struct Wanted {
    /// What it is to do, each role once.
    pub(super) roles: Vec<Role>,
    /// Where its certificates are.
    pub(super) certs: PathBuf,
    /// The name of the mail host.
    pub(super) host: String,
    /// Whether revoked clients are refused.
    pub(super) crl: bool,
    /// Where the text comes from.
    pub(super) templates: Templates,
}

impl Wanted {
    /// What the options ask for. `known` are the roles that make sense for this server.
    pub(super) fn new(
        server: Server,
        known: &[Role],
        args: &ServerConfig,
        global: &Global,
        env: &mut Env,
    ) -> Result<Self> {
        let settings = settings(global, env)?;
        let mut roles = if args.role.is_empty() { vec![Role::Receive] } else { args.role.clone() };
        roles.sort();
        roles.dedup();
        if let Some(other) = roles.iter().find(|role| !known.contains(role)) {
            let names: Vec<_> = known.iter().map(|role| name_of(*role)).collect();
            return Err(Error::usage(format!(
                "{} has no role {}",
                server.title(),
                name_of(*other)
            ))
            .hint(format!("its roles are {}", names.join(", "))));
        }
        let certs = args.certs.clone().unwrap_or_else(|| server.layout().dir.into());
        check_path(&certs)?;
        let host = args.host.clone().unwrap_or_else(host_name);
        let GeneralName::Dns(host) = GeneralName::dns(&host)? else {
            return Err(Error::usage(format!("{} is no host name", printable(&host))));
        };
        if args.crl {
            check_use_of_list(server, &roles)?;
            check_crl(&certs, global, env)?;
        }
        let templates = Templates::new(args.template_dir.as_deref(), &settings, global);
        Ok(Self { roles, certs, host, crl: args.crl, templates })
    }

    /// Whether it has a role.
    pub(super) fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// The file with the certificates that may, where only some may.
    pub(super) fn list<'p>(&self, list: Option<&'p Path>) -> Result<Option<&'p Path>> {
        let Some(path) = list else { return Ok(None) };
        if !self.has(Role::RelayByCert) {
            return Err(Error::usage("--list is for --role relay-by-cert"));
        }
        check_path(path)?;
        Ok(Some(path))
    }

    /// Whether it has one of these roles.
    pub(super) fn has_any(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.has(*role))
    }

    /// Refuses `--peer` where nobody is to be verified.
    pub(super) fn check_peers(&self, peers: &[String]) -> Result<()> {
        if peers.is_empty() || self.has(Role::VerifyPeers) {
            return Ok(());
        }
        Err(Error::usage("--peer says for whom the role verify-peers is meant")
            .hint("add --role verify-peers"))
    }

    /// What every template may use, and what one server's may use besides.
    pub(super) fn values_and(&self, more: Value) -> Value {
        let mut values = self.values();
        if let (Value::Object(values), Value::Object(mut more)) = (&mut values, more) {
            values.append(&mut more);
        }
        values
    }

    /// Prints the text, for a program as one document.
    pub(super) fn print(
        &self,
        server: Server,
        text: &str,
        global: &Global,
        env: &mut Env,
    ) -> Result<()> {
        if !global.json {
            return env.print_bytes(text.as_bytes());
        }
        let roles: Vec<_> = self.roles.iter().map(|role| name_of(*role)).collect();
        let certs = self.certs.display().to_string();
        env.print_json(&json!({
            "server": server.name(), "host": self.host, "certs": certs, "roles": roles, "text": text,
        }))
    }

    /// What every template may use. `roles.NAME` is true or false, with `_` for `-`.
    pub(super) fn values(&self) -> Value {
        let path = |name: &str| self.certs.join(name).display().to_string();
        let role = |role| self.has(role);
        json!({
            "host": self.host,
            "role_names": self.roles.iter().map(|role| name_of(*role)).collect::<Vec<_>>().join(", "),
            "certs": self.certs.display().to_string(),
            "key": path("key.pem"),
            "cert": path("cert.pem"),
            "cacert": path("cacert.pem"),
            "crl_file": path("crl.pem"),
            "cacert_crl": path("cacert-crl.pem"),
            "crl": self.crl,
            "roles": {
                "receive": role(Role::Receive),
                "submission": role(Role::Submission),
                "relay_by_cert": role(Role::RelayByCert),
                "verify_peers": role(Role::VerifyPeers),
                "client": role(Role::Client),
            },
        })
    }
}

/// The name of a role on the command line.
pub(super) fn name_of(role: Role) -> String {
    use clap::ValueEnum;
    role.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

/// A list that nothing looks at is a promise that is not kept. Who leaves the role out, and means to add the list
/// to what is there, would get a text without it that takes the place of the one with it.
fn check_use_of_list(server: Server, roles: &[Role]) -> Result<()> {
    let of_server: &[Role] = match server {
        Server::Dovecot => &[Role::RelayByCert],
        _ => &[Role::RelayByCert, Role::VerifyPeers],
    };
    if roles.iter().any(|role| of_server.contains(role)) {
        return Ok(());
    }
    let names: Vec<_> = of_server.iter().map(|role| name_of(*role)).collect();
    Err(Error::usage(format!("--crl is for --role {}", names.join(" or "))).hint(
        "name all that the server is to do, since the text takes the place of one that was printed before: \
         --role receive,relay-by-cert --crl",
    ))
}

/// An option, and the beginnings of lines that it has in a configuration, whatever the version.
pub(super) type Sign = (&'static str, &'static [&'static str]);

/// The options that a configuration has and the one that takes its place has not.
pub(super) fn lost(before: &str, after: &str, signs: &[Sign]) -> Vec<&'static str> {
    let has = |text: &str, (_, beginnings): &Sign| {
        let mut lines = text.lines().map(str::trim_start);
        lines.any(|line| beginnings.iter().any(|beginning| line.starts_with(beginning)))
    };
    let lost = signs.iter().filter(|sign| has(before, sign) && !has(after, sign));
    lost.map(|(option, _)| *option).collect()
}

/// Warns of what files that are written anew have, and the text has not.
pub(super) fn warn_of_lost(files: &[&str], after: &str, signs: &[Sign], env: &mut Env) {
    for file in files {
        let Ok(Some(content)) = input::read_if_there(Path::new(file)) else { continue };
        warn(file, &lost(&String::from_utf8_lossy(&content), after, signs), env);
    }
}

/// Says what is lost with a file, if anything.
pub(super) fn warn(file: &str, lost: &[&str], env: &mut Env) {
    if !lost.is_empty() {
        env.warn(&format!(
            "{file} was made with {}, and what takes its place is not: add that where it is to stay",
            lost.join(" and ")
        ));
    }
}

/// A domain as it goes into a configuration.
pub(super) fn domain(text: &str) -> Result<String> {
    match GeneralName::dns(text) {
        Ok(GeneralName::Dns(domain)) if !domain.starts_with('*') => Ok(domain),
        Ok(_) => Err(Error::usage(format!("{} is no domain", printable(text)))),
        Err(error) => Err(Error::usage(error.to_string())),
    }
}

/// The quoting of five languages has little in common but this: the path goes into all of them as it is.
fn check_path(path: &Path) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@".contains(c);
    match path.to_str() {
        Some(text) if text.starts_with('/') && text.chars().all(plain) => Ok(()),
        _ => Err(Error::usage(format!(
            "{} cannot be written into the configuration of a mail server",
            printable(&path.display().to_string())
        ))
        .hint("name an absolute path of letters, digits and / . _ - + @")),
    }
}

/// A server with a list that is out of date refuses everybody, and one without a list lets everybody in.
fn check_crl(certs: &Path, global: &Global, env: &Env) -> Result<()> {
    let candidates = [certs.join("crl.pem"), global.ca_dir.join(layout::CRL.name)];
    // Where the server is, its own list counts; elsewhere that of the CA, which is yet to be put there.
    let counting = if certs.is_dir() { &candidates[..1] } else { &candidates[..] };
    let found = counting.iter().find(|path| fs::symlink_metadata(path).is_ok());
    let make = format!(
        "make one, now and every day: `mailca crl --if-needed --publish {}`, or `mailca config timer`",
        candidates[0].display()
    );
    let Some(path) = found else {
        return Err(Error::refused(format!(
            "there is no revocation list: {} is not there",
            counting.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" or ")
        ))
        .hint(make));
    };
    let crl =
        Crl::from_file_content(&input::read(path)?).map_err(|error| error.at(path.display()))?;
    if crl.next_update.is_none_or(|next| next <= env.now().unwrap_or(next)) {
        return Err(Error::refused(format!(
            "the revocation list {} is out of date: with it the server would refuse everybody",
            path.display()
        ))
        .hint(make));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_new_text_leaves_out_is_known() {
        const SIGNS: [Sign; 2] = [("--crl", &["tls_crl ="]), ("--list", &["list =", "old_list ="])];
        let both = "x = 1\n  tls_crl = /a\nold_list = /b\n";
        assert_eq!(lost(both, "x = 1\n", &SIGNS), ["--crl", "--list"]);
        assert_eq!(lost(both, "tls_crl = /c\n# list = /b\n", &SIGNS), ["--list"]);
        assert_eq!(lost(both, "tls_crl = /c\nlist = /b\n", &SIGNS), [""; 0]);
        assert_eq!(lost("# tls_crl = /a\n", "", &SIGNS), [""; 0]);
    }
}
