//! The options of what tells about the program itself.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Print a script that completes command lines in a shell
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  mailca completions bash >/etc/bash_completion.d/mailca\n  \
    mailca completions zsh >/usr/local/share/zsh/site-functions/_mailca\n  \
    mailca completions fish >~/.config/fish/completions/mailca.fish\n\n\
    The script asks the mailca on PATH for commands, options and their values, for the certificate \
    folders here, and for the newest serial numbers of the CA that --ca-dir or MAILCA_DIR names. With \
    words after --, it is answered what may stand in the place of the last one: that is how the script asks."
)]
pub struct Completions {
    /// The shell: bash, zsh or fish
    #[arg(value_enum, value_name = "SHELL", hide_possible_values = true)]
    pub shell: Shell,
    /// A command line that is being typed; its last word may be empty
    #[arg(value_name = "WORD", last = true, hide = true)]
    pub words: Vec<OsString>,
}

/// The shells whose command lines are completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// bash 4.4 and later.
    Bash,
    /// zsh.
    Zsh,
    /// fish 3 and later.
    Fish,
}

/// Write the manual pages into a folder
#[derive(Args, Debug)]
#[command(after_long_help = "Example:\n  mailca man /usr/local/share/man/man1\n\n\
    Writes mailca.1, a page for each command, as mailca-renew.1, and mailca.toml.5, which belongs into \
    man5. They are made of what --help says. The day on them is that of the source (SOURCE_DATE_EPOCH when it was \
    built), so that a package is the same each time.")]
pub struct Man {
    /// The folder; it is made where it is not there
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Write the pages in place of others
    #[arg(long)]
    pub force: bool,
}

/// Print the help of a command, or a page on a topic
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  mailca help\n  mailca help renewal\n  mailca help config postfix\n\n\
    Without a word it lists the commands and the topics."
)]
pub struct Help {
    /// A topic, or a command
    #[arg(value_name = "TOPIC|COMMAND")]
    pub words: Vec<String>,
}
