//! `mailca backup`: pack the CA into one file.

use std::path::Path;

use serde_json::json;

use crate::cli::{Backup, Global};
use crate::commands::{existing, say_kept};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::pem;
use crate::store::ca::CaFolder;
use crate::store::{atomic, backup, input, layout};

/// Writes the archive, and says what is in it.
pub fn run(args: &Backup, global: &Global, env: &mut Env) -> Result<()> {
    let ca = CaFolder::open(&global.ca_dir)?;
    let existing = existing(args.force, env)?;
    check_place(args, &ca)?;
    let now = env.now()?;
    let archive = backup::write(&ca, &args.file, &existing, now)?;
    for name in &archive.left_out {
        env.warn(&format!(
            "{} is no plain file and is not in the backup",
            ca.path().join(name).display()
        ));
    }
    say_kept(archive.kept.as_slice(), env);
    let encrypted = key_is_encrypted(&ca)?;
    env.say(&format!(
        "{} holds the CA {}: {} files, {} rows of index.txt",
        args.file.display(),
        ca.certificate().title(),
        archive.files,
        archive.rows
    ));
    env.say(if encrypted {
        "the private key of the CA is in it, under its passphrase: keep the file where nobody else can \
         read it, and the passphrase elsewhere"
    } else {
        "the private key of the CA is in it, without a passphrase: keep the file where nobody else can \
         read it"
    });
    env.say("the keys of hosts and users are not in it");
    if global.json {
        env.print_json(&json!({
            "file": args.file.display().to_string(),
            "files": archive.files,
            "bytes": archive.bytes,
            "rows": archive.rows,
            "key_encrypted": encrypted,
            "left_out": archive.left_out.iter().map(|name| name.display().to_string()).collect::<Vec<_>>(),
        }))?;
    }
    Ok(())
}

fn check_place(args: &Backup, ca: &CaFolder) -> Result<()> {
    let file = &args.file;
    if file == Path::new("-") {
        return Err(Error::usage("- is no file: a backup is not written to standard output")
            .hint("name a file: it holds the CA's key, and is made so that only you can read it"));
    }
    if file.is_dir() {
        return Err(Error::refused(format!("{} is a folder", file.display()))
            .hint(format!("name a file in it: {}", file.join("mailca.tar").display())));
    }
    if file.file_name().is_none() {
        return Err(Error::usage(format!("{} is not a file name", file.display())));
    }
    let folder = atomic::folder_of(file);
    atomic::check_writable(folder)?;
    if fs_err::canonicalize(folder)?.starts_with(fs_err::canonicalize(ca.path())?) {
        return Err(Error::refused(format!("{} is in the CA's folder", file.display()))
            .hint("name a place that is not lost with it: another disk, another machine"));
    }
    if file.symlink_metadata().is_ok_and(|there| !there.is_file()) {
        return Err(Error::refused(format!("{} is not a plain file", file.display())));
    }
    if input::read_if_there(file)?.is_some_and(|there| holds_key(&there)) {
        return Err(Error::refused(format!("{} holds a private key", file.display()))
            .hint("name another file: a key does not give way to something else"));
    }
    Ok(())
}

/// Whether it is a file with a private key, and not an older backup, which begins as a tar archive does
/// (POSIX ustar).
fn holds_key(content: &[u8]) -> bool {
    let label = b"PRIVATE KEY-----";
    content.get(257..262) != Some(b"ustar")
        && content.windows(label.len()).any(|window| window == label)
}

fn key_is_encrypted(ca: &CaFolder) -> Result<bool> {
    let content = input::read(&ca.path().join(layout::CA_KEY.name))?;
    Ok(pem::has_legacy_encryption(&content)
        || pem::blocks(&content)
            .is_ok_and(|all| all.iter().any(|block| block.label == "ENCRYPTED PRIVATE KEY")))
}
