//! `mailca config`.
