//! The options of `report`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::Span;

/// The modes of a page that has nothing secret in it, but the names of people.
const MODES: [&str; 6] = ["0400", "0440", "0444", "0600", "0640", "0644"];

/// Make a page of what the CA has issued: what ends when, and what was revoked
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  mailca report -o ca.html\n  \
    mailca report --force -o /var/www/html/ca.html\n  mailca report --json | jq .to_do\n\n\
    The page is one HTML file without a script or anything from elsewhere: for a browser, for mail, and for \
    paper. It holds nothing secret, but the names of all to whom a certificate was issued. The same facts \
    at the same moment make the same page, so that two of them can be compared with diff.\n\n\
    Whether something is to be done is told on the page; `mailca status` says it by its exit status.")]
pub struct Report {
    /// File to write [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write over the file that is there
    #[arg(long, requires = "output")]
    pub force: bool,
    /// Mode of the file: 0400, 0440, 0444, 0600, 0640 or 0644
    #[arg(
        long,
        value_name = "MODE",
        default_value = "0644",
        requires = "output",
        value_parser = PossibleValuesParser::new(MODES),
        hide_possible_values = true
    )]
    pub mode: String,
    /// What ends within this span is told one by one
    #[arg(long, value_name = "SPAN", default_value = "90d")]
    pub expiring: Span,
    /// Tell all certificates one by one, however many there are
    #[arg(
        long,
        long_help = "Tell all certificates one by one, however many there are. Without it the page has up to 1000 \
        servers, 2000 people, 500 revoked certificates and 200 that end soon; the timeline and the numbers always count all."
    )]
    pub all: bool,
    /// Folder with templates of your own
    #[arg(long, value_name = "DIR")]
    pub template_dir: Option<PathBuf>,
}
