//! Validity: each certificate of the chain too early or too late, the edges, and odd encodings.

use time::{Duration, OffsetDateTime};

use super::super::case::{Case, NOW, case};
use super::super::der::{moment, tlv};
use super::super::make::{BEGIN, END, ca, leaf};

/// Root, CA and leaf, each with these dates.
fn three(id: &str, dates: [(&str, &str); 3]) -> Case {
    let [root, sub, end] = dates;
    let root = ca("Root").valid(root.0, root.1).self_signed();
    let sub = ca("Sub").valid(sub.0, sub.1).by(&root);
    case(id, &leaf("mail.example.com").valid(end.0, end.1).by(&sub), &root).untrusted(&[&sub])
}

fn edge(id: &str, begin: Vec<u8>, end: Vec<u8>, at: OffsetDateTime) -> Case {
    let root = ca("Root").self_signed();
    case(id, &leaf("mail.example.com").valid_der(begin, end).by(&root), &root).at(at)
}

fn shifted(by: Duration) -> Vec<u8> {
    let at = NOW + by;
    let format = time::macros::format_description!("[year][month][day][hour][minute][second]Z");
    moment(&at.format(format).unwrap())
}

pub fn cases() -> Vec<Case> {
    const LONG: (&str, &str) = (BEGIN, END);
    const PAST: (&str, &str) = (BEGIN, "20280101000000Z");
    const FUTURE: (&str, &str) = ("20310101000000Z", END);
    let second = Duration::seconds(1);
    let (early, late) = (|| moment(BEGIN), || moment(END));
    let mut cases = vec![
        three("rfc5280::validity::all-valid", [LONG; 3]),
        three("rfc5280::validity::expired-root", [PAST, LONG, LONG])
            .refused("the CA certificate \"Root\" expired on 2028-01-01"),
        three("rfc5280::validity::expired-intermediate", [LONG, PAST, LONG])
            .refused("the CA certificate \"Sub\" expired on 2028-01-01"),
        three("rfc5280::validity::expired-leaf", [LONG, LONG, PAST])
            .refused("the certificate of \"mail.example.com\" expired on 2028-01-01"),
        three("rfc5280::validity::future-root", [FUTURE, LONG, LONG])
            .refused("the CA certificate \"Root\" is not valid before 2031-01-01"),
        three("rfc5280::validity::future-intermediate", [LONG, FUTURE, LONG])
            .refused("the CA certificate \"Sub\" is not valid before 2031-01-01"),
        three("rfc5280::validity::future-leaf", [LONG, LONG, FUTURE])
            .refused("the certificate of \"mail.example.com\" is not valid before 2031-01-01"),
        three("rfc5280::validity::expired-all", [PAST; 3]).refused("expired on 2028-01-01"),
        three("rfc5280::validity::leaf-outlives-its-ca", [LONG, (BEGIN, "20310101000000Z"), LONG]),
        three("rfc5280::validity::leaf-older-than-its-ca", [LONG, ("20290101000000Z", END), LONG]),
        three("rfc5280::validity::end-before-begin", [LONG, LONG, (END, BEGIN)])
            .refused("is not valid before 2040-01-01"),
        edge("rfc5280::validity::notbefore-exact", shifted(Duration::ZERO), late(), NOW),
        edge("rfc5280::validity::notbefore-in-a-second", shifted(second), late(), NOW)
            .refused("is not valid before 2030-01-01 12:00:01 UTC"),
        edge(
            "rfc5280::validity::notbefore-fractional",
            shifted(second),
            late(),
            NOW + Duration::milliseconds(999),
        )
        .refused("is not valid before"),
        edge("rfc5280::validity::notafter-exact", early(), shifted(Duration::ZERO), NOW),
        edge(
            "rfc5280::validity::notafter-fractional",
            early(),
            shifted(Duration::ZERO),
            NOW + Duration::milliseconds(5),
        ),
        edge("rfc5280::validity::notafter-a-second-ago", early(), shifted(-second), NOW)
            .refused("expired on 2030-01-01 11:59:59 UTC"),
        edge("rfc5280::validity::notafter-in-a-second", early(), shifted(second), NOW),
        edge("rfc5280::validity::no-well-defined-end", early(), moment("99991231235959Z"), NOW),
        edge("rfc5280::validity::begins-1950", moment("19500101000000Z"), late(), NOW),
        edge("rfc5280::validity::begins-1949", moment("19491231235959Z"), late(), NOW),
        edge("rfc5280::validity::ends-2049", early(), moment("20491231235959Z"), NOW),
        edge("rfc5280::validity::ends-2050", early(), moment("20500101000000Z"), NOW),
        edge(
            "rfc5280::validity::ended-1999",
            moment("19980101000000Z"),
            moment("19991231235959Z"),
            NOW,
        )
        .refused("expired on 1999-12-31"),
    ];
    let odd: &[(&str, Vec<u8>, &str)] = &[
        ("generalized-before-2050", tlv(24, "20400101000000Z"), ""),
        ("utc-without-seconds", tlv(23, "4001010000Z"), "has a date that is not in the form"),
        ("utc-with-offset", tlv(23, "400101000000+0000"), "has a date that is not in the form"),
        (
            "generalized-with-fraction",
            tlv(24, "20400101000000.5Z"),
            "has a date that is not in the form",
        ),
        ("generalized-without-zone", tlv(24, "20400101000000"), "malformed"),
        ("thirteenth-month", tlv(23, "401301000000Z"), "malformed"),
        ("thirtieth-of-february", tlv(23, "400230000000Z"), "malformed"),
        ("hour-24", tlv(23, "400101240000Z"), "malformed"),
        ("leap-second", tlv(23, "400101235960Z"), "malformed"),
        ("letters", tlv(23, "4001010000zzZ"), "malformed"),
        ("empty", tlv(23, ""), "malformed"),
        ("a-text", tlv(12, "400101000000Z"), "malformed"),
        ("long", tlv(24, "020400101000000Z"), "malformed"),
    ];
    cases.extend(odd.iter().map(|(id, end, refused)| {
        edge(&format!("rfc5280::validity::encoding-{id}"), early(), end.clone(), NOW)
            .refused(refused)
    }));
    cases
}
