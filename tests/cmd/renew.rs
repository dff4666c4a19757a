//! `mailca renew`.
