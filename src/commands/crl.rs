//! `mailca crl`: make the list of revoked certificates.

use crate::cli::{Crl, Global};
use crate::env::Env;
use crate::error::{Error, Result};

/// Not here yet.
pub fn run(_args: &Crl, _global: &Global, _env: &mut Env) -> Result<()> {
    Err(Error::bug("not built yet"))
}
