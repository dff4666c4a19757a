//! `mailca rekey-ca`: give the CA new dates or a new key.

use crate::cli::{Global, RekeyCa};
use crate::env::Env;
use crate::error::{Error, Result};

/// Not here yet.
pub fn run(_args: &RekeyCa, _global: &Global, _env: &mut Env) -> Result<()> {
    Err(Error::bug("not built yet"))
}
