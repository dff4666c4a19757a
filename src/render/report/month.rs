//! Certificates counted by the month in which they end.

use std::collections::BTreeMap;

use time::{Date, OffsetDateTime};

use super::{Inventory, Kind};

const NAMES: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A month of a year, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(i32);

impl Month {
    /// The month that a moment is in.
    pub fn of(moment: OffsetDateTime) -> Self {
        Self(moment.year() * 12 + i32::from(u8::from(moment.month())) - 1)
    }

    /// The month so many after this one.
    #[must_use]
    pub fn plus(self, months: i32) -> Self {
        Self(self.0 + months)
    }

    /// The first month of a year.
    pub fn january_of(year: i32) -> Self {
        Self(year * 12)
    }

    /// Its year.
    pub fn year(self) -> i32 {
        self.0.div_euclid(12)
    }

    /// Whether a quarter of a year begins with it.
    pub(super) fn begins_quarter(self) -> bool {
        self.index().is_multiple_of(3)
    }

    /// January is 0.
    fn index(self) -> usize {
        usize::try_from(self.0.rem_euclid(12)).unwrap_or_default()
    }

    /// `January`.
    pub fn name(self) -> &'static str {
        NAMES[self.index()]
    }

    /// `January 2027`.
    pub fn title(self) -> String {
        format!("{} {}", self.name(), self.year())
    }

    /// `2027-01`.
    pub fn iso(self) -> String {
        format!("{:04}-{:02}", self.year(), self.index() + 1)
    }

    /// Its first moment; `None` where there is no such year.
    pub fn start(self) -> Option<OffsetDateTime> {
        let month = time::Month::try_from(u8::try_from(self.index() + 1).ok()?).ok()?;
        Some(Date::from_calendar_date(self.year(), month, 1).ok()?.midnight().assume_utc())
    }
}

/// How many certificates end in a month, and how many were revoked in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MonthCounts {
    /// Of servers, valid today.
    pub servers: u64,
    /// Of people, valid today.
    pub people: u64,
    /// Others, valid today.
    pub others: u64,
    /// Those that have ended by themselves.
    pub ended: u64,
    /// Those that were revoked in this month, whenever they would have ended.
    pub revoked: u64,
}

impl MonthCounts {
    /// Those that end or ended by themselves.
    pub fn ends(&self) -> u64 {
        self.servers + self.people + self.others + self.ended
    }

    fn of_kind(&mut self, kind: Kind) -> &mut u64 {
        match kind {
            Kind::Server => &mut self.servers,
            Kind::Person => &mut self.people,
            Kind::Other => &mut self.others,
        }
    }

    fn add(&mut self, other: Self) {
        self.servers += other.servers;
        self.people += other.people;
        self.others += other.others;
        self.ended += other.ended;
        self.revoked += other.revoked;
    }
}

/// The months in which something ends or was revoked.
pub(super) fn by_month(inventory: &Inventory) -> BTreeMap<Month, MonthCounts> {
    let mut months: BTreeMap<Month, MonthCounts> = BTreeMap::new();
    for one in &inventory.valid {
        *months.entry(Month::of(one.not_after)).or_default().of_kind(one.kind) += 1;
    }
    for (month, ended) in &inventory.ended {
        months.entry(*month).or_default().ended += ended;
    }
    for one in &inventory.revoked {
        if let Some(date) = one.date {
            months.entry(Month::of(date)).or_default().revoked += 1;
        }
    }
    months
}

/// A line of a table: a month, or all of a year that is far away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) title: String,
    /// As `<time>` takes it.
    pub(super) iso: String,
    pub(super) counts: MonthCounts,
}

/// The months of `near` one by one, the others by their years.
pub(super) fn periods(
    months: &BTreeMap<Month, MonthCounts>,
    near: std::ops::Range<Month>,
) -> Vec<Period> {
    let mut periods: Vec<Period> = Vec::new();
    for (month, counts) in months {
        if near.contains(month) {
            periods.push(Period { title: month.title(), iso: month.iso(), counts: *counts });
            continue;
        }
        // The rest of a year that is near in part is told apart from its months.
        let iso = format!("{:04}", month.year());
        let title = if near.start.year() == month.year() && *month < near.start {
            format!("{iso}, before {}", near.start.name())
        } else if near.end.year() == month.year() && *month >= near.end && near.end.index() > 0 {
            format!("{iso}, from {}", near.end.name())
        } else {
            iso.clone()
        };
        match periods.last_mut() {
            Some(last) if last.title == title => last.counts.add(*counts),
            _ => periods.push(Period { title, iso, counts: *counts }),
        }
    }
    periods
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn months_go_on_over_the_end_of_a_year() {
        let month = Month::of(datetime!(2026-11-25 12:00 UTC));
        assert_eq!((month.title(), month.iso()), ("November 2026".into(), "2026-11".into()));
        assert_eq!(month.plus(2).iso(), "2027-01");
        assert_eq!(month.plus(-11).iso(), "2025-12");
        assert_eq!(month.plus(1).start(), Some(datetime!(2026-12-01 0:00 UTC)));
    }

    #[test]
    fn what_is_far_away_is_counted_by_years() {
        let now = Month::of(datetime!(2026-11-25 12:00 UTC));
        let one = MonthCounts { servers: 1, ..MonthCounts::default() };
        let months = [-30, -24, -12, -1, 0, 3, 13, 14, 40].map(|n| (now.plus(n), one));
        let found = periods(&months.into(), now.plus(-12)..now.plus(13));
        let titles: Vec<_> = found.iter().map(|p| (p.title.as_str(), p.counts.servers)).collect();
        assert_eq!(
            titles,
            [
                ("2024", 2),
                ("November 2025", 1),
                ("October 2026", 1),
                ("November 2026", 1),
                ("February 2027", 1),
                ("2027, from December", 1),
                ("2028", 1),
                ("2030", 1)
            ]
        );
    }
}
