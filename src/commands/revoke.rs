//! `mailca revoke`: revoke a certificate.

use crate::cli::{Global, Revoke};
use crate::env::Env;
use crate::error::{Error, Result};

/// Not here yet.
pub fn run(_args: &Revoke, _global: &Global, _env: &mut Env) -> Result<()> {
    Err(Error::bug("not built yet"))
}
