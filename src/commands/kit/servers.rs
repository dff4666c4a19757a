//! The mail servers that a kit names.

use serde_json::{Value, json};

use crate::cli::Kit;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::mail::kit::page::{Account, Security};
use crate::mail::kit::{Authentication, Servers};
use crate::net::service::Service;
use crate::net::target::Target;
use crate::store::config::Settings;

/// The servers of a mail account, each where it is known.
pub(super) struct Accounts {
    pub(super) imap: Option<Account>,
    pub(super) smtp: Option<Account>,
    pub(super) authentication: Authentication,
}

impl Accounts {
    /// The options, else the settings. Without a port it is that of TLS from the first byte (RFC 8314 3).
    pub(super) fn of(args: &Kit, settings: &Settings) -> Result<Self> {
        let one = |option: &Option<String>, setting: &Option<String>, name, default| match option {
            Some(text) => account(text, default).map(Some),
            None => setting
                .as_deref()
                .map(|text| account(text, default))
                .transpose()
                .map_err(|error| error.as_refused().at(format!("the setting {name}"))),
        };
        Ok(Self {
            imap: one(&args.imap, &settings.imap, "imap", Service::Imaps)?,
            smtp: one(&args.smtp, &settings.smtp, "smtp", Service::Submissions)?,
            authentication: args.auth,
        })
    }

    /// Both, which an account needs.
    pub(super) fn servers(&self) -> Option<Servers> {
        let (imap, smtp) = self.imap.clone().zip(self.smtp.clone())?;
        Some(Servers { imap, smtp, authentication: self.authentication })
    }

    /// With one of two, programs cannot set the account up.
    pub(super) fn warn_of_half(&self, env: &mut Env) {
        let (there, missing) = match (&self.imap, &self.smtp) {
            (Some(_), None) => ("--imap", "--smtp"),
            (None, Some(_)) => ("--smtp", "--imap"),
            _ => return,
        };
        env.warn(&format!(
            "there is {there} and no {missing}: only the page names the server, since an account in the \
             profile and in autoconfig.xml needs both"
        ));
    }
}

fn account(text: &str, default: Service) -> Result<Account> {
    let target = Target::parse(text, default)?;
    if target.service.protocol() != default.protocol() {
        let wanted = default.protocol().title();
        return Err(Error::usage(format!(
            "{} is a place of {}, and not of {wanted}",
            target.place(),
            target.service
        ))
        .hint(format!(
            "for a server on another port than the usual ones: {}/{default}",
            target.place()
        )));
    }
    let security = if target.service.is_implicit() { Security::Tls } else { Security::StartTls };
    Ok(Account { host: target.host.to_string(), port: target.port, security })
}

/// A server in a report.
pub(super) fn shown(account: &Account) -> Value {
    let security = match account.security {
        Security::Tls => "tls",
        Security::StartTls => "starttls",
    };
    json!({ "host": account.host, "port": account.port, "security": security })
}
