//! `mailca restore`: unpack a backup.

use serde_json::json;

use crate::cli::{Global, Restore};
use crate::env::Env;
use crate::error::Result;
use crate::render;
use crate::store::backup;

/// Makes the CA's folder from the archive.
pub fn run(args: &Restore, global: &Global, env: &mut Env) -> Result<()> {
    let restored = backup::restore(&args.file, &global.ca_dir, &env.serial()?, env.now()?)?;
    let folder = global.ca_dir.display().to_string();
    env.say(&format!(
        "the CA {} is in {folder} again, {} files",
        restored.certificate.title(),
        restored.files
    ));
    if restored.key_is_encrypted {
        env.say("its key has a passphrase, so that it was not compared with the certificate");
    }
    env.say(
        "next: `mailca doctor --fix` where the certificate folders are, and with --crl FILE for every \
         CRL that was published; it takes in what was issued and revoked since the backup",
    );
    env.say("then `mailca crl`, which refuses before; sign nothing before");
    if global.json {
        env.print_json(&json!({
            "ca_dir": folder,
            "certificate": render::certificate::summary(&restored.certificate),
            "files": restored.files,
        }))?;
    }
    Ok(())
}
