//! Whether the list that is there will do.

use std::path::Path;

use time::OffsetDateTime;

use super::List;
use crate::pki::certificate::Certificate;
use crate::pki::crl::Crl;
use crate::store::input;

/// Whether a new list is needed.
#[derive(Debug)]
pub enum Standing {
    /// The one that is there will do.
    Good(List),
    /// It will not, or there is none: why, as the second half of a sentence.
    Needed(String),
}

/// Looks at the list in a file: whether it is this CA's, with a third of its time left, and with as many
/// entries as certificates are revoked.
pub fn standing(
    path: &Path,
    issuer: &Certificate,
    revoked: usize,
    now: OffsetDateTime,
) -> Standing {
    let content = match input::read_if_there(path) {
        Ok(Some(content)) => content,
        Ok(None) => return Standing::Needed(format!("{} is not there", path.display())),
        Err(error) => return Standing::Needed(error.to_string()),
    };
    match Crl::from_file_content(&content) {
        Ok(crl) => match fault(&crl, issuer, revoked, now) {
            None => Standing::Good(List::new(crl)),
            Some(fault) => Standing::Needed(format!("{} {fault}", path.display())),
        },
        Err(error) => Standing::Needed(error.at(path.display()).to_string()),
    }
}

fn fault(crl: &Crl, issuer: &Certificate, revoked: usize, now: OffsetDateTime) -> Option<String> {
    let Some(next_update) = crl.next_update else {
        return Some("does not say when the next one is due".into());
    };
    if now < crl.this_update {
        return Some(format!("begins on {}, in the future", crl.this_update.date()));
    }
    if next_update <= now {
        return Some(format!("is out of date since {}", next_update.date()));
    }
    if (next_update - now) * 3 < next_update - crl.this_update {
        return Some(format!(
            "ends on {}: less than a third of its time is left",
            next_update.date()
        ));
    }
    if crl.number.is_none() {
        return Some("has no number".into());
    }
    let count = crl.count();
    if count != revoked {
        return Some(format!(
            "lists {}, and {revoked} {} revoked",
            crate::pki::inspect::text::count(count, "certificate"),
            if revoked == 1 { "is" } else { "are" }
        ));
    }
    // The most work, and so the last.
    crl.check_signature(issuer).is_err().then(|| "is not that of this CA and its key".into())
}

#[cfg(test)]
pub(super) mod tests {
    use time::Duration;
    use time::macros::datetime;

    use super::super::{Dates, make};
    use super::*;
    use crate::pki::crl::Entries;
    use crate::pki::issue::{self, Root};
    use crate::pki::key::{KeyType, PrivateKey};
    use crate::pki::name::Parts;
    use crate::pki::revocation::Reason;
    use crate::pki::serial::Serial;

    const NOW: OffsetDateTime = datetime!(2026-11-24 10:00 UTC);

    /// A list with so many entries, and its CA.
    pub fn made(dates: Dates, count: usize) -> (Crl, Certificate) {
        let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        let subject = Parts { common_name: Some("CA".into()), ..Parts::default() }.build().unwrap();
        let root = Root {
            subject: &subject,
            alternative_names: &[],
            days: 10,
            path_length: 0,
            permitted: None,
        };
        let ca = issue::root(&root, &key, &Serial::from_random([1; 16]), NOW).unwrap();
        let mut entries = Entries::new();
        for number in 0..count {
            let serial = format!("{:04X}", number + 1);
            entries.push_text(serial.as_bytes(), b"261101000000Z", Reason::Superseded).unwrap();
        }
        let number = Serial::from_bytes(&[7]);
        (make(&ca, &key, &entries, &number, dates).unwrap().crl, ca)
    }

    fn lasting(from: Duration, to: Duration) -> Dates {
        Dates { this_update: NOW + from, next_update: NOW + to }
    }

    #[test]
    fn a_third_of_its_time_must_be_left() {
        let days = Duration::days;
        for (from, to, word) in [
            (days(0), days(30), None),
            (days(-20), days(10), None),
            (days(-20), days(10) - Duration::seconds(1), Some("a third")),
            (days(-30), days(0), Some("out of date")),
            (days(1), days(30), Some("future")),
        ] {
            let (crl, ca) = made(lasting(from, to), 2);
            let fault = fault(&crl, &ca, 2, NOW);
            assert_eq!(fault.is_some(), word.is_some(), "{fault:?}");
            assert!(fault.unwrap_or_default().contains(word.unwrap_or_default()));
        }
    }

    #[test]
    fn the_entries_are_counted_and_the_key_is_looked_at() {
        let good = lasting(Duration::days(0), Duration::days(30));
        let (crl, ca) = made(good, 1);
        assert_eq!(fault(&crl, &ca, 1, NOW), None);
        assert!(fault(&crl, &ca, 2, NOW).unwrap().contains("lists 1 certificate, and 2 are"));
        assert!(fault(&crl, &ca, 0, NOW).is_some());
        // Another key under the same name.
        let (_, other) = made(good, 1);
        assert!(fault(&crl, &other, 1, NOW).unwrap().contains("this CA"));
    }
}
