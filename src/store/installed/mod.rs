//! What was installed for a mail server: the folder that it reads, and what is remembered of it.
//!
//! The certificate folder stays the original; what a server reads are copies. All files of a server's folder
//! change at one moment ([`super::together`]), and those that were there can be put back.

mod folder;
mod path;
mod record;

pub use folder::{Before, Demands, ServerFolder, Wanted};
pub use record::{FILE, Record, load, update};
