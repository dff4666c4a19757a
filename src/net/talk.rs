//! A conversation over a connection.

use std::io::{self, Read, Write};

use crate::net::starttls::{Conversation, Fault, Step};

/// Why a conversation did not come to the handshake.
pub(super) enum Break {
    /// What the server said, or did not say.
    Fault(Fault),
    /// The connection failed, or the time is over.
    Io(io::Error),
}

/// Has the conversation up to the handshake.
pub(super) fn talk(
    stream: &mut (impl Read + Write),
    conversation: &mut Conversation,
) -> Result<(), Break> {
    let mut bytes = [0; 1024];
    loop {
        match conversation.step().map_err(Break::Fault)? {
            Step::Handshake => return Ok(()),
            Step::Send(command) => stream.write_all(&command).map_err(Break::Io)?,
            Step::Receive => match stream.read(&mut bytes).map_err(Break::Io)? {
                0 => return Err(Break::Fault(conversation.closed())),
                count => conversation.feed(&bytes[..count]),
            },
        }
    }
}
