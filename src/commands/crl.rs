//! `mailca crl`: make the revocation list, and put it where it is read.

use std::path::Path;

use crate::cli::{self, Global};
use crate::commands::access_map::follow;
use crate::commands::install;
use crate::commands::settings;
use crate::commands::sign::{begin, say_all};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::store::ca::CaFolder;
use crate::store::layout;

mod maker;
mod report;

pub(super) use maker::{Look, Maker};
pub(super) use report::Report;

/// Makes a list, or with `--if-needed` sees that a good one is everywhere.
pub fn run(args: &cli::Crl, global: &Global, env: &mut Env) -> Result<()> {
    if args.publish.iter().chain(&args.hash_dir).any(|path| path == Path::new("-")) {
        return Err(Error::usage("- is no file: a list is not written to standard output")
            .hint(format!("read it from {}", global.ca_dir.join(layout::CRL.name).display())));
    }
    let settings = settings(global, env)?;
    let ca = CaFolder::open(&global.ca_dir)?;
    let maker = Maker::new(&ca, &settings, env)?.wishing(args).beside(global);
    maker.check()?;
    maker.warn_of_lost_rows(env)?;
    let mut keys = Vec::new();
    let report = loop {
        let look = if args.if_needed { maker.look(env)? } else { Look::Needed(String::new()) };
        match look {
            Look::Good(report) => break report,
            Look::Lacking => {}
            Look::Needed(why) | Look::Behind(why) => {
                if args.if_needed {
                    env.say(&format!("a new list is needed: {why}"));
                }
                if keys.is_empty() {
                    keys = maker.open_keys(&args.passphrase, env)?;
                }
            }
        }
        let mut transaction = begin(&ca, env)?;
        say_all(&mut transaction, env);
        // Somebody may have made one, or revoked a certificate, since that look.
        if args.if_needed
            && let Some(report) = maker.publish_again(env)?
        {
            break report;
        }
        if !keys.is_empty() {
            break maker.make(&keys, env)?;
        }
        // A key is not opened under the lock, since its passphrase may be asked for.
    };
    report.say(env);
    maker.say_where_older(env);
    let maps = follow(&ca, &settings, global, env);
    if global.json {
        let mut document = report.json();
        document["access_maps"] = maps.json().into();
        env.print_json(&document)?;
    }
    let installed = install::after_crl(global, env);
    report.outcome()?;
    maps.outcome()?;
    installed
}
