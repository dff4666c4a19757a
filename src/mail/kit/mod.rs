//! What a person gets with a certificate: values to the content of files; no file is read here.

pub mod page;
