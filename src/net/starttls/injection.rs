//! Whether a server takes a command that came in plain text, right behind STARTTLS, for one that came
//! inside TLS (CVE-2011-0411). Whoever sits between could begin a user's session with commands of his own.
//!
//! The command is harmless and has a reply that the goodbye, which is all that is said inside, has not.

use crate::net::service::Protocol;
use crate::net::starttls::lines::{self, Lines};
use crate::net::starttls::{Fault, imap, pop3, sieve, smtp};

/// What a server of sieve repeats in its answer to NOOP (RFC 5804 2.13).
const MARK: &str = "mailca";

/// Whether this is the command that begins TLS.
pub(super) fn comes_behind(command: &str) -> bool {
    command.ends_with("STARTTLS\r\n") || command == "STLS\r\n"
}

/// What follows it.
pub(super) fn command(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Smtp => "NOOP\r\n",
        Protocol::Imap => "a3 NOOP\r\n",
        // No command at all, so that it gets an error, and the goodbye does not.
        Protocol::Pop3 => "XNOOP\r\n",
        Protocol::Sieve => "NOOP \"mailca\"\r\n",
    }
}

/// What the server says inside TLS, where [`farewell`](super::farewell) alone is said to it.
pub struct Aftermath {
    protocol: Protocol,
    lines: Lines,
    /// The replies until now. The first of sieve is not asked for. Of SMTP and POP3 a second one says that
    /// there were two commands, since goodbye has one reply whatever the server thinks of it.
    replies: usize,
}

impl Aftermath {
    /// Begins where the handshake has ended.
    pub fn new(protocol: Protocol) -> Self {
        Self { protocol, lines: Lines::default(), replies: 0 }
    }

    /// Takes bytes that came, and says whether the injected command was obeyed, once that is certain.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Option<bool>, Fault> {
        self.lines.feed(bytes);
        let end = match self.protocol {
            Protocol::Sieve => sieve::end_of_line,
            _ => lines::end_of_line,
        };
        while let Some(line) = self.lines.take(end)? {
            let foreign = || Fault::foreign(self.protocol, &line);
            let verdict = match self.protocol {
                Protocol::Smtp => {
                    let (code, is_last, _) = smtp::parse(&line).ok_or_else(foreign)?;
                    // Goodbye is 221; 421 is a server that has closed for some reason of its own.
                    let is_end = &code == b"221" || &code == b"421";
                    self.reply(is_last, is_end)
                }
                Protocol::Imap => match imap::word(&line).0 {
                    b"a3" => Some(true),
                    b"a9" => Some(false),
                    _ => None,
                },
                Protocol::Pop3 => self.reply(true, pop3::parse(&line).ok_or_else(foreign)?.0),
                Protocol::Sieve => {
                    let tokens = sieve::tokens(&line).ok_or_else(foreign)?;
                    let is_reply = matches!(tokens.first(), Some(sieve::Token::Word(_)));
                    self.replies += usize::from(is_reply);
                    let is_marked = line.windows(MARK.len()).any(|part| part == MARK.as_bytes());
                    let is_no = line.to_ascii_uppercase().starts_with(b"NO");
                    (self.replies == 2).then_some(is_marked || is_no)
                }
            };
            if verdict.is_some() {
                return Ok(verdict);
            }
        }
        Ok(None)
    }

    /// What a reply says that may be the last.
    fn reply(&mut self, is_whole: bool, is_end: bool) -> Option<bool> {
        self.replies += usize::from(is_whole);
        match (is_whole, self.replies) {
            (false, _) => None,
            (true, 1) => is_end.then_some(false),
            (true, _) => Some(true),
        }
    }

    /// What it says that nothing more came in time.
    pub fn silent(&self) -> Option<bool> {
        let has_one = matches!(self.protocol, Protocol::Smtp | Protocol::Pop3) && self.replies == 1;
        has_one.then_some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::service::Service;
    use crate::net::starttls::{Conversation, Step};

    /// What is made of these words, in one piece and in many; the end of them is an end of the connection.
    fn verdict(protocol: Protocol, words: &str) -> Result<Option<bool>, Fault> {
        let verdict = Aftermath::new(protocol).feed(words.as_bytes());
        let mut aftermath = Aftermath::new(protocol);
        let mut pieces = words.as_bytes().chunks(1).map(|piece| aftermath.feed(piece));
        let in_pieces = pieces.find(|one| *one != Ok(None)).unwrap_or(Ok(None));
        assert_eq!(in_pieces, verdict, "{words:?}");
        verdict
    }

    #[test]
    fn the_command_comes_right_behind_starttls() {
        for (service, words, wanted) in [
            (Service::Smtp, "220 x\r\n250-x\r\n250 STARTTLS\r\n", "STARTTLS\r\nNOOP\r\n"),
            (
                Service::Imap,
                "* OK\r\n* CAPABILITY STARTTLS\r\na1 OK\r\n",
                "a2 STARTTLS\r\na3 NOOP\r\n",
            ),
            (Service::Pop3, "+OK\r\n+OK\r\nSTLS\r\n.\r\n", "STLS\r\nXNOOP\r\n"),
            (Service::Sieve, "\"STARTTLS\"\r\nOK\r\n", "STARTTLS\r\nNOOP \"mailca\"\r\n"),
        ] {
            let mut conversation = Conversation::injecting(service, "x");
            conversation.feed(words.as_bytes());
            let mut last = Vec::new();
            while let Ok(Step::Send(bytes)) = conversation.step() {
                last = bytes;
            }
            assert_eq!(String::from_utf8(last).unwrap(), wanted, "{service}");
        }
    }

    #[test]
    fn an_answer_to_it_is_told_from_a_goodbye() {
        for (protocol, words, wanted) in [
            (Protocol::Smtp, "250 2.0.0 Ok\r\n221 bye\r\n", Some(true)),
            (Protocol::Smtp, "503-hello\r\n503 first\r\n221 bye\r\n", Some(true)),
            // One reply, whatever it is, is that to the goodbye.
            (Protocol::Smtp, "503-hello\r\n503 first\r\n", None),
            (Protocol::Smtp, "500 what\r\n", None),
            (Protocol::Smtp, "250 bye\r\n", None),
            (Protocol::Pop3, "-ERR what\r\n", None),
            (Protocol::Smtp, "221-so\r\n221 bye\r\n", Some(false)),
            (Protocol::Smtp, "421 too slow\r\n", Some(false)),
            (Protocol::Smtp, "250-", None),
            (Protocol::Imap, "* 1 EXISTS\r\na3 OK done\r\na9 OK\r\n", Some(true)),
            (Protocol::Imap, "* BYE\r\na9 OK\r\n", Some(false)),
            (Protocol::Imap, "* BYE\r\n", None),
            (Protocol::Pop3, "-ERR what\r\n+OK\r\n", Some(true)),
            (Protocol::Pop3, "+OK bye\r\n", Some(false)),
            (
                Protocol::Sieve,
                "\"X\"\r\nOK\r\nOK (TAG {6}\r\nmailca) \"done\"\r\nOK\r\n",
                Some(true),
            ),
            (Protocol::Sieve, "\"X\"\r\nOK\r\nno \"what\"\r\nOK\r\n", Some(true)),
            (Protocol::Sieve, "\"X\"\r\nOK\r\nOK \"bye\"\r\n", Some(false)),
            (Protocol::Sieve, "OK\r\n", None),
        ] {
            assert_eq!(verdict(protocol, words), Ok(wanted), "{words:?}");
        }
        for protocol in [Protocol::Smtp, Protocol::Pop3, Protocol::Sieve] {
            assert!(matches!(verdict(protocol, "{hm\r\n"), Err(Fault::Foreign { .. })));
        }
        let endless = "* x\r\n".repeat(200);
        assert_eq!(verdict(Protocol::Imap, &endless), Err(Fault::ReplyTooLong));
    }
}
