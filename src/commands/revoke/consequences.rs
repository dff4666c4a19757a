//! What follows a revocation: the list, the access maps, and what is installed.

use serde_json::Value;

use crate::cli::Global;
use crate::commands::access_map::{Followed, follow};
use crate::commands::crl::{Maker, Report};
use crate::commands::install;
use crate::env::Env;
use crate::error::Result;
use crate::pki::key::PrivateKey;
use crate::store::ca::CaFolder;
use crate::store::config::Settings;
use crate::store::transaction::Transaction;

/// What became of them.
pub(super) struct Consequences {
    made: Option<Report>,
    maps: Followed,
    installed: Result<()>,
}

impl Consequences {
    /// Makes the list where it is wanted, ends the transaction, and has the rest follow.
    pub(super) fn draw(
        list: Option<(Maker<'_>, Vec<PrivateKey>)>,
        transaction: Transaction<'_>,
        ca: &CaFolder,
        settings: &Settings,
        global: &Global,
        env: &mut Env,
    ) -> Result<Self> {
        let made = list.map(|(maker, keys)| maker.make(&keys, env)).transpose().map_err(|error| {
            error.hint(
                "the certificate is revoked; when this is mended, `mailca crl` makes the list",
            )
        });
        drop(transaction);
        let maps = follow(ca, settings, global, env);
        let made = made?;
        let mut installed = Ok(());
        match &made {
            Some(report) => {
                report.say(env);
                installed = install::after_crl(global, env);
                env.say(
                    "servers that read the list elsewhere go by the old one until they have read this",
                );
            }
            None => env.say(
                "servers that read revocation lists do not hear of it before the next one: `mailca crl`",
            ),
        }
        Ok(Self { made, maps, installed })
    }

    /// The list, for programs.
    pub(super) fn crl_json(&self) -> Option<Value> {
        self.made.as_ref().map(Report::json)
    }

    /// The access maps, for programs.
    pub(super) fn maps_json(&self) -> &[Value] {
        self.maps.json()
    }

    /// An error where something failed. `announced` is whether the maps could be told to follow.
    pub(super) fn outcome(self, announced: Result<()>) -> Result<()> {
        self.made.map_or(Ok(()), Report::outcome)?;
        self.maps.outcome()?;
        announced?;
        self.installed
    }
}
