//! `mailca list`.
