//! `mailca tlsa`.
