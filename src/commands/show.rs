//! stub
use crate::cli::{Global, Show};
use crate::env::Env;
use crate::error::Result;
/// x
pub fn run(_a: &Show, _g: &Global, _e: &mut Env) -> Result<()> { Ok(()) }
