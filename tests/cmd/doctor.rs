//! `mailca doctor`.
