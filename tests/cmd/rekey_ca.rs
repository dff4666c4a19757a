//! `mailca rekey-ca`.
