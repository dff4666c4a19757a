//! One line of index.txt, looked at in place.

use time::OffsetDateTime;

use crate::error::{Error, Result};
use crate::pki::asn1_time;
use crate::pki::certificate::Certificate;
use crate::pki::name::Oneline;
use crate::pki::printable::printable;
use crate::pki::revocation::{Reason, Revocation};
use crate::pki::serial::Serial;

/// The six fields of a line. Nothing is decoded until it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'l> {
    /// `V`, `R`, `E` or `S`; `R` for every row that says when it was revoked.
    pub status: u8,
    /// The last moment of validity.
    pub not_after: &'l [u8],
    /// Empty, or when and why it was revoked.
    pub revocation: &'l [u8],
    /// The serial in hexadecimal.
    pub serial: &'l [u8],
    /// A file name; openssl writes `unknown`.
    pub file: &'l [u8],
    /// The subject on one line.
    pub subject: &'l [u8],
}

/// What a line says of its certificate at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It may be used.
    Valid,
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
}

impl State {
    /// The name on the command line and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl<'l> Row<'l> {
    /// Takes a line apart; its newline may be there or not. `None` where it has not the form of one.
    pub fn parse(line: &'l [u8]) -> Option<Self> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (first, rest) = line.split_at_checked(2)?;
        if !matches!(first, b"V\t" | b"R\t" | b"E\t" | b"S\t") {
            return None;
        }
        let [one, two, three, four] = if let Some(tabs) = usual_tabs(rest) {
            tabs
        } else {
            let mut tabs = memchr::memchr_iter(b'\t', rest);
            [tabs.next()?, tabs.next()?, tabs.next()?, tabs.next()?]
        };
        let revocation = &rest[one + 1..two];
        Some(Self {
            // Whoever says when it was revoked says that it is, whatever became of the letter.
            status: if revocation.is_empty() { first[0] } else { b'R' },
            not_after: &rest[..one],
            revocation,
            serial: &rest[two + 1..three],
            file: &rest[three + 1..four],
            subject: &rest[four + 1..],
        })
    }

    /// The status and the last moment of validity of a line in the usual form, without looking at the
    /// rest of it. `None` says nothing about the line.
    pub fn head(line: &'l [u8]) -> Option<(u8, &'l [u8])> {
        match line {
            [status, b'\t', rest @ ..] if rest.get(13) == Some(&b'\t') => {
                Some((*status, &rest[..13]))
            }
            _ => None,
        }
    }

    /// The serial number; `None` where it is none that a certificate has.
    pub fn serial(&self) -> Option<Serial> {
        Serial::parse(std::str::from_utf8(self.serial).ok()?).ok()
    }

    /// The last moment of validity.
    pub fn not_after(&self) -> Option<OffsetDateTime> {
        asn1_time::parse(self.not_after)
    }

    /// The last moment of validity as a number that can be compared ([`asn1_time::ordinal`]).
    pub fn not_after_ordinal(&self) -> Option<u64> {
        asn1_time::ordinal(self.not_after)
    }

    /// The state at a moment, given as [`asn1_time::ordinal_of`] gives it. `None` for a suspended or
    /// unreadable row.
    pub fn state(&self, now: u64) -> Option<State> {
        match self.status {
            b'R' => Some(State::Revoked),
            b'E' => Some(State::Expired),
            b'V' if self.not_after_ordinal()? < now => Some(State::Expired),
            b'V' => Some(State::Valid),
            _ => None,
        }
    }

    /// The revocation; `None` where the field is empty or unreadable.
    pub fn revocation(&self) -> Option<Revocation> {
        read_revocation(self.revocation)
    }

    /// The subject, decoded.
    pub fn subject(&self) -> Oneline {
        Oneline::parse(self.subject)
    }

    /// What to call it in a message: the common name, else the whole subject.
    pub fn title(&self) -> String {
        let subject = self.subject();
        match subject.common_name() {
            Some(name) => printable(&name),
            None => subject.to_string(),
        }
    }

    /// The line of this row, with its newline.
    pub fn to_line(&self) -> Vec<u8> {
        self.line_with(self.status, self.revocation)
    }

    /// The line of this row as a revoked one, with this field.
    pub fn revoked_line_as(&self, revocation: &[u8]) -> Vec<u8> {
        self.line_with(b'R', revocation)
    }

    fn line_with(&self, status: u8, revocation: &[u8]) -> Vec<u8> {
        let status = [status];
        let parts =
            [status.as_slice(), self.not_after, revocation, self.serial, self.file, self.subject];
        let mut line = parts.join(&b'\t');
        line.push(b'\n');
        line
    }

    /// The line of this row once it is revoked, with its newline.
    pub fn revoked_line(&self, revocation: &Revocation) -> Result<Vec<u8>> {
        let field = revocation_field(revocation)?;
        Ok(self.line_with(b'R', field.as_bytes()))
    }
}

/// The places of the tabs in what follows the status of almost every row: a date until 2049, no
/// revocation, and a serial number of sixteen octets. `None` says nothing.
fn usual_tabs(rest: &[u8]) -> Option<[usize; 4]> {
    let (date, rest) = rest.split_first_chunk::<13>()?;
    let (gap, rest) = rest.split_first_chunk::<2>()?;
    let (serial, rest) = rest.split_first_chunk::<32>()?;
    let is_usual = gap == b"\t\t"
        && rest.starts_with(b"\tunknown\t")
        && !date.contains(&b'\t')
        && !serial.contains(&b'\t');
    is_usual.then_some([13, 14, 47, 55])
}

/// openssl writes the hold instructions of RFC 3280 by name, others as a dotted OID.
fn hold_instruction(text: &str) -> String {
    match text {
        "holdInstructionNone" => "1.2.840.10040.2.1",
        "holdInstructionCallIssuer" => "1.2.840.10040.2.2",
        "holdInstructionReject" => "1.2.840.10040.2.3",
        oid => oid,
    }
    .to_owned()
}

/// What the third field says; `None` where it is empty or unreadable.
pub fn read_revocation(field: &[u8]) -> Option<Revocation> {
    let text = std::str::from_utf8(field).ok()?;
    let mut parts = text.splitn(3, ',');
    let date = asn1_time::parse(parts.next()?.as_bytes())?;
    let mut revocation = Revocation::new(date, Reason::Unspecified);
    let (reason, argument) = (parts.next(), parts.next());
    match reason {
        None => {}
        Some("holdInstruction") => {
            revocation.reason = Reason::CertificateHold;
            revocation.hold_instruction = Some(hold_instruction(argument?));
        }
        Some("keyTime") => {
            revocation.reason = Reason::KeyCompromise;
            revocation.invalidity = Some(asn1_time::parse(argument?.as_bytes())?);
        }
        Some("CAkeyTime") => {
            revocation.reason = Reason::CaCompromise;
            revocation.invalidity = Some(asn1_time::parse(argument?.as_bytes())?);
        }
        Some(reason) => revocation.reason = reason.parse().ok()?,
    }
    Some(revocation)
}

/// The third field: a moment, and the reason where there is one. A reason that `openssl ca` would
/// stop at is left out; [`super::reasons`] keeps it.
fn revocation_field(revocation: &Revocation) -> Result<String> {
    let date = asn1_time::text(revocation.date)?;
    let reason = revocation.reason;
    Ok(match (&revocation.hold_instruction, revocation.invalidity) {
        (Some(oid), _) => format!("{date},holdInstruction,{oid}"),
        (None, Some(moment)) if reason == Reason::KeyCompromise => {
            format!("{date},keyTime,{:014}Z", asn1_time::ordinal_of(moment))
        }
        (None, Some(moment)) if reason == Reason::CaCompromise => {
            format!("{date},CAkeyTime,{:014}Z", asn1_time::ordinal_of(moment))
        }
        _ if reason == Reason::Unspecified || !reason.is_known_to_openssl() => date,
        _ => format!("{date},{reason}"),
    })
}

/// The line of a valid certificate, with its newline.
pub fn line(certificate: &Certificate) -> Result<String> {
    let subject = if certificate.subject.is_empty() {
        certificate.serial.to_string()
    } else {
        certificate.subject.oneline()
    };
    let not_after = asn1_time::text(certificate.not_after)
        .map_err(|error| Error::bug("a date cannot be written").caused_by(error))?;
    Ok(format!("V\t{not_after}\t\t{}\tunknown\t{subject}\n", certificate.serial))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOW: u64 = 20_261_124_000_000;

    fn state(line: &str) -> Option<State> {
        Row::parse(line.as_bytes()).and_then(|row| row.state(NOW))
    }

    #[test]
    fn the_state_follows_from_status_and_date() {
        assert_eq!(state("V\t270101000000Z\t\t0A\tunknown\t/CN=a\n"), Some(State::Valid));
        assert_eq!(state("V\t260101000000Z\t\t0A\tunknown\t/CN=a"), Some(State::Expired));
        assert_eq!(state("E\t270101000000Z\t\t0A\tunknown\t/CN=a"), Some(State::Expired));
        assert_eq!(state("V\t20500101000000Z\t\t0A\tunknown\t/CN=a\r\n"), Some(State::Valid));
        assert_eq!(
            state("R\t260101000000Z\t250101000000Z\t0A\tunknown\t/CN=a"),
            Some(State::Revoked)
        );
        for bad in ["", "#", "V", "V\t1\t\t0A\tunknown", "X\t\t\t0A\tunknown\t/", "# \t\t\t\t\t"] {
            assert_eq!(Row::parse(bad.as_bytes()), None, "{bad:?}");
        }
    }

    #[test]
    fn a_row_is_the_same_in_the_usual_form_and_in_any_other() {
        let serial = "0123456789ABCDEF0123456789ABCDEF";
        let usual = format!("V\t270101000000Z\t\t{serial}\tunknown\t/CN=a\\\tb");
        let row = Row::parse(usual.as_bytes()).unwrap();
        assert_eq!((row.serial, row.subject), (serial.as_bytes(), &b"/CN=a\\\tb"[..]));
        assert_eq!((row.not_after, row.file), (&b"270101000000Z"[..], &b"unknown"[..]));
        // A tab at any place makes other fields of it.
        for at in 2..usual.len() {
            let mut line = usual.clone().into_bytes();
            line[at] = b'\t';
            let fields: Vec<_> = line.splitn(6, |octet| *octet == b'\t').collect();
            let row = Row::parse(&line).unwrap();
            let found = [row.not_after, row.revocation, row.serial, row.file, row.subject];
            assert_eq!(found, fields[1..], "{at}");
        }
    }

    #[test]
    fn every_form_of_a_revocation_goes_there_and_back() {
        let date = datetime!(2026-11-22 13:28:59 UTC);
        let moment = Some(datetime!(2026-01-01 0:00 UTC));
        let plain = |reason| Revocation::new(date, reason);
        for (field, revocation) in [
            ("261122132859Z", plain(Reason::Unspecified)),
            ("261122132859Z,superseded", plain(Reason::Superseded)),
            (
                "261122132859Z,keyTime,20260101000000Z",
                Revocation { invalidity: moment, ..plain(Reason::KeyCompromise) },
            ),
            (
                "261122132859Z,CAkeyTime,20260101000000Z",
                Revocation { invalidity: moment, ..plain(Reason::CaCompromise) },
            ),
            (
                "261122132859Z,holdInstruction,1.2.840.10040.2.3",
                Revocation {
                    hold_instruction: Some("1.2.840.10040.2.3".into()),
                    ..plain(Reason::CertificateHold)
                },
            ),
        ] {
            let line = "V\t270101000000Z\t\t0A\tunknown\t/CN=a\\\tb";
            let revoked = Row::parse(line.as_bytes()).unwrap().revoked_line(&revocation).unwrap();
            let revoked = String::from_utf8(revoked).unwrap();
            assert_eq!(revoked, format!("R\t270101000000Z\t{field}\t0A\tunknown\t/CN=a\\\tb\n"));
            let row = Row::parse(revoked.as_bytes()).unwrap();
            assert_eq!(row.revocation(), Some(revocation));
        }
        let row = |field: &str| format!("R\t270101000000Z\t{field}\t0A\tunknown\t/CN=a");
        for bad in ["", "x", "261122132859Z,nonsense", "261122132859Z,keyTime"] {
            assert_eq!(Row::parse(row(bad).as_bytes()).unwrap().revocation(), None, "{bad}");
        }
    }

    #[test]
    fn what_openssl_would_stop_at_is_not_written() {
        let row = Row::parse(b"V\t270101000000Z\t\t0A\tunknown\t/CN=a").unwrap();
        let date = datetime!(2026-11-22 0:00 UTC);
        let line = row.revoked_line(&Revocation::new(date, Reason::PrivilegeWithdrawn)).unwrap();
        assert_eq!(line, b"R\t270101000000Z\t261122000000Z\t0A\tunknown\t/CN=a\n");
    }
}
