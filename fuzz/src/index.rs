//! index.txt: whole files, and the lines in them.

use std::ops::ControlFlow;

use mailca::pki::asn1_time;
use mailca::pki::serial::Serial;
use mailca::store::index::{Line, Row, lines_of};

/// The lines are the file, a row that was read is written as it was, and a revocation is read as it was written.
pub fn check(input: &[u8]) {
    let mut copy = Vec::new();
    let read = lines_of(input, |line| {
        assert_eq!(line.offset, copy.len() as u64);
        copy.extend_from_slice(line.bytes);
        check_line(line);
        Ok(ControlFlow::Continue(()))
    });
    assert!(read.is_ok());
    assert_eq!(copy, input);
}

fn check_line(line: Line<'_>) {
    let _ = (line.is_spoiled(), line.may_revoke(), line.names("0A"));
    let Some(row) = Row::parse(line.bytes) else {
        assert!(!line.contradicts_itself() && line.row().is_none());
        return;
    };
    // Of whoever revoked it, the letter may be what was damaged.
    assert!(!row.status.eq(&b'R') || line.may_revoke() || line.contradicts_itself());
    assert_eq!(
        line.contradicts_itself(),
        matches!(line.bytes[0], b'V' | b'E' | b'S') && row.status == b'R'
    );
    let bytes = line.bytes.strip_suffix(b"\n").unwrap_or(line.bytes);
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    if bytes[0] == row.status {
        assert_eq!(row.to_line(), [bytes, b"\n"].concat());
    }
    super::assert_is_plain(&row.title());
    super::assert_is_plain(&row.subject().to_string());
    if let Some(serial) = row.serial() {
        assert_eq!(Serial::parse(&serial.to_string()).ok(), Some(serial));
    }
    if let Some(moment) = row.not_after() {
        assert_eq!(row.not_after_ordinal(), Some(asn1_time::ordinal_of(moment)));
        let again = asn1_time::text(moment).ok();
        assert!(again.is_none_or(|text| asn1_time::parse(text.as_bytes()) == Some(moment)));
    }
    if let Some(revocation) = row.revocation() {
        let Ok(revoked) = row.revoked_line(&revocation) else { return };
        let again = Row::parse(&revoked);
        assert_eq!(again.map(|again| again.subject), Some(row.subject));
        let mut wanted = revocation;
        if !wanted.reason.is_known_to_openssl() {
            // It stands in a file of its own.
            wanted.reason = mailca::pki::revocation::Reason::Unspecified;
        }
        assert_eq!(again.and_then(|again| again.revocation()), Some(wanted));
    }
}
