//! Public key infrastructure: certificates, requests, keys and names as values.
//!
//! Pure: nothing in here opens a file, reads a clock, asks a question or speaks to the network. The
//! names of the modules are those of RFC 5280 and RFC 2986.

pub mod asn1_time;
pub mod assemble;
pub mod bundle;
pub mod certificate;
pub mod cms;
pub mod constraints;
pub mod crl;
pub mod digest;
pub mod encrypted_key;
pub mod general_name;
pub mod identity;
pub mod inspect;
pub mod issue;
pub mod key;
pub mod look_alike;
pub mod name;
pub mod pem;
pub mod pkcs12;
pub mod policy;
pub mod printable;
pub mod profile;
pub mod request;
pub mod revocation;
pub mod rollover;
pub mod serial;
pub mod signature;
pub mod stack;
mod subtree;
pub mod tlsa;
pub mod tlv;
mod typed_name;
pub mod verify;
