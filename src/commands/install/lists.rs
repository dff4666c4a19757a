//! The revocation lists that a server is given: those of the CA that is here, and those in the files of
//! `--crl`.

use time::OffsetDateTime;

use crate::cli::Global;
use crate::commands::install::target::Occasion;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::crl::Crl;
use crate::store::ca::CaFolder;
use crate::store::crl::{self, Current, Hashed};
use crate::store::installed::Record;
use crate::store::{input, layout};

/// The lists, where there are any. A file of `--crl` that will not do is an error where somebody asked, and
/// a warning otherwise: it must not hold a renewed certificate up. The list that is there stays then.
pub(super) fn lists(
    record: &Record,
    chain: &[Certificate],
    occasion: Occasion,
    global: &Global,
    env: &mut Env,
) -> Result<Option<Current>> {
    let now = env.now()?;
    let mut lists = Current::default();
    if let Some(ca) = issuer(chain, global) {
        match crl::current(&ca, now)? {
            Some(current) => lists = current,
            None if ca.path().join(layout::CRL.name).exists() => env.warn(
                "the CA's revocation list is out of date or not its own, and is not installed: \
                 `mailca crl` makes a new one",
            ),
            None => {}
        }
    }
    for file in &record.crl {
        let read = || {
            let content = input::read(file)?;
            let found = Crl::all_from_file_content(&content)?;
            found.iter().map(|list| checked(list, chain, now)).collect::<Result<Vec<_>>>()
        };
        match read().map_err(|error| error.at(file.display())) {
            Ok(found) => found.into_iter().for_each(|list| lists.add(list)),
            Err(error) if occasion == Occasion::Asked => return Err(error),
            Err(error) => env.warn(&format!("not installed: {error}")),
        }
    }
    Ok((!lists.hashed.is_empty()).then_some(lists))
}

/// The CA that is here, where it is the one that issued this certificate, with its key or one it had before.
fn issuer(chain: &[Certificate], global: &Global) -> Option<CaFolder> {
    let ca = CaFolder::open(&global.ca_dir).ok()?;
    let is_own = |one: &Certificate| ca.bundle().all().any(|own| own.public_key == one.public_key);
    let is_issuer = chain.first().is_some_and(is_own);
    is_issuer.then_some(ca)
}

/// A list that the server may be given: of a CA in the chain, and in date.
fn checked(list: &Crl, chain: &[Certificate], now: OffsetDateTime) -> Result<Hashed> {
    let issuer = chain
        .iter()
        .find(|one| one.subject.same_as(&list.issuer) && list.check_signature(one).is_ok());
    let issuer = issuer.ok_or_else(|| {
        Error::refused("this revocation list is of none of the CAs in cacert.pem")
            .hint("with it the server would refuse everybody")
    })?;
    if crl::is_in_date(list, now) {
        return Hashed::new(list, issuer);
    }
    let what = match list.next_update {
        Some(end) if end <= now => format!("out of date since {}", end.date()),
        _ => format!("not to be used before {}", list.this_update.date()),
    };
    Err(Error::refused(format!("this revocation list is {what}"))
        .hint("with it the server would refuse everybody: fetch a new one"))
}
