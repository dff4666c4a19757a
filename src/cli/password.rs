//! The password of a file that is made.

use std::path::PathBuf;

use clap::Args;

/// Where the password of a PKCS#12 file comes from, and how it is protected.
#[derive(Args, Clone, Debug, Default)]
pub struct NewPassword {
    /// File with the password in its first line
    #[arg(long, value_name = "FILE", group = "password")]
    pub password_file: Option<PathBuf>,
    /// Read the password from standard input
    #[arg(long, group = "password")]
    pub password_stdin: bool,
    /// Make a password
    #[arg(long, group = "password")]
    pub generate_password: bool,
    /// Write the generated password to this file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["password_file", "password_stdin"])]
    pub password_out: Option<PathBuf>,
    /// Let the password be empty
    #[arg(long)]
    pub allow_empty_password: bool,
    /// Rounds of key derivation [default: 600000, or 2048 for a generated password]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=600_000))]
    pub iterations: Option<u32>,
}
