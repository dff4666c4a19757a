//! `mailca tlsa`: print DANE records for a mail host.

use crate::cli::{Global, Tlsa};
use crate::env::Env;
use crate::error::{Error, Result};

/// Not here yet.
pub fn run(_args: &Tlsa, _global: &Global, _env: &mut Env) -> Result<()> {
    Err(Error::bug("not built yet"))
}
