use super::*;

/// What a conversation comes to: what was sent, what was seen, and how it ended.
type Outcome = (String, Seen, std::result::Result<Step, Fault>);

/// Feeds the server's words in pieces, and closes behind the last where more is wanted.
fn converse<'a>(service: Service, pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut conversation = Conversation::new(service, "client.example.com");
    let mut sent = String::new();
    let mut pieces = pieces.into_iter();
    let end = loop {
        match conversation.step() {
            Ok(Step::Send(bytes)) => sent.push_str(std::str::from_utf8(&bytes).unwrap()),
            Err(fault) => break Err(fault),
            // What is left unread at the end is fed too: it may have come before the handshake began.
            Ok(step) => match (pieces.next(), step) {
                (Some(piece), _) => conversation.feed(piece),
                (None, Step::Handshake) => break Ok(Step::Handshake),
                (None, _) => break Err(conversation.closed()),
            },
        }
    };
    (sent, conversation.seen().clone(), end)
}

fn whole(service: Service, words: &[u8]) -> Outcome {
    converse(service, [words])
}

fn fault(service: Service, words: &str) -> String {
    whole(service, words.as_bytes()).2.unwrap_err().to_string()
}

/// A server that agrees, and what is sent to it.
const AGREEABLE: [(Service, &str, &str); 5] = [
    (
        Service::Smtp,
        "220-mail.example.com ESMTP\r\n220 ready\r\n250-mail.example.com\r\n250-SIZE 1000\r\n\
         250-starttls\r\n250 AUTH PLAIN LOGIN\r\n220 2.0.0 go\r\n",
        "EHLO client.example.com\r\nSTARTTLS\r\n",
    ),
    (
        Service::Submission,
        "220 x\n250-x\n250 STARTTLS\n220\n",
        "EHLO client.example.com\r\nSTARTTLS\r\n",
    ),
    (
        Service::Imap,
        "* OK [CAPABILITY IMAP4rev1] ready\r\n* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n\
         * something else\r\na1 ok done\r\n* news\r\na2 OK begin\r\n",
        "a1 CAPABILITY\r\na2 STARTTLS\r\n",
    ),
    (
        Service::Pop3,
        "+OK ready <1@x>\r\n+OK list\r\nUSER\r\nSTLS\r\n.\r\n+OK begin\r\n",
        "CAPA\r\nSTLS\r\n",
    ),
    (
        Service::Sieve,
        "\"IMPLEMENTATION\" \"a \\\"b\\\" {3}\"\r\n{8}\r\nSTARTTLS\r\n\"X\" {7+}\r\na\r\nOK b\r\n\
         OK (WARNINGS) \"ready\"\r\nOK {6}\r\nbegin!\r\n",
        "STARTTLS\r\n",
    ),
];

#[test]
fn every_protocol_comes_to_its_handshake() {
    for (service, words, wanted) in AGREEABLE {
        let (sent, _, end) = whole(service, words.as_bytes());
        assert_eq!((sent.as_str(), end), (wanted, Ok(Step::Handshake)), "{service}");
    }
    for service in [Service::Submissions, Service::Imaps, Service::Pop3s] {
        assert_eq!(converse(service, []), (String::new(), Seen::default(), Ok(Step::Handshake)));
    }
}

#[test]
fn what_was_said_before_tls_is_kept() {
    let seen = AGREEABLE.map(|(service, words, _)| whole(service, words.as_bytes()).1);
    assert_eq!(seen[0].greeting, ["mail.example.com ESMTP", "ready"]);
    assert_eq!(seen[0].capabilities, ["SIZE 1000", "starttls", "AUTH PLAIN LOGIN"]);
    assert!(seen[0].offers("auth") && !seen[0].offers("PLAIN") && !seen[0].offers("AUT"));
    assert_eq!(seen[2].greeting, ["[CAPABILITY IMAP4rev1] ready"]);
    assert_eq!(seen[2].capabilities, ["IMAP4rev1", "STARTTLS", "LOGINDISABLED"]);
    assert_eq!(seen[3].capabilities, ["USER", "STLS"]);
    assert_eq!(seen[4].greeting, ["(WARNINGS) ready"]);
    let words = ["IMPLEMENTATION a \"b\" {3}", "STARTTLS", "X a\\u{d}\\u{a}OK b"];
    assert_eq!(seen[4].capabilities, words);
}

/// Conversations that end well and badly, to be cut anywhere.
fn all_kinds() -> Vec<(Service, Vec<u8>)> {
    let mut kinds: Vec<_> =
        AGREEABLE.map(|(service, words, _)| (service, words.as_bytes().to_vec())).to_vec();
    for (service, words, _) in AGREEABLE {
        kinds.push((service, [words.as_bytes(), b"250 injected\r\n"].concat()));
        kinds.push((service, [words.as_bytes(), b"\0"].concat()));
        kinds.push((service, words.to_uppercase().replace("TLS", "SSL").into_bytes()));
        // Every byte that a server could say, in the middle of it.
        for at in [0, 5, words.len() / 2] {
            let (head, tail) = words.as_bytes().split_at(at);
            kinds.push((service, [head, &(0..=255).collect::<Vec<u8>>(), tail].concat()));
        }
    }
    kinds
}

#[test]
fn the_pieces_make_no_difference() {
    for (service, words) in all_kinds() {
        let wanted = whole(service, &words);
        assert_eq!(converse(service, words.chunks(1)), wanted, "{service}: bytes");
        for at in 0..=words.len() {
            let (head, tail) = words.split_at(at);
            assert_eq!(converse(service, [head, tail]), wanted, "{service}: cut at {at}");
        }
    }
}

#[test]
fn an_end_anywhere_is_told_as_such() {
    for (service, words, _) in AGREEABLE {
        for at in 0..words.len() {
            let (_, _, end) = whole(service, &words.as_bytes()[..at]);
            assert!(matches!(end, Err(Fault::Closed { .. })), "{service} at {at}: {end:?}");
        }
    }
    for (service, words) in all_kinds() {
        for at in 0..words.len() {
            let _ = whole(service, &words[..at]);
        }
    }
    let awaited = |words| fault(Service::Smtp, words);
    assert!(awaited("").ends_with("instead of sending its greeting"));
    assert!(awaited("220 x\r\n250-x\r\n").ends_with("its answer to EHLO"));
    assert!(awaited("220 x\r\n250-x\r\n250 STARTTLS\r\n").ends_with("its answer to STARTTLS"));
}

#[test]
fn words_after_the_agreement_are_a_fault_of_their_own() {
    for (service, words, _) in AGREEABLE {
        let alert = "\x15\x03\x01\0\x02\x02P";
        for more in ["x", "\0", "\r\n", "250 ok\r\n", "\x15x", &format!("{alert}250 ok\r\n")] {
            let (_, _, end) = whole(service, format!("{words}{more}").as_bytes());
            assert_eq!(end, Err(Fault::Injected), "{service}: {more:?}");
        }
        // Nobody has put that there but the server's own library.
        for length in 1..=alert.len() {
            let (_, _, end) = whole(service, format!("{words}{}", &alert[..length]).as_bytes());
            assert!(matches!(end, Err(Fault::Withdrawn { .. })), "{service}: {end:?}");
        }
        let goodbye = match service.protocol() {
            Protocol::Smtp => "454 TLS not available\r\n",
            Protocol::Imap => "* BYE [UNAVAILABLE] TLS initialization failed.\r\n",
            Protocol::Pop3 => "-ERR [SYS/TEMP] TLS initialization failed.\r\n",
            Protocol::Sieve => "BYE \"TLS initialization failed.\"\r\n",
        };
        let (_, _, end) = whole(service, format!("{words}{goodbye}").as_bytes());
        let Err(fault @ Fault::Withdrawn { .. }) = end else { panic!("{service}: {end:?}") };
        assert!(fault.to_string().contains(goodbye.trim_end()), "{fault}");
        let (_, _, end) = whole(service, format!("{words}{goodbye}x\r\n").as_bytes());
        assert_eq!(end, Err(Fault::Injected), "{service}");
    }
}

#[test]
fn a_refusal_is_told_in_the_servers_words() {
    let smtp = "220 x\r\n250-x\r\n250 STARTTLS\r\n";
    let imap = "* OK x\r\n* CAPABILITY STARTTLS\r\na1 OK x\r\n";
    let pop3 = "+OK\r\n+OK\r\nSTLS\r\n.\r\n";
    let sieve = "\"STARTTLS\"\r\nOK\r\n";
    for (service, words, wanted) in [
        (Service::Smtp, "554 no \x1b[31m\r\n".into(), "refuses the connection: 554 no \\u{1b}[31m"),
        (Service::Smtp, "220 x\r\n421 bye\r\n".into(), "refuses EHLO: 421 bye"),
        (Service::Smtp, "220 x\r\n502 what\r\n550 no\r\n".into(), "refuses HELO: 550 no"),
        (
            Service::Smtp,
            format!("{smtp}454 4.7.0 TLS not available\r\n"),
            "STARTTLS: 454 4.7.0 TLS not",
        ),
        (Service::Smtp, format!("{smtp}250 ok\r\n"), "refuses STARTTLS: 250 ok"),
        (Service::Imap, "* BYE later\r\n".into(), "refuses the connection: BYE later"),
        (Service::Imap, "* PREAUTH hi\r\n".into(), "refuses the connection: PREAUTH hi"),
        (Service::Imap, "* OK x\r\na1 BAD what\r\n".into(), "refuses CAPABILITY: BAD what"),
        (Service::Imap, format!("{imap}a2 NO not now\r\n"), "refuses STARTTLS: NO not now"),
        (Service::Imap, format!("{imap}* BYE gone\r\n"), "refuses STARTTLS: BYE gone"),
        (Service::Pop3, "-ERR busy\r\n".into(), "refuses the connection: -ERR busy"),
        (Service::Pop3, format!("{pop3}-ERR no\r\n"), "refuses STLS: -ERR no"),
        (
            Service::Sieve,
            "BYE (TRYLATER) \"busy\"\r\n".into(),
            "the connection: BYE (TRYLATER) busy",
        ),
        (Service::Sieve, format!("{sieve}NO {{4}}\r\nnope\r\n"), "refuses STARTTLS: NO nope"),
    ] {
        let said = fault(service, &words);
        assert!(said.contains(wanted), "{service}: {said}");
    }
}

#[test]
fn tls_that_is_not_offered_is_told_as_such() {
    for (service, words, command) in [
        (Service::Smtp, "220 x\r\n250 x\r\n", "STARTTLS"),
        (Service::Smtp, "220 x\r\n250-x\r\n250-NOSTARTTLS\r\n250 XSTARTTLS\r\n", "STARTTLS"),
        (Service::Smtp, "220 x\r\n500 what\r\n250 x\r\n", "STARTTLS"),
        (Service::Imap, "* OK x\r\n* CAPABILITY IMAP4rev1\r\na1 OK x\r\n", "STARTTLS"),
        (Service::Pop3, "+OK\r\n+OK\r\nUSER\r\n.\r\n", "STLS"),
        (Service::Pop3, "+OK\r\n-ERR what\r\n", "STLS"),
        (Service::Sieve, "\"SASL\" \"STARTTLS\"\r\nOK\r\n", "STARTTLS"),
    ] {
        assert_eq!(fault(service, words), format!("the server does not offer {command}"));
    }
    let (sent, _, _) = whole(Service::Smtp, b"220 x\r\n500 what\r\n250 x\r\n");
    assert!(sent.ends_with("HELO client.example.com\r\n"), "{sent}");
}

#[test]
fn another_protocol_is_told_as_such() {
    for (service, words) in [
        (Service::Smtp, "* OK imap\r\n"),
        (Service::Smtp, "220-a\r\n250 b\r\n"),
        (Service::Smtp, "220x\r\n"),
        (Service::Smtp, "22\r\n"),
        (Service::Smtp, "\r\n"),
        (Service::Smtp, "\u{16}\u{3}\u{1}\0\n"),
        (Service::Imap, "220 smtp\r\n"),
        (Service::Imap, "* OK x\r\nb1 OK x\r\n"),
        (Service::Imap, "* OK x\r\na1 WHAT\r\n"),
        (Service::Pop3, "+OKAY\r\n"),
        (Service::Pop3, "* OK imap\r\n"),
        (Service::Sieve, "\"torn\r\n"),
        (Service::Sieve, "\r\n"),
        (Service::Sieve, "220 smtp\r\n"),
        (Service::Sieve, "\"a\\\r\n"),
        (Service::Sieve, "\"STARTTLS\"\r\nOK\r\n\"more\"\r\n"),
    ] {
        let said = fault(service, words);
        assert!(said.contains("does not speak"), "{service}: {words:?}: {said}");
        assert!(!said.contains(|character: char| character.is_control()), "{said:?}");
    }
}

#[test]
fn everything_has_an_end() {
    let endless = "x".repeat(LINE + 1);
    let ten = format!("220-{}\r\n", "x".repeat(LINE - 6));
    let literal = format!("{{{LINE}}}\r\n");
    for (service, words, wanted) in [
        (Service::Smtp, endless.clone(), Fault::LineTooLong),
        (Service::Imap, endless.clone() + "\n", Fault::LineTooLong),
        (Service::Pop3, "+OK\r\n+OK\r\n".to_owned() + &endless, Fault::LineTooLong),
        (Service::Sieve, endless, Fault::LineTooLong),
        (Service::Sieve, literal, Fault::LineTooLong),
        (Service::Sieve, "{99999999999999999999999}\r\n".into(), Fault::LineTooLong),
        (Service::Sieve, "{18446744073709551615}\r\n".into(), Fault::LineTooLong),
        (Service::Sieve, "{9}\r\n123456789".repeat(500), Fault::LineTooLong),
        (Service::Smtp, "220-x\r\n".repeat(LINES + 1), Fault::ReplyTooLong),
        (Service::Imap, "* OK\r\n".to_owned() + &"* x\r\n".repeat(LINES + 1), Fault::ReplyTooLong),
        (Service::Sieve, "\"x\"\r\n".repeat(LINES + 1), Fault::ReplyTooLong),
        (Service::Smtp, ten.repeat(TOTAL / LINE + 1), Fault::TooMuch),
    ] {
        let bytes = words.as_bytes();
        assert_eq!(whole(service, bytes).2, Err(wanted.clone()), "{service}");
        assert_eq!(converse(service, bytes.chunks(7)).2, Err(wanted), "{service}");
    }
    // The longest that is allowed.
    let line = format!("220 {}\r\n", "x".repeat(LINE - 6));
    assert!(matches!(whole(Service::Smtp, line.as_bytes()).2, Err(Fault::Closed { .. })));
    let reply = "220-x\r\n".repeat(LINES - 1) + "220 x\r\n";
    assert!(matches!(whole(Service::Smtp, reply.as_bytes()).2, Err(Fault::Closed { .. })));
}

#[test]
fn a_long_line_is_shown_in_part() {
    let said = fault(Service::Smtp, &format!("554 {}\r\n", "x".repeat(1000)));
    assert!(said.ends_with("x…") && said.len() < 400, "{said}");
}
