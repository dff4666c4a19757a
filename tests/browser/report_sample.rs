//! Reports to look at: of CAs with few, with hundreds and with thousands of certificates, always the same.

use std::collections::BTreeMap;

use mailca::mail::template;
use mailca::pki::certificate::Certificate;
use mailca::pki::inspect::{Body, CertificateView, inspect};
use mailca::render::report::{Inventory, Kind, Limits, Month, Report, Revoked, Valid, values};
use mailca::render::status::{Counts, CrlFacts, ToDo, View};
use time::{Duration, OffsetDateTime};

use crate::support::Folder;

/// A CA and what it has issued.
pub struct Sample {
    pub certificate: Certificate,
    pub now: OffsetDateTime,
    pub inventory: Inventory,
    to_do: Vec<ToDo>,
}

const HOSTS: [&str; 5] = ["mail", "mx", "imap", "lists", "a-host-with-a-rather-long-name"];
const NAMES: [&str; 4] = ["Ada Lovelace", "Zoë Müller-Lüdenscheidt", "grace", "Jürgen Weiß"];
const REASONS: [Option<&str>; 3] = [None, Some("superseded"), Some("cessationOfOperation")];

impl Sample {
    /// One with so many certificates.
    pub fn of(servers: usize, people: usize, revoked: usize) -> Self {
        let folder = Folder::with_ca();
        let content = folder.read("demoCA/cacert.pem");
        let certificate = Certificate::from_file_content(&content).unwrap().remove(0);
        // The CA is two years old; today begins at midnight, so that days are whole.
        let now = (certificate.not_before + Duration::days(730)).replace_time(time::Time::MIDNIGHT);
        let mut inventory = Inventory::default();
        for number in 0..servers {
            inventory.valid.push(server(number, now));
        }
        for number in 0..people {
            inventory.valid.push(person(number, now));
        }
        for number in 0..revoked {
            inventory.revoked.push(gone(number, now));
        }
        inventory.ended = (0..revoked)
            .map(|number| (Month::of(now).plus(-i32::try_from(number % 15).unwrap()), 2))
            .collect::<BTreeMap<_, _>>();
        inventory.sort();
        Self { certificate, now, inventory, to_do: Vec::new() }
    }

    /// The same with something to be done.
    pub fn due(mut self) -> Self {
        self.to_do = (0..9)
            .map(|number| ToDo {
                id: "certificate-ends",
                what: format!("mail{number}.example.com ends in 9 days (2028-12-04)"),
                mend: format!("mailca renew mail{number}"),
            })
            .collect();
        self
    }

    /// The same with a CA below it.
    pub fn with_intermediate(mut self) -> Self {
        let mut one = server(9_999, self.now);
        one.kind = Kind::Other;
        one.title = "Example Branch CA".into();
        one.names.clear();
        one.profile = Some("ca");
        self.inventory.valid.push(one);
        self.inventory.sort();
        self
    }

    /// The page.
    pub fn html(&self) -> String {
        let content = inspect(self.certificate.as_der()).unwrap().remove(0).body;
        let Body::Certificate(view) = content else { panic!("no certificate") };
        let view: &CertificateView = &view;
        let status = View {
            ca: &self.certificate,
            now: self.now,
            crl: Some(CrlFacts {
                number: Some("12".into()),
                revoked: self.inventory.revoked.len(),
                this_update: self.now - Duration::days(3),
                next_update: Some(self.now + Duration::days(27)),
            }),
            counts: Counts { expired: self.inventory.ended.values().sum(), ..Counts::default() },
            backup: Some((self.now - Duration::days(20), 4)),
            to_do: &self.to_do,
        };
        let report = Report {
            status: &status,
            certificate: view,
            inventory: &self.inventory,
            leaf_days: 365,
            within: Duration::days(90),
            limits: Limits::default(),
            version: "0.1.0",
        };
        template::fill("report.html", &|_| Ok(None), &values(&report)).unwrap()
    }
}

fn serial(number: usize) -> String {
    format!("{:032X}", (number as u128 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835))
}

/// They end on every day of the next year, and every ninth of them later.
fn server(number: usize, now: OffsetDateTime) -> Valid {
    let days = i64::try_from(number * 53 % 360 + 5).unwrap();
    let days = if number % 9 == 8 { days + 500 } else { days };
    let title = format!("{}{number}.example.com", HOSTS[number % HOSTS.len()]);
    let other = format!("smtp{number}.example.com");
    let names =
        if number.is_multiple_of(3) { vec![title.clone(), other] } else { vec![title.clone()] };
    Valid {
        kind: Kind::Server,
        subject: format!("CN={title}"),
        title,
        names,
        profile: Some("server"),
        serial: serial(number),
        not_before: Some(now + Duration::days(days - 365)),
        not_after: now + Duration::days(days),
        renewed_until: (number % 7 == 3).then(|| now + Duration::days(days + 300)),
    }
}

fn person(number: usize, now: OffsetDateTime) -> Valid {
    let days = i64::try_from(number * 37 % 365 + 1).unwrap();
    let title = format!("{} {number}", NAMES[number % NAMES.len()]);
    Valid {
        kind: Kind::Person,
        subject: format!("CN={title}"),
        title,
        names: vec![format!("user{number}@example.com")],
        profile: Some("user"),
        serial: serial(number + 1_000_000),
        not_before: Some(now + Duration::days(days - 365)),
        not_after: now + Duration::days(days),
        renewed_until: None,
    }
}

fn gone(number: usize, now: OffsetDateTime) -> Revoked {
    let days = i64::try_from(number * 29 % 420 + 1).unwrap();
    Revoked {
        title: format!("gone{number}.example.com"),
        subject: format!("CN=gone{number}.example.com"),
        serial: serial(number + 2_000_000),
        not_after: Some(now + Duration::days(100)),
        date: Some(now - Duration::days(days)),
        reason: REASONS[number % REASONS.len()],
    }
}
