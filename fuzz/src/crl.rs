//! Revocation lists in files.

use mailca::pki::crl::{Crl, Entries};

use super::fixture::AUTHORITY;

/// A list that was read is the same once it is written, and lacks nothing that is in it.
pub fn check(input: &[u8]) {
    let lists = match Crl::all_from_file_content(input) {
        Ok(lists) => lists,
        Err(error) => return super::assert_error_is_plain(&error),
    };
    let _ = Crl::first_of_lists_only(input);
    for list in lists {
        let again = Crl::from_file_content(list.to_pem().as_bytes()).expect("it can be read again");
        assert_eq!(again.as_der(), list.as_der());
        assert_eq!(again.number, list.number);
        if let Err(error) = list.check_signature(&AUTHORITY.certificate) {
            super::assert_error_is_plain(&error);
        }
        let Ok(found) = list.entries() else { continue };
        assert_eq!(found.len(), list.count());
        let mut entries = Entries::new();
        if found.iter().all(|(serial, revocation)| entries.push(serial, revocation).is_ok()) {
            assert_eq!(entries.count(), found.len());
            assert!(entries.lacking(&list).is_ok_and(|lacking| lacking.is_empty()));
        }
    }
}
