//! Values to text for a person and to JSON for a program. Nothing here knows where a value came
//! from.

pub mod certificate;
pub mod check;
pub mod list;
pub mod page;
pub mod report;
pub mod show;
pub mod status;
pub mod words;
