//! How mailca talks to a live mail server, to see which certificate it presents.
//!
//! - [`service`]: the protocols and their usual ports. [`target`]: `HOST[:PORT]`, as people type it.
//! - [`starttls`]: the conversations up to the handshake, without any I/O.
//! - [`probe`]: connects, has that conversation, shakes hands, and hands back what it saw.
//! - [`hello`]: the hello of every version and the answer to it, without any I/O.
//! - [`survey`]: all that can be seen of one server from outside, over a few connections at once.
//!
//! Nothing here judges a certificate: that is [`crate::pki::verify`]'s.

pub mod hello;
pub mod probe;
pub mod service;
pub mod starttls;
mod stream;
pub mod survey;
mod talk;
pub mod target;
