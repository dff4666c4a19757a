//! `mailca restore`.
