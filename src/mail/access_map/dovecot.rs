//! A `passwd-file` of the users that may log in to Dovecot by certificate.
//!
//! Dovecot takes the user name from the certificate, the common name unless it is told otherwise, and makes it
//! lower case. Of several common names it takes the first, and other programs the last: such a certificate is
//! nobody's here. Revoked certificates are refused by the list behind the CA in `ssl_ca`, not by this file.

use super::{AccessMap, Entry};
use crate::pki::certificate::Certificate;
use crate::pki::name::COMMON_NAME;
use crate::pki::printable::printable;

pub(super) fn admit(map: &mut AccessMap, certificate: &Certificate) {
    if certificate.subject.count_of(COMMON_NAME) > 1 {
        map.remark(format!(
            "the certificate of {} is left out: programs differ in which of its common names is the user's, {}",
            certificate.title(),
            certificate.subject
        ));
        return;
    }
    let user = certificate.subject.common_name().map(|name| name.to_ascii_lowercase());
    match user.filter(|user| is_user_name(user)) {
        // Password, uid, gid, gecos, home and shell are empty; the rest is Dovecot's own.
        Some(user) => map.add(Entry::new(user, "::::::nopassword=y")),
        None => map.remark(format!(
            "the certificate of {} is left out: its common name is not one that Dovecot takes for a user \
             name (letters, digits and . - _ @)",
            printable(&certificate.title())
        )),
    }
}

/// Dovecot's `auth_username_chars`, without whatever could begin a comment.
fn is_user_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_@".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::is_user_name;

    #[test]
    fn a_user_name_ends_no_field() {
        assert!(is_user_name("joe.user-1_@example.com"));
        for bad in ["", "joe user", "joe:x", "joe\nroot", "#joe", "j\u{f6}", "a/b", "a\\b", "a\0"] {
            assert!(!is_user_name(bad), "{bad:?}");
        }
    }
}
