//! The question whether a server would relay: MAIL and RCPT, and never DATA.

use crate::error::{Error, Result};
use crate::pki::printable::printable;

/// The longest mailbox (RFC 5321 4.5.3.1.3, without the brackets).
const LONGEST: usize = 254;

/// From whom and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    from: String,
    to: String,
}

impl Relay {
    /// `from` is the sender, none for the empty one, which bounces have and nobody may refuse (RFC 5321
    /// 3.6.3). Fails where one of them is no plain mailbox; nothing gets into a command that would
    /// end it.
    pub fn new(from: Option<&str>, to: &str) -> Result<Self> {
        let from = from.map(mailbox).transpose()?.unwrap_or_default();
        Ok(Self { from, to: mailbox(to)? })
    }

    /// The sender; empty for the empty one.
    pub fn sender(&self) -> &str {
        &self.from
    }

    /// The recipient.
    pub fn recipient(&self) -> &str {
        &self.to
    }
}

fn mailbox(text: &str) -> Result<String> {
    let is_plain =
        |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"' | b'\\');
    let is_whole = text
        .rsplit_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    if is_whole && text.len() <= LONGEST && text.bytes().all(is_plain) {
        return Ok(text.to_owned());
    }
    Err(Error::usage(format!("\"{}\" is not a mailbox to ask about", printable(text)))
        .hint("write it plainly: someone@example.org"))
}

/// What the server answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RelayAnswer {
    /// To MAIL FROM, with its code; printable.
    pub sender: Option<String>,
    /// To RCPT TO, where it came to that.
    pub recipient: Option<String>,
}

impl RelayAnswer {
    /// Whether the server would take a message for that recipient. None where it did not come to the question, where
    /// the server said that it cannot tell now (4yz), and where it refuses something else than to relay: of a
    /// recipient that it does not know, or of a client that it does not like, an open relay says no, too.
    ///
    /// `must_log_in` says that everybody has to log in there, as at submission (RFC 6409 4.3): that a client is refused
    /// as such means that.
    pub fn is_allowed(&self, must_log_in: bool) -> Option<bool> {
        let Some(recipient) = &self.recipient else {
            // Whoever has to log in before MAIL relays nothing before that (RFC 4954 6).
            return self
                .sender
                .as_ref()
                .is_some_and(|reply| is_login_wanted(reply))
                .then_some(false);
        };
        match recipient.bytes().next()? {
            b'2' => Some(true),
            b'5' if is_login_wanted(recipient) => Some(false),
            b'4' | b'5' => is_denial(recipient, must_log_in).then_some(false),
            _ => None,
        }
    }

    /// Whether the refusal is of relaying in so many words, and not of the recipient.
    pub fn names_relaying(&self) -> bool {
        let reply = self.recipient.as_ref().or(self.sender.as_ref());
        reply.is_some_and(|reply| is_login_wanted(reply) || says(&words(reply), RELAYING))
    }
}

/// How it is said that mail is not relayed; in small letters.
const RELAYING: &[&str] = &[
    "relay access denied",
    "relaying denied",
    "relaying temporarily denied",
    "relaying not ",
    "relaying is not ",
    "relay denied",
    "relay not permitted",
    "relay not allowed",
    "not permitted to relay",
    "not allowed to relay",
    "unable to relay",
    "cannot relay",
    "not relay",
    "relaying prohibited",
    "relay prohibited",
    "allowed rcpthosts",
];

/// What else is refused; in small letters. The names of lists of bad clients may well have "relay" in them.
const OTHERS: &[&str] = &[
    "user unknown",
    "unknown user",
    "unknown recipient",
    "unknown in ",
    "no such ",
    "mailbox",
    "does not exist",
    "unrout",
    "not found",
    "client",
    "sender",
    "helo",
    "ehlo",
    "hostname",
    "open relay",
    "spam",
    "blocked",
    "black",
    "blocklist",
    "listed",
    "rbl",
    "reputation",
    "greylist",
    "graylist",
    "grey-list",
    "try again",
    "later",
];

/// RFC 4954 6: the one code that means nothing else.
fn is_login_wanted(reply: &str) -> bool {
    reply.starts_with("530")
}

/// The words of a reply in small letters, without the address in brackets, which may be called anything.
fn words(reply: &str) -> String {
    let words: String =
        reply.split('<').map(|part| part.rsplit('>').next().unwrap_or("")).collect();
    words.to_ascii_lowercase()
}

fn says(words: &str, known: &[&str]) -> bool {
    known.iter().any(|word| words.contains(word))
}

/// Whether a no is one to relaying. A temporary one may mean it, too: Postfix's `defer_unauth_destination`, which is
/// Debian's default, says `454 4.7.1 Relay access denied`. What nobody can tell is none.
fn is_denial(reply: &str, must_log_in: bool) -> bool {
    let words = words(reply);
    if says(&words, RELAYING) {
        return true;
    }
    let is_lasting = reply.starts_with('5');
    // Postfix with `smtpd_client_restrictions = permit_sasl_authenticated, reject`.
    if must_log_in && is_lasting && words.contains("client host rejected: access denied") {
        return true;
    }
    if says(&words, OTHERS) {
        return false;
    }
    // Postfix where nobody else is let through at all; and OpenSMTPD's one answer to what no rule of its is for.
    let is_of_policy = is_lasting
        && (words.contains("recipient address rejected: access denied")
            || words.starts_with("550 invalid recipient"));
    is_of_policy || says(&words, &["relay", "authentic"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_command_from_within() {
        let relay = Relay::new(None, "joe+x@example.org").unwrap();
        assert_eq!((relay.sender(), relay.recipient()), ("", "joe+x@example.org"));
        let relay = Relay::new(Some("a@b"), "c@d").unwrap();
        assert_eq!((relay.sender(), relay.recipient()), ("a@b", "c@d"));
        let long = format!("a@{}", "b".repeat(LONGEST));
        for bad in [
            "",
            "joe",
            "@example.org",
            "joe@",
            "joe@x\r\nDATA",
            "joe@x\n",
            "a b@x",
            "<a@x>",
            "a@x>",
            "ü@x",
            "\"a\"@x",
            "a\\@x",
            &long,
        ] {
            assert!(Relay::new(None, bad).is_err(), "{bad:?}");
            assert!(Relay::new(Some(bad), "a@x").is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_reply_to_the_recipient_is_the_answer() {
        let answer = |recipient: Option<&str>| RelayAnswer {
            sender: Some("250 ok".into()),
            recipient: recipient.map(Into::into),
        };
        assert_eq!(answer(Some("250 2.1.5 ok")).is_allowed(false), Some(true));
        assert_eq!(answer(Some("251 elsewhere")).is_allowed(false), Some(true));
        assert_eq!(answer(Some("554 5.7.1 relaying denied")).is_allowed(false), Some(false));
        assert_eq!(answer(Some("450 greylisted")).is_allowed(false), None);
        assert_eq!(answer(None).is_allowed(false), None);
        for (reply, wanted) in [
            ("454 4.7.1 <a@example.net>: Relay access denied", Some(false)),
            ("450 4.7.1 a@example.net... Relaying temporarily denied", Some(false)),
            ("454 4.7.1 no", None),
            ("450 4.7.1 <a@example.net>: Recipient address rejected: Access denied", None),
            ("550 relay not permitted", Some(false)),
            ("550 Invalid recipient: <a@example.net>", Some(false)),
            ("550 5.7.1 <a@example.net>... Relaying denied. IP name lookup failed", Some(false)),
            ("550-5.7.1 Unable to relay", Some(false)),
            ("553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", Some(false)),
            ("530 5.7.0 Authentication required", Some(false)),
            ("550 5.7.1 authentication required", Some(false)),
            ("554 5.7.1 <a@example.net>: Recipient address rejected: Access denied", Some(false)),
            (
                "550 5.1.1 <relay@x>: Recipient address rejected: User unknown in local recipient table",
                None,
            ),
            (
                "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using relays.example",
                None,
            ),
            ("554 5.7.1 <x[192.0.2.1]>: Client host rejected: Access denied", None),
            ("554 5.7.1 <me@example.com>: Sender address rejected: not logged in", None),
            ("550 5.7.1 HELO denied", None),
            ("550 5.7.1 Access denied", None),
            ("554 5.7.1 you are not welcome", None),
            ("550 Unrouteable address", None),
            ("450 4.2.0 <relay@denied.example>: Recipient address rejected: Greylisted", None),
            ("451 4.7.1 Greylisting in action, please come back later", None),
            ("450 4.7.1 Client host rejected: cannot find your hostname", None),
            ("452 4.2.2 <a@example.net>: mailbox full", None),
        ] {
            assert_eq!(answer(Some(reply)).is_allowed(false), wanted, "{reply}");
        }
        let closed = "554 5.7.1 <x[192.0.2.1]>: Client host rejected: Access denied";
        assert_eq!(answer(Some(closed)).is_allowed(true), Some(false));
        let blocked = "554 5.7.1 Client host [192.0.2.1] blocked using lists.example";
        assert_eq!(answer(Some(blocked)).is_allowed(true), None);
        let must = RelayAnswer { sender: Some("530 5.7.0 log in".into()), recipient: None };
        assert_eq!(must.is_allowed(false), Some(false));
    }
}
