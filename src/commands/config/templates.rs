//! The templates that `config` fills in: an administrator's own, where there are some, else ours.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::Global;
use crate::error::{Error, Result};
use crate::mail::template;
use crate::store::config::Settings;
use crate::store::input;

/// Where templates come from.
pub(super) struct Templates {
    folder: Option<PathBuf>,
}

impl Templates {
    /// The folder of the option, else that of the settings, where relative paths begin at the CA's folder.
    pub(super) fn new(option: Option<&Path>, settings: &Settings, global: &Global) -> Self {
        let set = || settings.template_dir.as_ref().map(|folder| global.ca_dir.join(folder));
        Self { folder: option.map(Path::to_owned).or_else(set) }
    }

    /// Fills in a template by its file name.
    pub(super) fn fill(&self, name: &str, values: &impl Serialize) -> Result<String> {
        if let Some(folder) = &self.folder {
            if !folder.is_dir() {
                return Err(Error::refused(format!(
                    "the folder of templates {} is not there",
                    folder.display()
                ))
                .hint("leave --template-dir and template-dir out to use mailca's own templates"));
            }
            let path = folder.join(name);
            if let Some(content) = input::read_if_there(&path)? {
                let text = std::str::from_utf8(&content)
                    .map_err(|_| Error::refused("it is not UTF-8").at(path.display()))?;
                return template::fill(&path.display().to_string(), text, values);
            }
        }
        template::fill(name, template::built_in(name)?, values)
    }
}
