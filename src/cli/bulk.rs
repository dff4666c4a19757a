//! The options of `issue` for a list of persons.

use std::path::PathBuf;

use clap::Args;

/// Whose certificates, and what goes out to them.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "A list of persons")]
pub struct Bulk {
    /// Issue for everybody in this list, CSV or JSON lines; - is standard input
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["name", "cn", "user", "email", "san", "key", "path_len"]
    )]
    pub from: Option<PathBuf>,
    /// Make LOGIN.p12 for each, with a generated password
    #[arg(long, requires = "from")]
    pub p12: bool,
    /// Who reads it: modern, apple, android, windows or thunderbird [default: modern]
    #[arg(long = "for", value_name = "READER", value_parser = super::readers(), hide_possible_values = true, requires = "p12")]
    pub reader: Option<String>,
    /// Write all passwords to this file, as login,password
    #[arg(long, value_name = "FILE", requires = "p12", conflicts_with = "password_dir")]
    pub password_out: Option<PathBuf>,
    /// Write each password to LOGIN.password in this folder
    #[arg(long, value_name = "DIR", requires = "p12")]
    pub password_dir: Option<PathBuf>,
}
