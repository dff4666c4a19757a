//! `mailca crl`.
