//! `mailca export-p12`: bundle a certificate and its key for a mail client.

use std::path::{Path, PathBuf};

use serde_json::json;
use zeroize::Zeroizing;

use crate::cli::{ExportP12, Global};
use crate::commands::{check_output, existing, say_kept};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::pkcs12::{self, Bundle, Form};
use crate::store::atomic::{self, Staged};
use crate::store::folder::{Existing, FolderName};
use crate::store::layout;

pub(super) mod password;
pub(super) mod source;

pub(super) use crate::commands::pair::{Pair, check_revocation, check_validity};
use password::Otherwise;
pub(super) use password::{
    CHOSEN_ITERATIONS, GENERATED_ITERATIONS, generate, is_generated, is_left_over,
};

/// Writes NAME.p12.
pub fn run(args: &ExportP12, global: &Global, env: &mut Env) -> Result<()> {
    let form: Form = args.reader.parse()?;
    password::check_no_dash(&args.password)?;
    let name = FolderName::parse(&args.name)?;
    let existing = existing(args.force, env)?;
    let output =
        args.output.clone().unwrap_or_else(|| PathBuf::from(format!("{}.p12", name.as_str())));
    check_output(&output, "-o", &existing, global)?;
    let password_out = args.password.password_out.as_ref();
    if let Some(path) = password_out {
        if same_file(path, &output) {
            return Err(Error::usage("--password-out and --output name the same file"));
        }
        if password::is_left_over(path) {
            atomic::check_writable(atomic::folder_of(path))?;
        } else {
            check_output(path, "--password-out", &existing, global)?;
        }
    }
    let pair = source::pair(args.from.as_deref(), &name, global, env)?;
    let friendly_name = args.friendly_name.as_deref().unwrap_or(name.as_str());
    let password = password::obtain(&args.password, Otherwise::Ask, args.force, form, env)?;
    let iterations = args.password.iterations.unwrap_or(password.iterations);
    let content = Zeroizing::new(write(&pair, friendly_name, &password.text, form, iterations)?);
    let bundle = Staged::new(&output, &content, layout::SECRET_MODE)?;
    if let Some(path) = password_out
        && let Some(file) = password::stage(&password.text, path)?
    {
        put(file, path, &existing, env)?;
    }
    put(bundle, &output, &existing, env)?;
    env.say(&format!(
        "{} holds the certificate and key of {}, valid until {}",
        output.display(),
        pair.certificate.title(),
        pair.certificate.not_after.date()
    ));
    if let Some(path) = password_out {
        env.say(&format!("{} is its password: hand it over on another way", path.display()));
    } else if password.generated {
        env.ask_about(&format!("the password of {} is: {}", output.display(), *password.text));
    }
    if global.json {
        env.print_json(&json!({
            "file": output,
            "for": form.name(),
            "iterations": iterations,
            "friendly_name": friendly_name,
            "certificate": crate::render::certificate::summary(&pair.certificate),
            "password_file": password_out,
        }))?;
    }
    Ok(())
}

/// The file for a pair.
pub(super) fn write(
    pair: &Pair,
    friendly_name: &str,
    password: &str,
    form: Form,
    iterations: u32,
) -> Result<Vec<u8>> {
    let chain: Vec<_> =
        pair.chain.iter().map(super::super::pki::certificate::Certificate::as_der).collect();
    let bundle = Bundle {
        ca_certificates: &chain,
        certificate: pair.certificate.as_der(),
        private_key: pair.key.as_pkcs8(),
        friendly_name,
    };
    pkcs12::write(&bundle, password, form, iterations)
}

/// Whether two names are one file, also before it is there.
pub(super) fn same_file(one: &Path, other: &Path) -> bool {
    let folder = |path: &Path| fs_err::canonicalize(atomic::folder_of(path)).ok();
    one.file_name() == other.file_name() && folder(one) == folder(other)
}

pub(super) fn put(file: Staged, path: &Path, existing: &Existing, env: &mut Env) -> Result<()> {
    let kept = existing.put(file, path)?;
    say_kept(kept.as_slice(), env);
    atomic::sync_folder(atomic::folder_of(path))
}
