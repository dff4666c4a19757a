//! Lines out of bytes, with an end to all of it.

use crate::net::starttls::Fault;

/// The longest line, in bytes with its end. SMTP's is 512 (RFC 5321 4.5.3.1.5), IMAP has long lists of
/// capabilities.
pub const LINE: usize = 4096;
/// The most lines of one reply.
pub const LINES: usize = 100;
/// The most bytes before TLS.
pub const TOTAL: usize = 64 * 1024;

/// What came and was not taken yet.
#[derive(Default)]
pub(super) struct Lines {
    buffer: Vec<u8>,
    taken: usize,
    count: usize,
}

impl Lines {
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Counts the lines from the first again.
    pub(super) fn begin_reply(&mut self) {
        self.count = 0;
    }

    /// What was not taken.
    pub(super) fn rest(&self) -> &[u8] {
        &self.buffer
    }

    /// The next line, without CR and LF, where it is there as a whole. `end` says how long it is with
    /// its end, as far as that is known. What is counted is what is taken, so that a server's words
    /// have the same fate in one piece and in many.
    pub(super) fn take(
        &mut self,
        end: fn(&[u8]) -> Option<usize>,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let Some(end) = end(&self.buffer) else {
            return if self.buffer.len() > LINE { Err(Fault::LineTooLong) } else { Ok(None) };
        };
        if end > LINE {
            return Err(Fault::LineTooLong);
        }
        self.taken += end;
        self.count += 1;
        if self.count > LINES {
            return Err(Fault::ReplyTooLong);
        }
        if self.taken > TOTAL {
            return Err(Fault::TooMuch);
        }
        let mut line: Vec<u8> = self.buffer.drain(..end).collect();
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Some(line))
    }
}

/// How long the first line is, with its end.
pub(super) fn end_of_line(buffer: &[u8]) -> Option<usize> {
    buffer.iter().position(|byte| *byte == b'\n').map(|at| at + 1)
}
