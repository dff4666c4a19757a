//! `mailca renew`: make certificates anew before they end.

use crate::cli::{Global, Renew};
use crate::env::Env;
use crate::error::{Error, Result};

/// Not here yet.
pub fn run(_args: &Renew, _global: &Global, _env: &mut Env) -> Result<()> {
    Err(Error::bug("not built yet"))
}
