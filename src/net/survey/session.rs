//! The session with our own TLS, and what is said in it.

use std::io::{ErrorKind, Read, Write};

use crate::net::probe::{Session, reason};
use crate::net::starttls::{
    Conversation, Fault, Inside as Talk, InsideStep, Relay, Seen, farewell,
};
use crate::net::stream::Stream;
use crate::net::survey::observation::{Inside, Obstacle, Opened};
use crate::net::talk::{Break, talk};
use crate::net::target::Target;

/// Has the conversation up to TLS. Gives the connection where it came so far.
pub(super) fn open(mut stream: Stream, target: &Target) -> (Opened, Option<(Stream, Seen)>) {
    let mut conversation = Conversation::new(target.service, &stream.own_name());
    let outcome = converse(&mut stream, &mut conversation, target);
    let seen = conversation.seen().clone();
    let opened = Opened {
        address: stream.address(),
        seen: seen.clone(),
        waited: stream.waited(),
        obstacle: outcome.clone().err(),
    };
    (opened, outcome.is_ok().then_some((stream, seen)))
}

/// Has a conversation up to TLS, and says what keeps it from coming there.
pub(super) fn converse(
    stream: &mut Stream,
    conversation: &mut Conversation,
    target: &Target,
) -> Result<(), Obstacle> {
    talk(stream, conversation).map_err(|broken| match broken {
        Break::Fault(fault) => {
            if matches!(fault, Fault::NotOffered { .. } | Fault::Refused { .. }) {
                let _ = stream.write_all(farewell(target.service.protocol()));
            }
            Obstacle::Fault(fault)
        }
        Break::Io(error) if error.kind() == ErrorKind::TimedOut => {
            Obstacle::Late(conversation.awaited())
        }
        Break::Io(error) => Obstacle::Broken(reason(&error)),
    })
}

/// What is said inside TLS; nothing where the handshake did not come to its end.
pub(super) fn inside(
    session: &mut Session,
    target: &Target,
    own_name: &str,
    relay: Option<&Relay>,
) -> Option<Inside> {
    let mut tls = session.inside()?;
    let mut talk = Talk::new(target.service, own_name, relay);
    let end = match speak(&mut tls, &mut talk) {
        Ok(()) => talk.refusal().map(ToString::to_string),
        Err(Break::Fault(fault)) => Some(fault.to_string()),
        Err(Break::Io(error)) => Some(reason(&error)),
    };
    Some(Inside {
        seen: talk.seen().clone(),
        is_answered: talk.is_answered(),
        relay: talk.relay_answer().cloned(),
        end,
    })
}

fn speak(tls: &mut (impl Read + Write), talk: &mut Talk) -> Result<(), Break> {
    let mut bytes = [0; 1024];
    loop {
        match talk.step().map_err(Break::Fault)? {
            InsideStep::Done => return Ok(()),
            InsideStep::Send(command) => tls.write_all(&command).map_err(Break::Io)?,
            InsideStep::Receive => match (tls.read(&mut bytes), talk.closed()) {
                // Whatever comes of a goodbye, it has been said.
                (Ok(0) | Err(_), None) => return Ok(()),
                (Ok(0), Some(fault)) => return Err(Break::Fault(fault)),
                (Ok(count), _) => talk.feed(&bytes[..count]),
                (Err(error), Some(fault)) if error.kind() == ErrorKind::UnexpectedEof => {
                    return Err(Break::Fault(fault));
                }
                (Err(error), _) => return Err(Break::Io(error)),
            },
        }
    }
}
