use super::*;
use crate::net::starttls::Aftermath;

/// What is sent, what was seen, the answer on relaying, and how it ended.
type Outcome = (String, Seen, Option<RelayAnswer>, Result<InsideStep, Fault>);

fn converse<'a>(
    service: Service,
    relay: Option<&Relay>,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Outcome {
    let mut inside = Inside::new(service, "client.example.com", relay);
    let mut sent = String::new();
    let mut pieces = pieces.into_iter();
    let end = loop {
        match inside.step() {
            Ok(InsideStep::Send(bytes)) => sent.push_str(std::str::from_utf8(&bytes).unwrap()),
            Ok(InsideStep::Receive) => match pieces.next() {
                Some(piece) => inside.feed(piece),
                None => break inside.closed().map_or(Ok(InsideStep::Done), Err),
            },
            end => break end,
        }
    };
    (sent, inside.seen().clone(), inside.relay_answer().cloned(), end)
}

fn whole(service: Service, relay: Option<&Relay>, words: &str) -> Outcome {
    let outcome = converse(service, relay, [words.as_bytes()]);
    assert_eq!(converse(service, relay, words.as_bytes().chunks(1)), outcome, "{words:?}");
    outcome
}

const AGREEABLE: [(Service, &str, &str, &[&str]); 7] = [
    (
        Service::Smtp,
        "250-mx.example.com at your service\r\n250-SIZE\r\n250 AUTH PLAIN\r\n221 bye\r\n",
        "EHLO client.example.com\r\nQUIT\r\n",
        &["SIZE", "AUTH PLAIN"],
    ),
    (
        Service::Submissions,
        "220-mx.example.com\r\n220 ready\r\n250 mx.example.com at your service\r\n221 bye\r\n",
        "EHLO client.example.com\r\nQUIT\r\n",
        &[],
    ),
    (
        Service::Imap,
        "* CAPABILITY IMAP4rev1  AUTH=PLAIN\r\n* 1 EXISTS\r\na1 OK done\r\n* BYE\r\na9 OK\r\n",
        "a1 CAPABILITY\r\na9 LOGOUT\r\n",
        &["IMAP4rev1", "AUTH=PLAIN"],
    ),
    (
        Service::Imaps,
        "* OK ready\r\na1 BAD what\r\n* BYE\r\na9 OK\r\n",
        "a1 CAPABILITY\r\na9 LOGOUT\r\n",
        &[],
    ),
    (Service::Pop3, "+OK\r\nUSER\r\nTOP\r\n.\r\n+OK\r\n", "CAPA\r\nQUIT\r\n", &["USER", "TOP"]),
    (Service::Pop3s, "+OK ready\r\n-ERR what\r\n+OK\r\n", "CAPA\r\nQUIT\r\n", &[]),
    (
        Service::Sieve,
        "\"SASL\" \"PLAIN LOGIN\"\r\n{5}\r\nSIEVE\r\nOK \"ready\"\r\nOK\r\n",
        "LOGOUT\r\n",
        &["SASL PLAIN LOGIN", "SIEVE"],
    ),
];

#[test]
fn every_protocol_comes_to_its_goodbye() {
    for (service, words, wanted, capabilities) in AGREEABLE {
        let (sent, seen, relay, end) = whole(service, None, words);
        assert_eq!((sent.as_str(), end, relay), (wanted, Ok(InsideStep::Done), None), "{service}");
        assert_eq!(seen.capabilities, capabilities, "{service}");
        assert_eq!(seen.greeting.is_empty(), !service.is_implicit(), "{service}");
        let name = (service.protocol() == Protocol::Smtp)
            .then(|| "mx.example.com at your service".to_owned());
        assert_eq!(seen.name, name);
    }
    let (_, seen, ..) = whole(Service::Submissions, None, AGREEABLE[1].1);
    assert_eq!(seen.greeting, ["mx.example.com", "ready"]);
}

#[test]
fn a_server_of_pop3_that_refuses_everything_is_told_from_one_of_old() {
    for (words, is_refusal) in [
        ("-ERR what\r\n+OK\r\n", false),
        ("-ERR what\r\n", false),
        ("+OK\r\nUSER\r\n.\r\n-ERR what\r\n", false),
        ("-ERR what\r\n-ERR gone mad\r\n", true),
    ] {
        let mut talk = Inside::new(Service::Pop3, "client.example.com", None);
        talk.feed(words.as_bytes());
        while matches!(talk.step(), Ok(InsideStep::Send(_))) {}
        let told = talk.refusal().map(ToString::to_string);
        let wanted = "the server refuses CAPA and QUIT: -ERR gone mad".to_owned();
        assert_eq!(told, is_refusal.then_some(wanted), "{words}");
    }
}

#[test]
fn an_end_before_the_goodbye_is_told() {
    for (service, words, ..) in AGREEABLE {
        for at in 0..words.len() {
            let (sent, .., end) = whole(service, None, &words[..at]);
            let has_left = sent.contains("QUIT") || sent.contains("LOGOUT");
            let is_fault = matches!(end, Err(Fault::Closed { .. }));
            assert_eq!(is_fault, !has_left, "{service} {at}: {end:?}");
        }
    }
}

#[test]
fn relaying_is_asked_for_and_never_done() {
    let relay = Relay::new(None, "joe@example.org").unwrap();
    let ehlo = "250 mx\r\n";
    for (replies, sent, sender, recipient) in [
        (
            "250 ok\r\n550-5.7.1 no\r\n550 5.7.1 relaying\r\n250 ok\r\n221 bye\r\n",
            true,
            "250 ok",
            Some("550 5.7.1 relaying"),
        ),
        ("250 ok\r\n250 ok\r\n250 ok\r\n221 bye\r\n", true, "250 ok", Some("250 ok")),
        ("530 first STARTTLS\r\n221 bye\r\n", false, "530 first STARTTLS", None),
    ] {
        let (said, _, answer, end) = whole(Service::Smtp, Some(&relay), &[ehlo, replies].concat());
        let wanted = if sent {
            "EHLO client.example.com\r\nMAIL FROM:<>\r\nRCPT TO:<joe@example.org>\r\nRSET\r\nQUIT\r\n"
        } else {
            "EHLO client.example.com\r\nMAIL FROM:<>\r\nQUIT\r\n"
        };
        assert_eq!((said.as_str(), end), (wanted, Ok(InsideStep::Done)));
        let recipient = recipient.map(Into::into);
        assert_eq!(answer, Some(RelayAnswer { sender: Some(sender.into()), recipient }));
    }
    // EHLO refused: nothing more is asked. Another protocol is not asked at all.
    let (said, _, answer, _) = whole(Service::Smtp, Some(&relay), "502 what\r\n221 bye\r\n");
    assert_eq!(
        (said.as_str(), answer),
        ("EHLO client.example.com\r\nQUIT\r\n", Some(RelayAnswer::default()))
    );
    let (said, _, answer, _) = whole(Service::Pop3, Some(&relay), AGREEABLE[4].1);
    assert_eq!((said.as_str(), answer), ("CAPA\r\nQUIT\r\n", None));
    let relay = Relay::new(Some("jim@example.com"), "joe@example.org").unwrap();
    let (said, ..) = whole(Service::Submissions, Some(&relay), "220 x\r\n250 x\r\n250 ok\r\n");
    assert!(
        said.contains("MAIL FROM:<jim@example.com>\r\nRCPT TO:<joe@example.org>\r\n"),
        "{said}"
    );
}

#[test]
fn a_refusal_and_another_protocol_are_told_as_such() {
    for (service, words, word) in [
        (Service::Submissions, "421 busy\r\n", "refuses the connection: 421 busy"),
        (Service::Imaps, "* BYE busy\r\n", "refuses the connection: * BYE busy"),
        (Service::Imaps, "* PREAUTH hi\r\n", "refuses the connection"),
        (Service::Pop3s, "-ERR busy\r\n", "refuses the connection: -ERR busy"),
        (Service::Smtp, "+OK\r\n", "does not speak SMTP"),
        (Service::Smtp, "250-x\r\n221 x\r\n", "does not speak SMTP"),
        (Service::Imap, "b1 OK\r\n", "does not speak IMAP"),
        (Service::Imaps, "a1 OK\r\n", "does not speak IMAP"),
        (Service::Pop3, "250 x\r\n", "does not speak POP3"),
        (Service::Sieve, "220 x\r\n", "does not speak ManageSieve"),
        (Service::Sieve, "\"torn\r\n", "does not speak ManageSieve"),
    ] {
        let (.., end) = whole(service, None, words);
        let said = end.unwrap_err().to_string();
        assert!(said.contains(word), "{service}: {said}");
    }
}

#[test]
fn everything_has_an_end() {
    for (service, words, wanted) in [
        (Service::Smtp, "x".repeat(5000), Fault::LineTooLong),
        (Service::Smtp, "250-x\r\n".repeat(200), Fault::ReplyTooLong),
        (Service::Imap, "* x\r\n".repeat(200), Fault::ReplyTooLong),
        (Service::Pop3, "+OK\r\n".to_owned() + &"x\r\n".repeat(200), Fault::ReplyTooLong),
        (Service::Sieve, "\"x\"\r\n".repeat(200), Fault::ReplyTooLong),
    ] {
        assert_eq!(whole(service, None, &words).3, Err(wanted), "{service}");
    }
}

#[test]
fn no_words_are_too_strange() {
    // A generator of its own (xorshift), so that a failure comes again.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(below).unwrap()).unwrap()
    };
    // Bytes that mean something somewhere are likelier than the others.
    let likely = b"\r\n -\"{}+*.\\259aOKNB0\0\xff";
    let relay = Relay::new(None, "joe@example.org").unwrap();
    for round in 0..20_000 {
        let (service, words, ..) = AGREEABLE[round % AGREEABLE.len()];
        let mut words = words.as_bytes().to_vec();
        for _ in 0..=random(4) {
            let at = random(words.len());
            match random(3) {
                0 => words.insert(at, likely[random(likely.len())]),
                1 => words[at] = likely[random(likely.len())],
                _ => words.truncate(at + 1),
            }
        }
        let relay = (round % 2 == 0).then_some(&relay);
        let outcome = converse(service, relay, [words.as_slice()]);
        assert_eq!(converse(service, relay, words.chunks(2)), outcome, "{service}: {words:?}");
        let mut aftermath = Aftermath::new(service.protocol());
        let whole = aftermath.feed(&words);
        let mut aftermath = Aftermath::new(service.protocol());
        let mut pieces = words.chunks(2).map(|piece| aftermath.feed(piece));
        let in_pieces = pieces.find(|one| *one != Ok(None)).unwrap_or(Ok(None));
        assert_eq!(in_pieces, whole, "{service}: {words:?}");
    }
}
