//! `mailca doctor`: find what is wrong with the CA's folder, and repair it.

use crate::cli::{Doctor, Global};
use crate::env::Env;
use crate::error::{Error, Result};

/// Not here yet.
pub fn run(_args: &Doctor, _global: &Global, _env: &mut Env) -> Result<()> {
    Err(Error::bug("not built yet"))
}
