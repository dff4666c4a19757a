//! The configuration of Sendmail, with the lines put in that `mailca config sendmail --merge` puts in.

use mailca::mail::sendmail_mc::{diff, is_submit, merged};

/// Lines of every kind that the templates have.
const SNIPPET: &str = "dnl prose\n\
    define(`confCACERT', `/etc/mail/tls/cacert.pem')dnl\n\
    define(`confSERVER_KEY', `/etc/mail/tls/key.pem')dnl\n\
    define(`confAUTH_OPTIONS', `A p')dnl\n\
    TRUST_AUTH_MECH(`LOGIN PLAIN')dnl\n\
    DAEMON_OPTIONS(`Name=MTA, Port=25')dnl\n\
    DAEMON_OPTIONS(`Name=MSA, Port=587, M=Ea')dnl\n\
    LOCAL_CONFIG\n\
    Kaccess_own hash /etc/mail/access\n\
    divert(0)dnl\n\
    FEATURE(`access_db', `sequence access_own access_mailca')dnl\n";

/// What was put in is there, so that nothing is put in again.
pub fn check(input: &[u8]) {
    let _ = is_submit(input);
    let new = match merged(input, SNIPPET) {
        Ok(new) => new,
        Err(error) => return super::assert_error_is_plain(&error),
    };
    let again = merged(&new, SNIPPET).expect("what was understood still is");
    assert_eq!(String::from_utf8_lossy(&again), String::from_utf8_lossy(&new));
    let changes = diff("sendmail.mc", input, SNIPPET).expect("there are differences");
    assert_eq!(changes.is_empty(), new == input);
}
