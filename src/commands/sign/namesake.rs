//! Another valid certificate with the name of the one that is to be signed: who logs in by name is taken for
//! the other.
//!
//! One pass over index.txt, and only certificates of that name are opened. Servers compare logins without
//! regard to case, and so does this.

use std::ops::ControlFlow;

use time::OffsetDateTime;

use crate::commands::person::addresses;
use crate::error::Result;
use crate::pki::asn1_time;
use crate::pki::certificate::Certificate;
use crate::pki::general_name::GeneralName;
use crate::pki::policy::Approved;
use crate::pki::printable::printable;
use crate::pki::profile::Profile;
use crate::pki::serial::Serial;
use crate::store::ca::CaFolder;
use crate::store::index::{Index, Row, State};

/// How many are told of.
const TOLD: usize = 3;

/// What to say of other valid certificates with a common name of this one, in any case, that have another mailbox
/// or another key. Of hosts, whose names are theirs, nothing is said.
pub(super) fn warnings(
    ca: &CaFolder,
    approved: &Approved,
    now: OffsetDateTime,
) -> Result<Vec<String>> {
    let mut told = Vec::new();
    let Some((names, mailboxes)) = asked(approved) else { return Ok(told) };
    let now = asn1_time::ordinal_of(now);
    let wanted = |status, end: &[u8]| {
        status == b'V' && asn1_time::ordinal(end).is_some_and(|end| end >= now)
    };
    Index::of(ca.path()).rows_where(wanted, |row| {
        if row.state(now) == Some(State::Valid)
            && names.iter().any(|name| may_have(row, name))
            && let Some(serial) = row.serial()
        {
            told.extend(of_one(ca, &serial, &names, &mailboxes, approved));
        }
        Ok(if told.len() < TOLD { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    Ok(told)
}

/// The same where it is known which certificates may have the name: a list of persons is not gone through
/// index.txt with once for each.
pub(in crate::commands) fn warnings_of<'s>(
    ca: &CaFolder,
    approved: &Approved,
    serials: impl Iterator<Item = &'s Serial>,
) -> Vec<String> {
    let Some((names, mailboxes)) = asked(approved) else { return Vec::new() };
    let told = serials.filter_map(|serial| of_one(ca, serial, &names, &mailboxes, approved));
    told.take(TOLD).collect()
}

/// The common names and mailboxes of who logs in by name; nothing of hosts.
fn asked(approved: &Approved) -> Option<(Vec<String>, Vec<String>)> {
    let names = approved.subject().values("CN");
    let is_person = matches!(approved.profile(), Profile::User | Profile::Client);
    (is_person && !names.is_empty()).then(|| (names, mailboxes_of(approved)))
}

fn of_one(
    ca: &CaFolder,
    serial: &Serial,
    names: &[String],
    mailboxes: &[String],
    approved: &Approved,
) -> Option<String> {
    let other = ca.issued(serial).ok()??;
    if other.as_der() == ca.certificate().as_der() {
        return None;
    }
    difference(&shared(names, &other)?, mailboxes, approved, &other)
}

fn mailboxes_of(approved: &Approved) -> Vec<String> {
    let mut mailboxes = approved.subject().values("emailAddress");
    mailboxes.extend(approved.alternative_names().iter().filter_map(|name| match name {
        GeneralName::Email(mailbox) => Some(mailbox.clone()),
        _ => None,
    }));
    mailboxes
}

/// Whether a row may have the common name: what is escaped in the column is left to the certificate.
fn may_have(row: &Row<'_>, name: &str) -> bool {
    if !name.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_. @".contains(&octet)) {
        return row.subject().has_text(&name.to_lowercase())
            || !row.subject.is_ascii()
            || memchr::memchr(b'\\', row.subject).is_some();
    }
    memchr::memmem::find_iter(row.subject, b"CN=").any(|at| {
        let value = &row.subject[at + 3..];
        value.get(..name.len()).is_some_and(|it| it.eq_ignore_ascii_case(name.as_bytes()))
            && matches!(value.get(name.len()), None | Some(b'/' | b'+'))
    })
}

/// The common name of the other one that is one of these.
fn shared(names: &[String], other: &Certificate) -> Option<String> {
    let is_ours = |one: &String| names.iter().any(|name| name.to_lowercase() == one.to_lowercase());
    other.subject.values("CN").into_iter().find(is_ours)
}

fn difference(
    name: &str,
    mailboxes: &[String],
    approved: &Approved,
    other: &Certificate,
) -> Option<String> {
    let others = addresses(other);
    let is_in = |all: &[String], one: &String| all.iter().any(|it| it.eq_ignore_ascii_case(one));
    let is_same = others.iter().any(|one| is_in(mailboxes, one))
        || (others.is_empty() && mailboxes.is_empty());
    let whose = if !is_same {
        let first = others.first().map_or_else(|| "no mailbox".to_owned(), |one| printable(one));
        format!("that is for {first}: by that name, a server takes the one for the other")
    } else if other.public_key != approved.public_key() {
        "with another key".to_owned()
    } else {
        return None;
    };
    let name = printable(name);
    Some(format!("{name} has a valid certificate already, serial {}, {whose}", other.serial))
}
