//! What one pass over index.txt shows.

use std::ops::ControlFlow;

use time::{Duration, OffsetDateTime};

use crate::error::Result;
use crate::pki::asn1_time;
use crate::pki::certificate::Certificate;
use crate::render::status::Counts;
use crate::store::ca::CaFolder;
use crate::store::doctor::LineChecks;
use crate::store::due::Search;
use crate::store::index::{Index, Row, State};

/// What was seen.
pub(super) struct Seen {
    /// The certificates by their state, without the CA's own.
    pub(super) counts: Counts,
    /// All rows.
    pub(super) rows: u64,
    /// The revoked ones among them.
    pub(super) revoked_rows: usize,
    /// Those that end soon; taken by whoever reports them.
    pub(super) due: Option<Search>,
    /// What is wrong with the lines; taken by whoever reports it.
    pub(super) lines: Option<LineChecks>,
}

impl Seen {
    /// Goes through the index of a CA. `in_use` are the certificates in the folders here.
    pub(super) fn of<'c>(
        ca: &CaFolder,
        now: OffsetDateTime,
        span: Duration,
        in_use: impl IntoIterator<Item = &'c Certificate>,
    ) -> Result<Self> {
        let mut lines = LineChecks::without_duplicates(ca)?;
        let mut due = Search::new(ca, now, span).with_in_use(in_use);
        let mut counts = Counts::default();
        let (mut rows, mut revoked_rows) = (0, 0);
        let moment = asn1_time::ordinal_of(now);
        let own = ca.certificate().subject.oneline();
        Index::of(ca.path()).lines(|line| {
            let row = Row::parse(line.bytes);
            lines.visit(line, row.as_ref());
            if let Some(row) = row.filter(|row| line.counts(row)) {
                rows += 1;
                let state = row.state(moment);
                revoked_rows += usize::from(state == Some(State::Revoked));
                if row.subject != own.as_bytes() {
                    match state {
                        Some(State::Valid) => counts.valid += 1,
                        Some(State::Expired) => counts.expired += 1,
                        Some(State::Revoked) => counts.revoked += 1,
                        None => {}
                    }
                    due.visit(&row);
                }
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(Self { counts, rows, revoked_rows, due: Some(due), lines: Some(lines) })
    }
}
