//! The certificates of a person, named by login or e-mail address: what `--user` stands for.
//!
//! One pass over index.txt. By a login, only the certificates are opened whose subject has it; an address is in
//! no subject, and all that are valid are opened. Only a domain is without case for certain (RFC 5321 2.4): a
//! local part is compared without it where nobody has just that one. A server's certificate is never a person's, whatever its name.

use std::ops::ControlFlow;

use time::OffsetDateTime;

use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::asn1_time;
use crate::pki::certificate::Certificate;
use crate::pki::general_name::GeneralName;
use crate::pki::inspect::text::count;
use crate::pki::printable::printable;
use crate::pki::profile::Profile;
use crate::pki::serial::Serial;
use crate::store::ca::CaFolder;
use crate::store::index::{Index, State};

/// How many of those with a similar name are told.
const NEAR: usize = 3;
/// How alike names are that may have been mistaken.
const ALIKE: f64 = 0.8;

/// A login or an e-mail address.
pub(super) struct Person<'n> {
    given: &'n str,
}

/// What there is of a person.
#[derive(Default)]
pub(super) struct Found {
    /// Those that are valid, oldest first.
    pub(super) valid: Vec<Certificate>,
    /// Those that were revoked and have not ended.
    pub(super) revoked: Vec<Certificate>,
    /// Valid ones with that login that are not in newcerts or cannot be read: a person's or not.
    pub(super) unread: Vec<Serial>,
    /// Valid ones with that name that are no person's.
    others: Vec<(Serial, Option<Profile>)>,
    /// Names of people that are much like it, with how much.
    near: Vec<(f64, String)>,
    /// Valid ones that might have the address, and lines that cannot be read.
    unseen: usize,
    spoiled: usize,
}

impl<'n> Person<'n> {
    /// The person with this login or address.
    pub(super) fn new(given: &'n str) -> Self {
        Self { given }
    }

    fn is_address(&self) -> bool {
        self.given.contains('@')
    }

    /// Whether a certificate is a person's, and this one's.
    pub(super) fn has(&self, certificate: &Certificate) -> bool {
        is_persons(certificate) && self.is_named_in(certificate)
    }

    fn is_named_in(&self, certificate: &Certificate) -> bool {
        certificate.subject.common_name().is_some_and(|name| name == self.given)
            || self.is_address()
                && addresses(certificate).iter().any(|it| it.eq_ignore_ascii_case(self.given))
    }

    /// The same, and the local part of an address is written the same.
    pub(super) fn is_exactly_in(&self, certificate: &Certificate) -> bool {
        let is_same = |other: &str| match (other.rsplit_once('@'), self.given.rsplit_once('@')) {
            (Some((one, here)), Some((other, there))) => {
                one == other && here.eq_ignore_ascii_case(there)
            }
            _ => other == self.given,
        };
        certificate.subject.common_name().is_some_and(|name| name == self.given)
            || self.is_address() && addresses(certificate).iter().any(|other| is_same(other))
    }

    /// Whether one of the found is meant: any of them, unless others are called exactly so.
    pub(super) fn is_meant(&self, certificate: &Certificate, found: &Found) -> bool {
        self.is_exactly_in(certificate)
            || !found.valid.iter().chain(&found.revoked).any(|one| self.is_exactly_in(one))
    }

    /// Whether a subject column may have the login, without taking it apart. What is escaped there is not
    /// looked for.
    fn may_be_in(&self, subject: &[u8]) -> bool {
        let is_plain = self
            .given
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || b"-_. @".contains(&octet));
        !is_plain || memchr::memmem::find(subject, self.given.as_bytes()).is_some()
    }

    /// Finds the certificates.
    pub(super) fn find(&self, ca: &CaFolder, now: OffsetDateTime) -> Result<Found> {
        let mut found = self.find_any(ca, now)?;
        if found.valid.iter().chain(&found.revoked).any(|one| self.is_exactly_in(one)) {
            found.valid.retain(|one| self.is_exactly_in(one));
            found.revoked.retain(|one| self.is_exactly_in(one));
        }
        Ok(found)
    }

    /// Refuses an address of several people, with the logins that tell them apart. `command` is the beginning of
    /// a command line, and `by_serial` that of one which names a serial number.
    pub(super) fn check_one(&self, found: &Found, command: &str, by_serial: &str) -> Result<()> {
        let (mut logins, mut ways) = (Vec::new(), Vec::new());
        for one in &found.valid {
            let login = login(one);
            let is_plain = !login.starts_with('-')
                && login.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_.@".contains(&it));
            let way = if is_plain && login != self.given {
                format!("`{command} --user {login}`")
            } else {
                format!("`{by_serial} {}`", one.serial)
            };
            for (all, new) in [(&mut logins, login), (&mut ways, way)] {
                if !all.contains(&new) {
                    all.push(new);
                }
            }
        }
        if logins.len() < 2 {
            return Ok(());
        }
        Err(Error::refused(format!(
            "{} is the address of several people: {}",
            printable(self.given),
            logins.join(", ")
        ))
        .hint(format!("name each by login: {}", ways.join(", "))))
    }

    /// Finds those of an address whatever the case of its local part.
    pub(super) fn find_any(&self, ca: &CaFolder, now: OffsetDateTime) -> Result<Found> {
        let mut found = Found::default();
        let now = asn1_time::ordinal_of(now);
        let mut rows = Vec::new();
        found.spoiled = Index::of(ca.path()).rows_where(
            |status, end| {
                matches!(status, b'V' | b'R')
                    && asn1_time::ordinal(end).is_some_and(|end| end >= now)
            },
            |row| {
                let named = || {
                    self.may_be_in(row.subject)
                        && row.subject().common_name().is_some_and(|name| name == self.given)
                };
                if let (Some(state), Some(serial)) = (row.state(now), row.serial())
                    && (self.is_address() || named())
                {
                    rows.push((state, serial));
                }
                Ok(ControlFlow::Continue(()))
            },
        )?;
        for (state, serial) in rows {
            self.look_at(state, serial, ca, &mut found);
        }
        Ok(found)
    }

    fn look_at(&self, state: State, serial: Serial, ca: &CaFolder, found: &mut Found) {
        let Ok(Some(certificate)) = ca.issued(&serial) else {
            match state {
                State::Valid if self.is_address() => found.unseen += 1,
                State::Valid => found.unread.push(serial),
                _ => {}
            }
            return;
        };
        if certificate.is_ca {
            return;
        }
        match (self.is_named_in(&certificate), is_persons(&certificate), state) {
            (true, true, State::Valid) => found.valid.push(certificate),
            (true, true, State::Revoked) => found.revoked.push(certificate),
            (true, false, State::Valid) => {
                found.others.push((serial, Profile::of(&certificate)));
            }
            (false, true, State::Valid) => {
                let addresses = addresses(&certificate);
                found.near.extend(addresses.into_iter().filter_map(|one| self.likeness(one)));
            }
            _ => {}
        }
    }

    /// How much a name is like the one that was given, where it is.
    fn likeness(&self, name: String) -> Option<(f64, String)> {
        let [one, other] = [name.as_str(), self.given].map(str::to_ascii_lowercase);
        let likeness = strsim::jaro_winkler(&one, &other);
        (likeness > ALIKE).then_some((likeness, name))
    }

    /// Warns of what may be this person's and could not be looked at.
    pub(super) fn warn(&self, found: &Found, env: &mut Env) {
        if !found.valid.is_empty() {
            for (serial, profile) in &found.others {
                let whose = whose(*profile);
                env.say(&format!(
                    "serial {serial} has that name too, is {whose}, and is left as it is"
                ));
            }
        }
        for serial in &found.unread {
            env.warn(&format!(
                "serial {serial} with the name {} is valid and not in newcerts, so that nobody can tell a \
                 person's from a server's: it is left as it is",
                printable(self.given)
            ));
        }
        if found.unseen > 0 {
            env.warn(&format!(
                "not in newcerts, and left as they are, whoever's they are: {}; `mailca doctor` says more",
                count(found.unseen, "valid certificate")
            ));
        }
        if found.spoiled > 0 {
            env.warn(&format!(
                "index.txt has {} that cannot be read; `mailca doctor` says more",
                count(found.spoiled, "line")
            ));
        }
    }

    /// The error where there is no valid certificate of this person. `command` is what to do with another's of
    /// the same name, as the beginning of a command line; `once_revoked` is what comes after a revocation.
    pub(super) fn nobody(
        &self,
        found: &Found,
        command: &str,
        once_revoked: &str,
        ca: &CaFolder,
        now: OffsetDateTime,
    ) -> Error {
        let given = printable(self.given);
        if let Some(last) = found.revoked.last() {
            return Error::refused(format!(
                "{given} has no valid certificate: the last one, serial {}, was revoked already",
                last.serial
            ))
            .hint(once_revoked);
        }
        if let Some((serial, profile)) = found.others.first() {
            let whose = whose(*profile);
            return Error::refused(format!(
                "the certificate of {given}, serial {serial}, is {whose}: --user means persons only"
            ))
            .hint(format!("`{command} {serial}`, where it is meant all the same"));
        }
        if let Some(serial) = found.unread.first() {
            return Error::refused(format!("the certificate of {given} is not in newcerts"))
                .hint(format!("`{command} {serial}`, where it is meant"));
        }
        let (ended, mut near) = match self.elsewhere(ca, now) {
            Ok(seen) => seen,
            Err(error) => return error,
        };
        if let Some(ended) = ended {
            return Error::refused(format!(
                "{given} has no valid certificate: the last one ended on {}",
                ended.date()
            ));
        }
        near.extend(found.near.iter().cloned());
        near.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
        near.dedup_by(|one, other| one.1 == other.1);
        let near: Vec<_> = near.iter().take(NEAR).map(|(_, name)| printable(name)).collect();
        let error = Error::refused(format!("nobody with a valid certificate is called {given}"));
        match near.as_slice() {
            [] => error.hint("`mailca list` shows all certificates"),
            [one] => error.hint(format!("is {one} meant?")),
            [first @ .., last] => error.hint(format!("is {} or {last} meant?", first.join(", "))),
        }
    }

    /// When the last certificate with this login ended, and the people whose logins are much like it.
    #[expect(clippy::type_complexity, reason = "it is taken apart at once")]
    fn elsewhere(
        &self,
        ca: &CaFolder,
        now: OffsetDateTime,
    ) -> Result<(Option<OffsetDateTime>, Vec<(f64, String)>)> {
        let ordinal = asn1_time::ordinal_of(now);
        let (mut ended, mut alike) = (None, Vec::new());
        Index::of(ca.path()).rows(|row| {
            let Some(name) = row.subject().common_name() else {
                return Ok(ControlFlow::Continue(()));
            };
            match row.state(ordinal) {
                Some(State::Expired) if name == self.given => ended = ended.max(row.not_after()),
                Some(State::Valid) => {
                    if let (Some((likeness, name)), Some(serial)) =
                        (self.likeness(name), row.serial())
                    {
                        alike.push((likeness, name, serial));
                    }
                }
                _ => {}
            }
            Ok(ControlFlow::Continue(()))
        })?;
        alike.sort_by(|one, other| other.0.total_cmp(&one.0));
        let is_person = |serial: &Serial| {
            ca.issued(serial).ok().flatten().is_some_and(|certificate| is_persons(&certificate))
        };
        let near = alike
            .into_iter()
            .filter(|(_, _, serial)| is_person(serial))
            .map(|(likeness, name, _)| (likeness, name))
            .take(NEAR)
            .collect();
        Ok((ended, near))
    }
}

/// Whose a certificate is that is no person's.
fn whose(profile: Option<Profile>) -> &'static str {
    match profile {
        Some(Profile::Server) => "a server's",
        Some(Profile::Client) => "a program's",
        _ => "no person's",
    }
}

/// Whether it is a person's: by its usages, else by its names. CA.pl's have neither usages nor alternative
/// names, and the address in the subject.
fn is_persons(certificate: &Certificate) -> bool {
    match Profile::of(certificate) {
        Some(profile) => profile == Profile::User,
        None if certificate.extended_key_usage.is_some() => false,
        None => {
            let is_host =
                |name: &GeneralName| matches!(name, GeneralName::Dns(_) | GeneralName::Ip(_));
            !certificate.alternative_names.iter().any(is_host) && !addresses(certificate).is_empty()
        }
    }
}

/// The login of a person's certificate, for a message.
pub(super) fn login(certificate: &Certificate) -> String {
    certificate.subject.common_name().map_or_else(|| certificate.title(), |login| printable(&login))
}

/// The mailboxes of a certificate (RFC 5280 4.2.1.6, and 4.1.2.6 for those in the subject).
pub(super) fn addresses(certificate: &Certificate) -> Vec<String> {
    let mut found = certificate.subject.values("emailAddress");
    found.extend(certificate.alternative_names.iter().filter_map(|name| match name {
        GeneralName::Email(mailbox) => Some(mailbox.clone()),
        _ => None,
    }));
    found
}
