//! Where a referee's verdict is not ours, and who is right.

#[path = "differences/certtool.rs"]
mod certtool;
#[path = "differences/openssl.rs"]
mod openssl;

pub use certtool::CERTTOOL;
pub use openssl::OPENSSL;

/// A reason, and the ids of the cases that it holds for.
pub type Difference = (&'static str, &'static [&'static str]);

pub fn find(list: &[Difference], id: &str) -> Option<&'static str> {
    list.iter().find(|(_, ids)| ids.contains(&id)).map(|(why, _)| *why)
}
