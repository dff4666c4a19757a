//! Where the value of a key comes from.

use std::fmt;
use std::path::PathBuf;

use super::keys::Key;

/// The layers over the built-in values, the lowest first. An option of the command line goes before all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// /etc/mailca.toml.
    Machine,
    /// The file of whoever runs this.
    Personal,
    /// The file of `--config`, which takes the place of those two.
    Named,
    /// mailca.toml in the CA's folder.
    Ca,
    /// An environment variable.
    Environment,
}

impl Layer {
    /// Its name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Personal => "personal",
            Self::Named => "config",
            Self::Ca => "ca",
            Self::Environment => "environment",
        }
    }

    /// Whether it is beside the CA's own file, and below it.
    pub fn is_beside_ca(self) -> bool {
        matches!(self, Self::Machine | Self::Personal | Self::Named)
    }
}

/// A place that can be looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file, and the line in it.
    Line(PathBuf, usize),
    /// The name of a variable.
    Variable(String),
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(path, line) => write!(formatter, "{}:{line}", path.display()),
            Self::Variable(name) => formatter.write_str(name),
        }
    }
}

/// A value that is not the built-in one, and where it comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Its key.
    pub key: Key,
    /// As it stands there.
    pub value: toml::Value,
    /// The layer that had the last word.
    pub layer: Layer,
    /// Where exactly.
    pub place: Place,
}
