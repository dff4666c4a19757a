//! The templates that `config` and `kit` fill in: an administrator's own, where there are some, else ours.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::Global;
use crate::error::{Error, Result};
use crate::mail::template::{self, Text};
use crate::store::config::Settings;
use crate::store::trusted;

/// Where templates come from.
pub(in crate::commands) struct Templates {
    folder: Option<PathBuf>,
}

impl Templates {
    /// The folder of the option, else that of the settings, where relative paths begin at the CA's folder.
    pub(in crate::commands) fn new(
        option: Option<&Path>,
        settings: &Settings,
        global: &Global,
    ) -> Self {
        let set = || settings.template_dir.as_ref().map(|folder| global.ca_dir.join(folder));
        Self { folder: option.map(Path::to_owned).or_else(set) }
    }

    /// Fills in a template by its file name.
    pub(in crate::commands) fn fill(&self, name: &str, values: &impl Serialize) -> Result<String> {
        template::fill(name, &|name| self.own(name), values)
    }

    /// The administrator's own template of that file name, where there is one.
    pub(in crate::commands) fn own(&self, name: &str) -> Result<Option<Text>> {
        let Some(folder) = &self.folder else {
            return Ok(None);
        };
        if !folder.is_dir() {
            return Err(Error::refused(format!(
                "the folder of templates {} is not there",
                folder.display()
            ))
            .hint("leave --template-dir and template-dir out to use mailca's own templates"));
        }
        let path = folder.join(name);
        let Some(content) = trusted::read_if_there(folder, name, "templates")? else {
            return Ok(None);
        };
        let text = std::str::from_utf8(&content)
            .map_err(|_| Error::refused("it is not UTF-8").at(path.display()))?;
        Ok(Some(Text { called: path.display().to_string(), text: text.to_owned().into() }))
    }
}
