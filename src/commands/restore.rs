//! `mailca restore`: unpack a backup.

use crate::cli::{Global, Restore};
use crate::env::Env;
use crate::error::{Error, Result};

/// Not here yet.
pub fn run(_args: &Restore, _global: &Global, _env: &mut Env) -> Result<()> {
    Err(Error::bug("not built yet"))
}
