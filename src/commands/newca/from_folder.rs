//! `mailca newca --from FOLDER`: the files in the folders of other programs, and what their CA did.

use std::path::PathBuf;

use super::intermediate;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::store::import::{self, History, Source};

/// What was given to --from, folders replaced by the files in them.
pub(super) struct Sources {
    /// The files.
    pub(super) files: Vec<PathBuf>,
    folder: Option<Source>,
}

/// Puts the CA's certificate and key in the place of each folder.
pub(super) fn expand(given: &[PathBuf]) -> Result<Sources> {
    let mut sources = Sources { files: Vec::new(), folder: None };
    for path in given {
        if !path.is_dir() {
            sources.files.push(path.clone());
            continue;
        }
        if let Some(files) = intermediate::files(path) {
            sources.files.extend(files);
            continue;
        }
        let source = import::recognize(path)?.ok_or_else(|| import::not_recognized(path))?;
        if sources.folder.is_some() {
            return Err(Error::refused("more than one folder with a CA in it is given to --from"));
        }
        sources.files.extend([source.certificate.clone(), source.key.clone()]);
        sources.folder = Some(source);
    }
    Ok(sources)
}

impl Sources {
    /// What the CA of the folder did so far.
    pub(super) fn history(&self, certificate: &Certificate) -> Result<Option<History>> {
        self.folder.as_ref().map_or(Ok(None), |source| source.history(certificate))
    }
}

/// Says what came along.
pub(super) fn report(history: &History, env: &mut Env) {
    for remark in &history.remarks {
        env.warn(remark);
    }
    env.say(&format!(
        "{} rows of index.txt came along, and the certificates that belong to them{}",
        history.count,
        if history.crl.is_some() { ", and the CRL" } else { "" }
    ));
    env.say("the folder that it came from is as it was: do not sign with it any more");
}
