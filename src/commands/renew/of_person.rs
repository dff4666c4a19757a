//! Which certificate is meant by `--user`.

use std::path::Path;

use super::{folders, named};
use crate::cli::Global;
use crate::commands::person::Person;
use crate::commands::recorder::finish_interrupted;
use crate::commands::target::{self, Target};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::printable::printable;
use crate::store::ca::CaFolder;
use crate::store::folder::CertificateFolder;

/// The certificate of a person: that in a folder here, the one named like the person first, however long ago it
/// ended; else the one in the CA's folder that is valid for the longest.
pub(super) fn find(
    user: &str,
    output: Option<&Path>,
    ca: &CaFolder,
    global: &Global,
    env: &mut Env,
) -> Result<Target> {
    finish_interrupted(ca, env)?;
    let person = Person::new(user);
    if let Some(target) = in_folder_of_its_name(user, &person, ca, global)? {
        return Ok(target);
    }
    let mut here = folders(global)?;
    here.retain(|(_, one)| one.issuer.same_as(&ca.certificate().subject) && person.has(one));
    if here.iter().any(|(_, one)| person.is_exactly_in(one)) {
        here.retain(|(_, one)| person.is_exactly_in(one));
    } else if !here.is_empty() {
        // Somebody else's, where the person of just this address has no folder here.
        let all = person.find_any(ca, env.now()?)?;
        here.retain(|(_, one)| person.is_meant(one, &all));
    }
    match here.as_slice() {
        [(folder, _)] => {
            folder.recover()?;
            return target::in_folder(folder.path(), ca, global);
        }
        [(one, _), (other, _), ..] => {
            return Err(Error::refused(format!(
                "{} has certificates in {} and in {}",
                printable(user),
                one.path().display(),
                other.path().display()
            ))
            .hint(format!("name the folder: `mailca renew --profile user{}`", one.argument())));
        }
        [] => {}
    }
    let found = person.find(ca, env.now()?)?;
    person.warn(&found, env);
    person.check_one(&found, "mailca renew", "mailca renew --profile user")?;
    let Some(last) = found.valid.iter().max_by_key(|one| (one.not_after, one.not_before)) else {
        let once_revoked = "a new one, with a new key, is made by `mailca issue --user`";
        return Err(person.nobody(&found, "mailca renew", once_revoked, ca, env.now()?));
    };
    named::find(&format!("0x{}", last.serial), output, ca, global, env)
}

/// The certificate in the folder `LOGIN/`, where it is that person's. What an interrupted command left there is
/// finished first.
fn in_folder_of_its_name(
    user: &str,
    person: &Person<'_>,
    ca: &CaFolder,
    global: &Global,
) -> Result<Option<Target>> {
    let path = Path::new(user);
    if path.components().count() != 1 || !path.is_dir() {
        return Ok(None);
    }
    // What is there may be anything, and somebody's certificate elsewhere.
    let Ok(folder) = CertificateFolder::at(path, &global.ca_dir) else { return Ok(None) };
    folder.recover()?;
    Ok(target::in_folder(path, ca, global).ok().filter(|found| person.has(&found.certificate)))
}
