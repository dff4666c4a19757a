//! What a survey reads besides index.txt.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::ops::ControlFlow;

use fs_err as fs;
use time::OffsetDateTime;

use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::revocation::{Reason, Revocation};
use crate::pki::serial::Serial;
use crate::store::ca::CaFolder;
use crate::store::doctor::lines::key_of_serial;
use crate::store::index::{self, Index, Row};
use crate::store::layout;

/// Calls `visit` with every serial number by which newcerts/ has a certificate. Returns whether there is
/// such a folder.
pub(super) fn kept_serials(ca: &CaFolder, mut visit: impl FnMut(u64, Serial)) -> Result<bool> {
    let entries = match fs::read_dir(ca.path().join(layout::NEW_CERTIFICATES)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    for entry in entries {
        let name = entry?.file_name();
        let stem = name.to_str().and_then(|name| name.strip_suffix(".pem")).unwrap_or_default();
        // Others would not be found under their serial number.
        if let Ok(serial) = Serial::parse(stem)
            && serial.to_string() == stem
        {
            visit(key_of_serial(stem.as_bytes()), serial);
        }
    }
    Ok(true)
}

/// What former states of index.txt say of revoked certificates, by serial number: the field.
pub(super) fn former_revocations(ca: &CaFolder) -> Result<HashMap<u64, Vec<u8>>> {
    let mut found = HashMap::new();
    for name in [layout::TORN_INDEX.name, "index.txt.old"] {
        Index::at(&ca.path().join(name)).lines(|line| {
            if let Some(row) = Row::parse(line.bytes)
                && row.status == b'R'
                && row.revocation().is_some()
            {
                found.insert(key_of_serial(row.serial), row.revocation.to_vec());
            }
            Ok(ControlFlow::Continue(()))
        })?;
    }
    Ok(found)
}

/// What spoiled lines say of the revocation of a certificate: the word before its serial number, where it
/// can be read. That it is revoked must not be lost, even where it cannot be read when and why.
pub(super) fn spoiled_revocation(
    lines: &str,
    certificate: &Certificate,
    now: OffsetDateTime,
) -> Option<Revocation> {
    let line = lines.lines().find(|line| is_about(line, certificate))?;
    let serial = certificate.serial.to_string();
    let words: Vec<_> = line.split_ascii_whitespace().collect();
    let at = words.iter().position(|word| is_part_of(word, &serial));
    // The first one is the status, and the second one the end of its validity.
    let word = at.filter(|at| *at > 2).map_or("", |at| words[at - 1]);
    let revocation = index::read_revocation(word.as_bytes());
    Some(revocation.unwrap_or_else(|| Revocation::new(now, Reason::Unspecified)))
}

/// Whether a spoiled line was the row of a certificate: it has the serial number, or a piece of it, which is
/// enough of 16 random octets, or ends in the whole subject.
fn is_about(line: &str, certificate: &Certificate) -> bool {
    let serial = certificate.serial.to_string();
    let subject = certificate.subject.oneline();
    line.to_ascii_uppercase().contains(&serial)
        || line.split_ascii_whitespace().any(|word| is_part_of(word, &serial))
        || !subject.is_empty() && line.trim_end().ends_with(&format!("\t{subject}"))
}

/// The line that is the beginning of the row of this certificate and of no other one of these.
pub(super) fn only_beginning<'l>(
    lines: &'l str,
    certificate: &Certificate,
    all: &[Certificate],
) -> Result<Option<&'l str>> {
    for line in lines.lines() {
        if begins_row(line, certificate)? {
            let mut others = all.iter().filter(|other| other.serial != certificate.serial);
            if !others
                .try_fold(false, |any, other| Ok::<_, Error>(any || begins_row(line, other)?))?
            {
                return Ok(Some(line));
            }
        }
    }
    Ok(None)
}

/// Whether a line is what is left of the row of this certificate, cut at its end. The word of its status and when
/// it was revoked may be any.
fn begins_row(line: &str, certificate: &Certificate) -> Result<bool> {
    let whole = index::line(certificate)?;
    let whole: Vec<_> = whole.trim_end_matches('\n').split('\t').collect();
    let fields: Vec<_> = line.trim_end_matches('\r').split('\t').collect();
    if !matches!(fields.first(), Some(&("R" | "V"))) || fields.len() > whole.len() {
        return Ok(false);
    }
    Ok(fields.iter().zip(&whole).enumerate().all(|(position, (field, wanted))| match position {
        0 | 2 => true,
        _ if position + 1 == fields.len() => wanted.starts_with(field),
        _ => field == wanted,
    }))
}

/// When and why the beginning of a row says that its certificate was revoked, as far as it does.
pub(super) fn revocation_in(line: &str, now: OffsetDateTime) -> Revocation {
    let word = line.split('\t').nth(2).unwrap_or_default();
    let date = word.split(',').next().unwrap_or_default();
    let read = |text: &str| index::read_revocation(text.as_bytes());
    let known = read(word).or_else(|| read(date));
    known.unwrap_or_else(|| Revocation::new(now, Reason::Unspecified))
}

fn is_part_of(word: &str, serial: &str) -> bool {
    let word = word.to_ascii_uppercase();
    word.len() >= 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit()) && serial.contains(&word)
}

/// The spoiled lines that look like the row of a revoked certificate, and are about none of these.
pub(super) fn about_nobody<'l, 'c>(
    lines: &'l str,
    known: impl Iterator<Item = &'c Certificate> + Clone,
) -> impl Iterator<Item = &'l str> {
    lines.lines().filter(move |line| {
        let first = line.bytes().find(u8::is_ascii_alphanumeric);
        let looks_like_it = matches!(first, Some(b'R' | b'r')) || line.contains("\tunknown");
        looks_like_it && !known.clone().any(|certificate| is_about(line, certificate))
    })
}
