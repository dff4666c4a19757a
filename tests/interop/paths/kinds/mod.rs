//! The cases by kind.

pub mod authority;
pub mod building;
pub mod constraints;
pub mod critical;
pub mod dates;
pub mod hostile;
pub mod hosts;
pub mod lists;
pub mod signatures;
pub mod usage;
