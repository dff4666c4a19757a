//! What must hold for every input, by what reads it: nothing panics, what is shown moves no cursor, and what
//! was read and is written again is the same.
//!
//! Each module has one function `check`, which takes any bytes and panics where its promise is broken. The
//! fuzzer calls it through `fuzz_targets/`, and `tests/corpus.rs` of the program with everything in
//! `corpus/`.

pub mod certificate;
pub mod crl;
pub mod fixture;
pub mod general_name;
pub mod index;
pub mod inspect;
pub mod list;
pub mod name;
pub mod pem;
pub mod pkcs12;
pub mod private_key;
pub mod request;
pub mod sendmail_mc;
pub mod server_hello;
pub mod settings;
pub mod sign;
pub mod starttls;
pub mod tlsa;

/// Takes any bytes, and panics where a promise is broken.
pub type Check = fn(&[u8]);

/// Every target by its name, which is that of its folder in `corpus/`.
pub const TARGETS: [(&str, Check); 17] = [
    ("certificate", certificate::check),
    ("crl", crl::check),
    ("general_name", general_name::check),
    ("index", index::check),
    ("inspect", inspect::check),
    ("list", list::check),
    ("name", name::check),
    ("pem", pem::check),
    ("pkcs12", pkcs12::check),
    ("private_key", private_key::check),
    ("request", request::check),
    ("sendmail_mc", sendmail_mc::check),
    ("server_hello", server_hello::check),
    ("settings", settings::check),
    ("sign", sign::check),
    ("starttls", starttls::check),
    ("tlsa", tlsa::check),
];

/// Nothing in a text for a terminal moves the cursor; several lines are several lines.
fn assert_lines_are_plain(text: &str) {
    for line in text.split('\n') {
        assert_is_plain(line);
    }
}

/// Nothing in one line for a terminal moves the cursor or begins another line.
fn assert_is_plain(line: &str) {
    assert_eq!(mailca::pki::printable::printable(line), line);
}

/// An error is a plain line, and so are its hints.
fn assert_error_is_plain(error: &mailca::error::Error) {
    assert_is_plain(&error.to_string());
    error.hints().iter().for_each(|hint| assert_is_plain(hint));
}
