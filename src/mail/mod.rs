//! What mail servers and their administrators need: where each server wants its files, and the text of its
//! configuration. Values to text; no file is read here.

pub mod access_map;
pub mod check;
pub mod installation;
pub mod kit;
pub mod sendmail_mc;
pub mod server;
pub mod template;
