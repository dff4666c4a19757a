//! `mailca list`: list the certificates of this CA.
//!
//! State, dates, serial and subject are those of index.txt. Only --profile and --san open certificates,
//! and only those that the other filters left.

use std::ops::ControlFlow;

use crate::cli::{Global, List, StateFilter};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::asn1_time;
use crate::pki::certificate::Certificate;
use crate::pki::inspect::text::count;
use crate::pki::name::Oneline;
use crate::pki::printable::printable;
use crate::pki::profile::Profile;
use crate::pki::revocation::Reason;
use crate::render::certificate::rfc3339;
use crate::render::list::{Entry, Table};
use crate::store::ca::CaFolder;
use crate::store::index::{Index, Row, State, reasons};

/// How much is put together before it is printed, in bytes.
const PRINTED_AT_ONCE: usize = 1 << 16;

/// Prints the certificates that every filter lets through, in the order in which they were issued.
pub fn run(args: &List, global: &Global, env: &mut Env) -> Result<()> {
    let ca = CaFolder::open(&global.ca_dir)?;
    let now = env.now()?;
    let filter = Filter {
        states: states(args),
        now: asn1_time::ordinal_of(now),
        until: args.expiring.map(|span| asn1_time::ordinal_of(now + span.0)),
        name: args.name.as_ref().map(|name| name.to_lowercase()),
        profile: args.profile.as_deref().map(str::parse).transpose()?,
        san: args.san.as_ref().map(|san| san.to_lowercase()),
    };
    let subject_of_ca = Oneline::parse(ca.certificate().subject.oneline().as_bytes());
    let reasons = reasons::read(ca.path())?;
    let mut output = Output::new(global.json, env.product_width);
    let mut missing = 0;
    let index = Index::of(ca.path());
    if !index.path().exists() {
        return Err(Error::refused(format!("{} is missing", index.path().display()))
            .hint("`mailca doctor --fix` makes it anew from newcerts and crl.pem"));
    }
    let in_time = |status, not_after: &[u8]| filter.is_in_time(status, not_after);
    let spoiled = index.rows_where(in_time, |row| {
        let Some(state) = filter.state(row) else { return Ok(ControlFlow::Continue(())) };
        let subject = row.subject();
        let mut entry = entry(row, &subject, state);
        if !filter.is_named(&entry, &subject) {
            return Ok(ControlFlow::Continue(()));
        }
        if filter.opens_certificates() {
            match row.serial().map(|serial| ca.issued(&serial)).transpose()?.flatten() {
                Some(certificate) if filter.fits(&certificate) => {
                    entry.profile = Profile::of(&certificate).map(Profile::name);
                    let names = certificate.alternative_names.iter().map(ToString::to_string);
                    entry.names = Some(names.collect());
                }
                Some(_) => return Ok(ControlFlow::Continue(())),
                None => {
                    missing += 1;
                    return Ok(ControlFlow::Continue(()));
                }
            }
        }
        entry.is_ca_itself = subject == subject_of_ca;
        if let Some(reason) = row.serial().and_then(|serial| reasons.get(&serial)) {
            entry.reason = Some(reason.name());
        }
        output.push(&entry, env)?;
        Ok(ControlFlow::Continue(()))
    })?;
    if spoiled > 0 {
        env.warn(&format!(
            "{} of {} cannot be read, and {} not listed; `mailca doctor` says more",
            count(spoiled, "line"),
            index.path().display(),
            if spoiled == 1 { "is" } else { "are" }
        ));
    }
    if missing > 0 {
        env.warn(&format!(
            "{missing} certificates are not in newcerts and were not looked at; `mailca doctor` says more"
        ));
    }
    output.finish(env)
}

fn states(args: &List) -> Vec<State> {
    let mut states: Vec<_> = args
        .status
        .iter()
        .map(|state| match state {
            StateFilter::Valid => State::Valid,
            StateFilter::Expired => State::Expired,
            StateFilter::Revoked => State::Revoked,
        })
        .collect();
    if args.expired {
        states.push(State::Expired);
    }
    if args.revoked {
        states.push(State::Revoked);
    }
    states
}

/// What is looked for; nothing in it lets everything through.
struct Filter {
    states: Vec<State>,
    now: u64,
    until: Option<u64>,
    name: Option<String>,
    profile: Option<Profile>,
    san: Option<String>,
}

impl Filter {
    /// Whether a row ends soon enough, where that is asked for.
    fn is_in_time(&self, status: u8, not_after: &[u8]) -> bool {
        self.until.is_none_or(|until| {
            status == b'V' && asn1_time::ordinal(not_after).is_some_and(|end| end <= until)
        })
    }

    /// The state of a row, where it is one that is looked for.
    fn state(&self, row: &Row<'_>) -> Option<State> {
        let state = row.state(self.now)?;
        let wanted = match self.until {
            Some(_) => state == State::Valid,
            None => self.states.is_empty() || self.states.contains(&state),
        };
        wanted.then_some(state)
    }

    /// Whether the subject has the text, as it is or as it is shown.
    fn is_named(&self, entry: &Entry, subject: &Oneline) -> bool {
        self.name.as_ref().is_none_or(|name| {
            entry.subject.to_lowercase().contains(name)
                || (entry.subject.contains('\\') && subject.has_text(name))
        })
    }

    fn opens_certificates(&self) -> bool {
        self.profile.is_some() || self.san.is_some()
    }

    fn fits(&self, certificate: &Certificate) -> bool {
        let has = |san: &String| {
            certificate.alternative_names.iter().any(|name| {
                let text = name.to_string().to_lowercase();
                text == *san || text.split_once(':').is_some_and(|(_, value)| value == san)
            })
        };
        self.profile.is_none_or(|profile| Profile::of(certificate) == Some(profile))
            && self.san.as_ref().is_none_or(has)
    }
}

fn entry(row: &Row<'_>, subject: &Oneline, state: State) -> Entry {
    let revocation = if state == State::Revoked { row.revocation() } else { None };
    let reason = revocation.as_ref().map(|revocation| revocation.reason);
    Entry {
        state: state.name(),
        serial: printable(&String::from_utf8_lossy(row.serial)),
        subject: subject.to_string(),
        not_after: row.not_after().and_then(rfc3339),
        revoked_at: revocation.and_then(|revocation| rfc3339(revocation.date)),
        reason: reason.filter(|reason| *reason != Reason::Unspecified).map(Reason::name),
        is_ca_itself: false,
        profile: None,
        names: None,
    }
}

/// The lines of a table, or the elements of a JSON array, printed as they come.
struct Output {
    json: bool,
    table: Table,
    text: String,
    count: usize,
}

impl Output {
    fn new(json: bool, width: Option<usize>) -> Self {
        Self { json, table: Table::new(width), text: String::new(), count: 0 }
    }

    fn push(&mut self, entry: &Entry, env: &mut Env) -> Result<()> {
        self.count += 1;
        if self.json {
            self.text.push_str(if self.count == 1 { "{\"certificates\": [\n" } else { ",\n" });
            self.text.push_str(&env.json_line(entry)?);
        } else {
            self.table.push(entry, &mut self.text);
        }
        if self.text.len() >= PRINTED_AT_ONCE {
            self.print(env)?;
        }
        Ok(())
    }

    fn finish(mut self, env: &mut Env) -> Result<()> {
        match (self.json, self.count) {
            (true, 0) => self.text.push_str("{\"certificates\": []}\n"),
            (true, _) => self.text.push_str("\n]}\n"),
            (false, 0) => env.say("no certificate is listed"),
            (false, _) => self.table.finish(&mut self.text),
        }
        self.print(env)
    }

    fn print(&mut self, env: &mut Env) -> Result<()> {
        env.print_bytes(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }
}
