//! `mailca status`.
