//! What is written by hand: templates/man/sections.toml.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::{Error, Result};

/// All of it.
#[derive(Deserialize)]
pub(super) struct Sections {
    /// What each exit status means.
    pub(super) status: BTreeMap<String, String>,
    /// What each file is.
    pub(super) files: BTreeMap<String, String>,
    page: BTreeMap<String, ByHand>,
}

/// What one page says beside the command's help.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ByHand {
    /// Files, by their names in [`Sections::files`], in the order in which one meets them.
    pub(super) files: Vec<String>,
    /// Paragraphs on what can go wrong.
    pub(super) security: Vec<String>,
    /// Other pages: `renew` is mailca-renew(1).
    pub(super) see: Vec<String>,
}

impl Sections {
    /// Reads it.
    pub(super) fn load() -> Result<Self> {
        toml::from_str(include_str!("../../../templates/man/sections.toml")).map_err(|error| {
            Error::bug("the text of the manual pages cannot be read").caused_by(error)
        })
    }

    /// What is said on a page, which has to have something.
    pub(super) fn page(&self, name: &str) -> Result<&ByHand> {
        let found = self.page.get(name);
        found.ok_or_else(|| Error::bug(format!("nothing is written for the manual page of {name}")))
    }
}
