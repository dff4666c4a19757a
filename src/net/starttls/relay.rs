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
    /// Whether the server would take a message for that recipient; none where it did not come to the
    /// question, and where the server said that it cannot tell now (4yz).
    pub fn is_allowed(&self) -> Option<bool> {
        let Some(recipient) = &self.recipient else {
            // Whoever has to log in before MAIL relays nothing before that (RFC 4954 6).
            let must_log_in = self.sender.as_ref().is_some_and(|reply| reply.starts_with("530"));
            return must_log_in.then_some(false);
        };
        match recipient.bytes().next()? {
            b'2' => Some(true),
            b'5' => Some(false),
            b'4' => is_denial(recipient).then_some(false),
            _ => None,
        }
    }
}

/// Whether a temporary no means a lasting one: Postfix's `defer_unauth_destination`, which is Debian's default,
/// says `454 4.7.1 Relay access denied`. Greylisting says 4.7.1 here and there, too.
fn is_denial(reply: &str) -> bool {
    // The address stands in brackets and may be called anything.
    let words: String =
        reply.split('<').map(|part| part.rsplit('>').next().unwrap_or("")).collect();
    let words = words.to_ascii_lowercase();
    let says = |known: &[&str]| known.iter().any(|word| words.contains(word));
    if says(&["greylist", "graylist", "grey-list", "try again", "later", "hostname"]) {
        return false;
    }
    says(&["denied", "relay", "4.7.1"])
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
        assert_eq!(answer(Some("250 2.1.5 ok")).is_allowed(), Some(true));
        assert_eq!(answer(Some("251 elsewhere")).is_allowed(), Some(true));
        assert_eq!(answer(Some("554 5.7.1 denied")).is_allowed(), Some(false));
        assert_eq!(answer(Some("450 greylisted")).is_allowed(), None);
        assert_eq!(answer(None).is_allowed(), None);
        for (reply, wanted) in [
            ("454 4.7.1 <a@example.net>: Relay access denied", Some(false)),
            ("450 4.7.1 a@example.net... Relaying temporarily denied", Some(false)),
            ("454 4.7.1 no", Some(false)),
            ("450 4.2.0 <relay@denied.example>: Recipient address rejected: Greylisted", None),
            ("451 4.7.1 Greylisting in action, please come back later", None),
            ("450 4.7.1 Client host rejected: cannot find your hostname", None),
            ("452 4.2.2 <a@example.net>: mailbox full", None),
        ] {
            assert_eq!(answer(Some(reply)).is_allowed(), wanted, "{reply}");
        }
        let must = RelayAnswer { sender: Some("530 5.7.0 log in".into()), recipient: None };
        assert_eq!(must.is_allowed(), Some(false));
    }
}
