//! The conversations before and inside TLS: the first byte chooses the service, the second where its words
//! are cut, the rest are the words.

use mailca::net::service::Service;
use mailca::net::starttls::{
    Aftermath, Conversation, Fault, Inside, InsideStep, LINES, Relay, Seen, Step, TOTAL,
};

/// A conversation is the same whatever pieces the words come in, sends nothing but lines of our own, and keeps
/// little, in plain text.
pub fn check(input: &[u8]) {
    let [service, cut, words @ ..] = input else { return };
    let service = Service::ALL[usize::from(*service) % Service::ALL.len()];
    let (head, tail) = words.split_at(usize::from(*cut).min(words.len()));
    let relay = Relay::new(Some("joe@example.com"), "ann@example.org").ok();
    for talk in [before, injecting, inside] {
        let whole = talk(service, relay.as_ref(), &mut [words].into_iter());
        for pieces in [vec![head, tail], words.chunks(1).collect()] {
            assert_eq!(talk(service, relay.as_ref(), &mut pieces.into_iter()), whole);
        }
        check_outcome(&whole);
    }
    let whole = aftermath(service, &mut [words].into_iter());
    assert_eq!(aftermath(service, &mut [head, tail].into_iter()), whole);
    assert_eq!(aftermath(service, &mut words.chunks(1)), whole);
}

/// What was sent and seen, and how it ended.
type Outcome = (Vec<Vec<u8>>, Seen, Option<String>);

fn before(service: Service, _: Option<&Relay>, pieces: &mut dyn Iterator<Item = &[u8]>) -> Outcome {
    converse(Conversation::new(service, "client.example.com"), pieces)
}

fn injecting(
    service: Service,
    _: Option<&Relay>,
    pieces: &mut dyn Iterator<Item = &[u8]>,
) -> Outcome {
    converse(Conversation::injecting(service, "client.example.com"), pieces)
}

fn converse(mut conversation: Conversation, pieces: &mut dyn Iterator<Item = &[u8]>) -> Outcome {
    let mut sent = Vec::new();
    let end = loop {
        match conversation.step() {
            Ok(Step::Send(bytes)) => sent.push(bytes),
            Ok(step) => match (pieces.next(), step) {
                (Some(piece), _) => conversation.feed(piece),
                (None, Step::Handshake) => break None,
                (None, _) => break Some(conversation.closed()),
            },
            Err(fault) => break Some(fault),
        }
    };
    (sent, conversation.seen().clone(), end.as_ref().map(Fault::to_string))
}

fn inside(
    service: Service,
    relay: Option<&Relay>,
    pieces: &mut dyn Iterator<Item = &[u8]>,
) -> Outcome {
    let mut inside = Inside::new(service, "client.example.com", relay);
    let mut sent = Vec::new();
    let end = loop {
        match inside.step() {
            Ok(InsideStep::Send(bytes)) => sent.push(bytes),
            Ok(InsideStep::Receive) => match pieces.next() {
                Some(piece) => inside.feed(piece),
                None => break inside.closed(),
            },
            Ok(InsideStep::Done) => break None,
            Err(fault) => break Some(fault),
        }
    };
    let mut seen = inside.seen().clone();
    if let Some(answer) = inside.relay_answer() {
        seen.capabilities.extend(answer.sender.clone());
        seen.capabilities.extend(answer.recipient.clone());
    }
    (sent, seen, end.as_ref().map(Fault::to_string))
}

fn aftermath(
    service: Service,
    pieces: &mut dyn Iterator<Item = &[u8]>,
) -> Result<Option<bool>, Fault> {
    let mut aftermath = Aftermath::new(service.protocol());
    for piece in pieces {
        let verdict = aftermath.feed(piece)?;
        if verdict.is_some() {
            return Ok(verdict);
        }
    }
    Ok(None)
}

fn check_outcome((sent, seen, end): &Outcome) {
    assert!(sent.len() <= 8, "it says more than there is to say");
    for command in sent {
        assert!(command.is_ascii() && command.ends_with(b"\r\n"));
    }
    let Seen { greeting, name, capabilities } = seen;
    let said: Vec<_> = greeting.iter().chain(name).chain(capabilities).chain(end).collect();
    for line in &said {
        super::assert_is_plain(line);
    }
    // An escape is at most six times as long as the byte it stands for.
    assert!(said.iter().map(|line| line.len()).sum::<usize>() <= 6 * TOTAL + 1024);
    assert!(greeting.len() <= LINES);
}
