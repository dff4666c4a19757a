//! `mailca revoke`.
