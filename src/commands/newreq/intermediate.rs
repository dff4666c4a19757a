//! `newreq --profile ca`: the request of an intermediate CA, whose name is no host.

use crate::cli::{Identity, Newreq};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::name::Parts;
use crate::pki::profile::Profile;

/// Whether the request is a CA's. A profile that the names contradict is refused: `sign` goes by the names.
pub(super) fn wanted(args: &Newreq) -> Result<bool> {
    let Some(profile) = args.profile.as_deref().map(str::parse).transpose()? else {
        return Ok(false);
    };
    let identity = &args.identity;
    match profile {
        Profile::Ca => {
            check(identity)?;
            Ok(true)
        }
        Profile::User if identity.user.is_none() => {
            Err(Error::usage("a person is named with --user and --email"))
        }
        Profile::Server | Profile::Client if identity.user.is_some() => {
            Err(Error::usage("--user is for a person; a host is named with --cn"))
        }
        Profile::User | Profile::Server | Profile::Client => Ok(false),
    }
}

/// A CA has a common name, and no names that a server or a mail client looks for.
pub(in crate::commands) fn check(identity: &Identity) -> Result<()> {
    if identity.user.is_some() {
        return Err(Error::usage("--user is for a person; a CA is named with --cn"));
    }
    if !identity.san.is_empty() {
        return Err(Error::usage("--san does not go with a CA: its name is --cn"));
    }
    Ok(())
}

/// The common name, as it was given.
pub(super) fn name(identity: &Identity, env: &mut Env) -> Result<String> {
    check(identity)?;
    if let Some(name) = &identity.cn {
        return Ok(name.clone());
    }
    if env.prompter.is_interactive() {
        return env.prompter.text("Name of the CA, as clients will show it", "", &|answer| {
            let common_name = Some(answer.trim().to_owned()).filter(|name| !name.is_empty());
            if common_name.is_none() {
                return Err(Error::usage("it needs a name"));
            }
            Parts { common_name, ..Parts::default() }.build().map(|_| ())
        });
    }
    Err(Error::usage("nobody said what the CA is called")
        .hint("for example --cn 'Example Users CA'"))
}
