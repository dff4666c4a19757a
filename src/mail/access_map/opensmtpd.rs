//! OpenSMTPD has no map of certificates: `verify` on a listener is all that it asks of one.

use crate::error::{Error, Result};

pub(super) fn refuse() -> Result<()> {
    Err(Error::refused("OpenSMTPD cannot tell one certificate of a CA from another")
        .hint(
            "`mailca access-map --for opensmtpd --issuer` prints how it lets in all that the CA signed",
        )
        .hint("give those users a CA of their own, or passwords"))
}
