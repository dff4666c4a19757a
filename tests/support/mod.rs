//! What the tests share: a folder of its own for every test, mailca and other people's programs
//! run in it without a terminal, and what must hold of how they end.
#![allow(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "each test binary uses another part of it"
)]

mod cert;
mod fixture;
pub mod flights;
mod machine;
mod mail_server;
mod openssl_server;
pub mod page;
mod peer;
mod pty;
mod responder;
mod run;
mod snapshot;
pub mod tlv;

pub use cert::{Certificate, certificate_der, issuer_of, subject_of};
pub use fixture::{Folder, KEY_TYPES};
pub(crate) use machine::need_machine;
pub use machine::{Machine, Smtp, Tls};
pub use mail_server::{chain, say, serve, tls_server, tls_server_with};
pub use openssl_server::Openssl;
pub use peer::{peer, peers_python, skip};
pub use pty::{CTRL_C, Pty};
pub use responder::{Mail, hello, line, responder, serve_at_once, serve_on};
pub use run::{Outcome, Run, clean_environment};
pub use snapshot::{Snapshot, mode};

/// Ends the test where one of the programs is missing: a failure under CI, a counted skip elsewhere.
macro_rules! need {
    ($($program:literal),+) => {
        $(if $crate::support::peer($program).is_none() { return; })+
    };
}
pub(crate) use need;

/// The program under test.
pub const MAILCA: &str = env!("CARGO_BIN_EXE_mailca");
