//! `mailca backup`.
