//! `CA.pl -revoke` and `-crl`.

use std::path::Path;

use super::extras::Extra;
use super::{open, passphrase};
use crate::cli::{Global, Revoke};
use crate::commands::access_map::follow;
use crate::commands::crl::Maker;
use crate::commands::sign::{begin, say_all};
use crate::commands::{ca_key, revoke, settings};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::printable::printable;
use crate::pki::revocation::Reason;
use crate::store::layout;

/// Revokes the certificate in a file. The original opens the CA's key for it, so only those may who
/// know the passphrase.
pub(super) fn revoke(
    file: &Path,
    reason: Option<Reason>,
    extra: &Extra,
    global: &Global,
    env: &mut Env,
) -> Result<()> {
    let shown = printable(&file.to_string_lossy());
    let target = file
        .to_str()
        .filter(|_| file.is_file())
        .ok_or_else(|| Error::refused(format!("{shown} is not the file of a certificate")))?;
    let ca = open(global)?;
    ca_key(&ca, &passphrase::source(extra.passin.as_ref(), env), env)?;
    let args = Revoke {
        target: Some(target.to_owned()),
        user: None,
        reason: reason.map(|reason| reason.name().to_owned()),
        at: None,
        crl: false,
        yes: true,
        passphrase: passphrase::source(extra.passin.as_ref(), env),
    };
    revoke::run(&args, global, env)
}

/// Makes the list, in the CA's folder and where CA.pl has it.
pub(super) fn crl(extra: &Extra, global: &Global, env: &mut Env) -> Result<()> {
    let settings = settings(global, env)?;
    let ca = open(global)?;
    let maker = Maker::new(&ca, &settings, env)?.also_for_ca_pl().beside(global);
    maker.check()?;
    maker.warn_of_lost_rows(env)?;
    let keys = maker.open_keys(&passphrase::source(extra.passin.as_ref(), env), env)?;
    let mut transaction = begin(&ca, env)?;
    say_all(&mut transaction, env);
    let report = maker.make(&keys, env)?;
    drop(transaction);
    report.say(env);
    let maps = follow(&ca, &settings, global, env);
    report.outcome()?;
    maps.outcome()?;
    env.print(&format!(
        "Generated CRL is in {}",
        global.ca_dir.join(layout::CRL_OF_CA_PL.name).display()
    ))
}
