//! `mailca config timer`: what runs every day, for systemd and for cron.
//!
//! Three services, so that one that fails does not keep the others from running, and each failure is seen
//! by itself. The timer starts the last of them, `status`, which wants the other two before it.

use std::path::{Path, PathBuf};

use fs_err as fs;
use serde_json::{Map, Value, json};

use super::quote::{command_word, cron_word, text, unit_value, unit_word};
use super::templates::Templates;
use crate::cli::{Global, Timer};
use crate::commands::{access_map, renew, settings};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::store::atomic;
use crate::store::ca::CaFolder;
use crate::store::config::origin::{Layer, Origin};
use crate::store::config::{Settings, layers};
use crate::store::folder::CertificateFolder;
use crate::store::installed;

/// Where a passphrase is looked for when nobody says where it is.
const PASSPHRASE_FILE: &str = "/etc/mailca/ca-passphrase";
/// The name of the credential, and of its file in the folder of credentials.
const CREDENTIAL: &str = "ca-passphrase";
/// What stands before the name of each unit.
const FILE: &str = "\n# file: ";

/// Prints the units and the cron lines for the folder that the certificate folders are in.
pub(super) fn run(args: &Timer, global: &Global, env: &mut Env) -> Result<()> {
    let settings = settings(global, env)?;
    let ca = CaFolder::open(&global.ca_dir)?;
    let ca_dir = fs::canonicalize(&global.ca_dir)?;
    let here = fs::canonicalize(".")?;
    let folder = working_folder(&here, !renew::folders(global)?.is_empty(), &ca_dir)?;
    if folder != here {
        env.say(&format!(
            "no certificate folder is in {}: the services look in {}, where the CA's folder is",
            here.display(),
            folder.display()
        ));
    }
    let places = Places {
        servers: Servers::of(&[folder, atomic::folder_of(&ca_dir)], &ca, &settings, global)?,
        program: std::env::current_exe()
            .map_err(|error| Error::refused("where mailca lies is unknown").caused_by(error))?,
        folder: folder.to_owned(),
        ca_dir,
        passphrase: passphrase(args, &ca, env)?,
        published: published(&ca, &settings)?,
        config: global.config.as_ref().map(std::path::absolute).transpose()?,
    };
    warn_of_what_is_not_seen(&settings, env);
    let templates = Templates::new(args.template_dir.as_deref(), &settings, global);
    let text = places.fill(&args.expiring, &templates)?;
    if global.json {
        return env.print_json(&as_json(&text));
    }
    env.print_bytes(text.as_bytes())
}

/// The folder in which the services look for certificate folders, and may write: the current one, or
/// where it holds none, the one that the CA's folder is in. All of a machine is never it.
fn working_folder<'p>(here: &'p Path, holds_some: bool, ca_dir: &'p Path) -> Result<&'p Path> {
    let is_root = |path: &Path| path.parent().is_none();
    let beside = ca_dir.parent().filter(|parent| !is_root(parent));
    let folder = match beside {
        Some(beside) if is_root(here) || !holds_some => beside,
        _ => here,
    };
    if is_root(folder) {
        return Err(Error::refused("the services would work in /, and could write anywhere")
            .hint("change to the folder that holds the certificate folders"));
    }
    Ok(folder)
}

/// The file with the passphrase; `None` where the CA's key has none.
fn passphrase(args: &Timer, ca: &CaFolder, env: &mut Env) -> Result<Option<PathBuf>> {
    let path = match &args.ca_passphrase_file {
        Some(path) => std::path::absolute(path)?,
        None if is_encrypted(ca)? => PathBuf::from(PASSPHRASE_FILE),
        None => return Ok(None),
    };
    if !path.exists() {
        env.warn(&format!(
            "{} is not there yet: it has to hold the passphrase of the CA's key, with the mode 0400",
            path.display()
        ));
    }
    Ok(Some(path))
}

fn is_encrypted(ca: &CaFolder) -> Result<bool> {
    let mut encrypted = false;
    let key = ca.key(|_| {
        encrypted = true;
        Err(Error::refused("encrypted"))
    });
    match key {
        Err(error) if !encrypted => Err(error),
        _ => Ok(encrypted),
    }
}

/// The folders that `crl` writes to besides the CA's.
fn published(ca: &CaFolder, settings: &Settings) -> Result<Vec<PathBuf>> {
    let files = settings.crl_publish.iter().map(|file| atomic::folder_of(file));
    let mut folders = files
        .chain(settings.crl_hash_dir.iter().map(PathBuf::as_path))
        // Relative ones begin at the CA's folder.
        .map(|folder| Ok(std::path::absolute(ca.path().join(folder))?))
        .collect::<Result<Vec<_>>>()?;
    folders.sort();
    folders.dedup();
    Ok(folders)
}

/// Services have neither the variables nor the personal file of whoever sets them up.
fn warn_of_what_is_not_seen(settings: &Settings, env: &mut Env) {
    let of_one = |origin: &&Origin| matches!(origin.layer, Layer::Personal | Layer::Environment);
    let unseen: Vec<_> = settings.origins.iter().filter(of_one).collect();
    if unseen.is_empty() {
        return;
    }
    let names: Vec<_> =
        unseen.iter().map(|one| format!("{} ({})", one.key.name, one.place)).collect();
    env.warn(&format!(
        "the services do not see {}: put it into mailca.toml in the CA's folder, or {}",
        names.join(", "),
        layers::MACHINE
    ));
}

/// What the template needs to know.
struct Places {
    program: PathBuf,
    folder: PathBuf,
    ca_dir: PathBuf,
    passphrase: Option<PathBuf>,
    published: Vec<PathBuf>,
    /// The file of settings that was named.
    config: Option<PathBuf>,
    servers: Servers,
}

/// What the services do to mail servers, as `mailca install` has it remembered.
#[derive(Default)]
struct Servers {
    folders: Vec<PathBuf>,
    /// Whether any is reloaded, which may take more rights than mailca needs itself.
    reload: bool,
    /// Whether any is looked at over the network.
    check: bool,
}

impl Servers {
    /// Those of the certificate folders in these folders, and those of the maps of who may relay, which
    /// follow every certificate.
    fn of(folders: &[&Path], ca: &CaFolder, settings: &Settings, global: &Global) -> Result<Self> {
        let mut servers = Self::default();
        for map in access_map::folders(ca, settings) {
            servers.folders.push(std::path::absolute(map)?);
        }
        let mut paths = Vec::new();
        for folder in folders {
            paths.push((*folder).to_owned());
            paths.extend(fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())));
        }
        for path in paths {
            let Ok(place) = CertificateFolder::at(&path, &global.ca_dir) else { continue };
            if !path.is_dir() {
                continue;
            }
            for record in installed::load(&place)? {
                servers.folders.push(record.to);
                servers.folders.extend(record.public);
                servers.reload |= record.reload.is_some();
                servers.check |= record.check.is_some();
            }
        }
        servers.folders.sort();
        servers.folders.dedup();
        Ok(servers)
    }
}

impl Places {
    fn fill(&self, expiring: &str, templates: &Templates) -> Result<String> {
        let (program, folder) = (text(&self.program)?, text(&self.folder)?);
        let ca_dir = text(&self.ca_dir)?;
        let passphrase = self.passphrase.as_deref().map(text).transpose()?;
        let config = self.config.as_deref().map(text).transpose()?;
        let own = [self.folder.as_path(), &self.ca_dir];
        let published = self.published.iter().map(PathBuf::as_path);
        // A private /tmp would hide a folder that is in the public one.
        let in_tmp =
            own.iter().any(|path| path.starts_with("/tmp") || path.starts_with("/var/tmp"));
        let hardening = |reload: bool, check: bool| {
            let values = json!({ "private_tmp": !in_tmp, "reload": reload, "check": check });
            Ok::<_, Error>(templates.fill("hardening.txt", &values)?.trim_end().to_owned())
        };
        let servers = || self.servers.folders.iter().map(PathBuf::as_path);
        let values = json!({
            "expiring": expiring,
            "passphrase": passphrase,
            "hardening": hardening(false, false)?,
            "hardening_of_installing": hardening(self.servers.reload, self.servers.check)?,
            "reloads": self.servers.reload,
            "unit": {
                "credential": passphrase.map(|path| unit_word(&format!("{CREDENTIAL}:{path}"))),
                "folder": unit_value(folder),
                "program": command_word(program),
                "ca_dir": command_word(ca_dir),
                "config": config.map(command_word),
                "written": list(own.into_iter(), servers())?,
                "written_by_crl": list(own.into_iter(), published.chain(servers()))?,
            },
            "cron": {
                "passphrase": passphrase.map(cron_word),
                "folder": cron_word(folder),
                "program": cron_word(program),
                "ca_dir": cron_word(ca_dir),
                "config": config.map(cron_word),
            },
        });
        templates.fill("timer.txt", &values)
    }
}

/// The folders that a service may write to. One that is not there must not keep it from starting.
fn list<'p>(
    own: impl Iterator<Item = &'p Path>,
    others: impl Iterator<Item = &'p Path>,
) -> Result<String> {
    let mut words = Vec::new();
    for path in own {
        words.push(unit_word(text(path)?));
    }
    for path in others {
        words.push(unit_word(&format!("-{}", text(path)?)));
    }
    Ok(words.join(" "))
}

/// The same for programs: the units by their names, and the lines for cron.
fn as_json(text: &str) -> Value {
    let mut units = Map::new();
    for part in text.split(FILE).skip(1) {
        let (name, content) = part.split_once('\n').unwrap_or((part, ""));
        let lines = content.lines().take_while(|line| !line.starts_with("# cron"));
        let content: Vec<_> = lines.collect();
        units.insert(name.to_owned(), Value::from(content.join("\n").trim_end().to_owned() + "\n"));
    }
    let is_job = |line: &&str| line.starts_with(|c: char| c.is_ascii_digit());
    let cron = text.lines().filter_map(|line| line.strip_prefix('#')).filter(is_job);
    json!({ "units": units, "cron": cron.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_work_where_the_certificate_folders_are_and_never_in_the_root() {
        for (here, holds_some, ca_dir, expected) in [
            ("/srv/mail", true, "/srv/ca/demoCA", Some("/srv/mail")),
            ("/srv/mail", false, "/srv/ca/demoCA", Some("/srv/ca")),
            ("/srv/mail", false, "/demoCA", Some("/srv/mail")),
            ("/", false, "/srv/ca/demoCA", Some("/srv/ca")),
            ("/", true, "/srv/ca/demoCA", Some("/srv/ca")),
            ("/", false, "/demoCA", None),
            ("/", true, "/demoCA", None),
        ] {
            let found = working_folder(here.as_ref(), holds_some, ca_dir.as_ref()).ok();
            assert_eq!(found, expected.map(Path::new), "{here} {holds_some} {ca_dir}");
        }
    }
}
