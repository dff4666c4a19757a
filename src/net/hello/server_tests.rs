use super::*;
use crate::net::hello::suites::Weakness;

#[path = "../../../tests/support/flights.rs"]
mod flights;

use flights::{CERTIFICATE, WEAK, flight, message, record, server_hello, tls13};

/// The answer of a server that sends this and closes.
fn read(asked: Version, bytes: &[u8]) -> Answer {
    let mut whole = Flight::new(asked);
    let _ = whole.feed(bytes);
    let answer = whole.closed();
    for size in [1, 2, 7] {
        let mut flight = Flight::new(asked);
        for piece in bytes.chunks(size) {
            let _ = flight.feed(piece);
        }
        assert_eq!(flight.closed(), answer, "in pieces of {size}: {bytes:?}");
    }
    answer
}

fn accepted(asked: Version, bytes: &[u8]) -> Accepted {
    match read(asked, bytes) {
        Answer::Accepted(accepted) => accepted,
        other => panic!("{asked}: {other:?}"),
    }
}

fn strange(asked: Version, bytes: &[u8]) -> String {
    match read(asked, bytes) {
        Answer::Strange(what) => {
            assert!(!what.contains(char::is_control), "{what:?}");
            what
        }
        other => panic!("{asked}: {other:?} for {bytes:?}"),
    }
}

#[test]
fn every_old_suite_is_read_with_its_name() {
    for (name, version, suite) in WEAK {
        let asked = Version::by_number(version).unwrap();
        let found = accepted(asked, &flight(version, suite, &[CERTIFICATE, b"more"]));
        assert_eq!((found.version, found.suites[0].to_string().as_str()), (asked, name));
        assert!(!found.suites[0].weaknesses().is_empty(), "{name}");
        assert_eq!(found.chain, [CERTIFICATE, b"more"]);
        assert!(!found.asks_certificate);
        let anonymous = accepted(asked, &flight(version, suite, &[]));
        assert!(anonymous.chain.is_empty());
    }
    let seen: Vec<Weakness> =
        WEAK.iter().flat_map(|(_, _, suite)| Suite::Tls(*suite).weaknesses()).collect();
    assert!(Weakness::ALL.iter().all(|one| seen.contains(one)), "{seen:?}");
}

#[test]
fn ssl_2_is_read_in_its_own_form() {
    let found = accepted(Version::Ssl2, flights::SSL2);
    assert_eq!(found.version, Version::Ssl2);
    let names: Vec<_> = found.suites.iter().filter_map(|one| one.name()).collect();
    assert_eq!(
        names,
        [
            "SSL_CK_RC4_128_WITH_MD5",
            "SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5",
            "SSL_CK_DES_192_EDE3_CBC_WITH_MD5"
        ]
    );
    assert_eq!(found.chain, [CERTIFICATE]);
    assert!(accepted(Version::Ssl2, flights::SSL2_WITHOUT_KINDS).suites.is_empty());
    let no = Answer::Refused(Refusal::Alert(40));
    assert_eq!(read(Version::Ssl2, flights::SSL2_NO_CIPHER), no);
    // A server that knows only its successors answers as they do.
    assert_eq!(read(Version::Ssl2, flights::HANDSHAKE_FAILURE), no);
    let newer = accepted(Version::Ssl2, &flight(0x0300, 4, &[CERTIFICATE]));
    assert_eq!(newer.version, Version::Ssl3);
    // Lengths that do not fit, another version, another message.
    for (at, byte) in [(8, 9), (10, 0xff), (12, 5), (6, 3), (2, 7)] {
        let mut bytes = flights::SSL2.to_vec();
        bytes[at] = byte;
        strange(Version::Ssl2, &bytes);
    }
    assert!(strange(Version::Ssl2, &flights::SSL2[..20]).contains("in the middle"));
}

#[test]
fn tls_1_3_is_known_by_its_extension() {
    let found = accepted(Version::Tls13, &tls13(0x1301));
    assert_eq!((found.version, found.suites), (Version::Tls13, vec![Suite::Tls(0x1301)]));
    // A HelloRetryRequest has the form of a hello, and no key.
    let retry = server_hello(0x0303, 0x1302, b"\x00\x33\x00\x02\x00\x18\x00\x2b\x00\x02\x03\x04");
    let found = accepted(Version::Tls13, &record(22, 0x0303, &retry));
    assert_eq!((found.version, found.suites), (Version::Tls13, vec![Suite::Tls(0x1302)]));
    // Without it, it is TLS 1.2, whatever other extensions there are, well formed or not.
    for extensions in
        [&b"\xff\x01\x00\x01\x00"[..], b"\x00\x2b\x00\x01\x03", b"\x00\x2b\xff\xff\x03"]
    {
        let mut bytes = record(22, 0x0303, &server_hello(0x0303, 0xc02f, extensions));
        bytes.extend(record(22, 0x0303, &message(14, &[])));
        assert_eq!(accepted(Version::Tls13, &bytes).version, Version::Tls12);
    }
    let draft = server_hello(0x0303, 0x1301, b"\x00\x2b\x00\x02\x7f\x1c");
    assert!(strange(Version::Tls13, &record(22, 0x0303, &draft)).contains("0x7F1C"));
}

#[test]
fn a_flight_may_be_split_anywhere() {
    let messages = [
        message(0, &[]),
        server_hello(0x0302, 0xc013, b"\x00\x17\x00\x00"),
        message(11, b"\x00\x00\x08\x00\x00\x05\x30\x03\x02\x01\x00"),
        message(22, b"\x01\x00\x00\x00"),
        message(12, &[1; 300]),
        message(13, b"\x01\x01\x00\x00"),
        message(14, &[]),
    ]
    .concat();
    for size in [1, 3, 40, 100, 1000] {
        let mut bytes = flights::UNRECOGNIZED_NAME.to_vec();
        bytes.extend(messages.chunks(size).flat_map(|piece| record(22, 0x0302, piece)));
        let found = accepted(Version::Tls11, &bytes);
        assert_eq!((found.version, found.chain.len()), (Version::Tls11, 1));
        assert!(found.asks_certificate);
        // An end before the end is none.
        for end in [1, 4, 30, bytes.len() - 1] {
            let what = strange(Version::Tls11, &bytes[..end]);
            assert!(what.contains("in the middle"), "{size} {end}: {what}");
        }
        // Nothing, or a warning alone, is a refusal.
        for end in [0, 7] {
            let closed = Answer::Refused(Refusal::Closed);
            assert_eq!(read(Version::Tls11, &bytes[..end]), closed, "{size} {end}");
        }
        // What follows is not looked at.
        bytes.extend(b"rubbish");
        assert_eq!(accepted(Version::Tls11, &bytes), found);
    }
}

#[test]
fn a_refusal_is_told_with_its_alert() {
    for (bytes, alert, name) in [
        (flights::HANDSHAKE_FAILURE, 40, "handshake_failure"),
        (flights::PROTOCOL_VERSION, 70, "protocol_version"),
        (&b"\x15\x03\x01\x00\x02\x01\x00"[..], 0, "close_notify"),
    ] {
        let refusal = Refusal::Alert(alert);
        assert_eq!(read(Version::Tls10, bytes), Answer::Refused(refusal));
        assert_eq!(refusal.to_string(), format!("the alert {name}"));
    }
    assert_eq!(Refusal::Alert(200).to_string(), "the alert 200");
    // One that comes after a hello counts: the server found no key for what it chose.
    let mut bytes = record(22, 0x0301, &server_hello(0x0301, 0xc013, &[]));
    bytes.extend(b"\x15\x03\x01\x00\x02\x02\x50");
    assert_eq!(read(Version::Tls10, &bytes), Answer::Refused(Refusal::Alert(80)));
    assert_eq!(read(Version::Tls10, b""), Answer::Refused(Refusal::Closed));
}

#[test]
fn what_is_not_tls_is_shown() {
    let words = "220 mail.example.com \x1b[31mESMTP\r\n220 more\r\n";
    for version in Version::ALL {
        let what = strange(version, words.as_bytes());
        assert!(what.ends_with("\"220 mail.example.com \\u{1b}[31mESMTP\""), "{what}");
        let what = strange(version, "x".repeat(5000).as_bytes());
        assert!(what.ends_with(&format!("\"{}\"", "x".repeat(SHOWN))), "{what}");
        assert!(strange(version, b"* BYE").ends_with("\"* BYE\""));
    }
    // One that says nothing more.
    let mut flight = Flight::new(Version::Tls12);
    assert_eq!(flight.feed(b"hm"), None);
    assert!(matches!(flight.silent(), Some(Answer::Strange(_))));
    let mut flight = Flight::new(Version::Tls12);
    assert_eq!(flight.feed(b"\x16\x03\x03"), None);
    assert_eq!(flight.silent(), None);
}

#[test]
fn what_has_no_place_is_strange() {
    let hello = server_hello(0x0301, 5, &[]);
    let done = message(14, &[]);
    for (bytes, word) in [
        (record(23, 0x0301, b"x"), "record"),
        (record(20, 0x0301, b"\x01"), "record"),
        (record(21, 0x0301, b"\x02"), "alert"),
        (record(21, 0x0301, b"\x03\x28"), "alert"),
        (record(22, 0x0301, &done), "type 14"),
        (record(22, 0x0301, &message(1, b"x")), "type 1"),
        (record(22, 0x0301, &[hello.clone(), hello.clone()].concat()), "type 2"),
        (record(22, 0x0301, &server_hello(0x0404, 5, &[])), "hello"),
        (record(22, 0x0301, &message(2, b"\x03\x01")), "hello"),
        (record(22, 0x0301, &message(2, b"")), "hello"),
        (record(22, 0x0301, &[hello.clone(), message(11, b"\x00\x00")].concat()), "certificates"),
        (
            record(22, 0x0301, &[hello.clone(), message(11, b"\x00\xff\xff1")].concat()),
            "certificates",
        ),
        (record(22, 0x0301, b"\x0b\xff\xff\xff"), "too long"),
        (b"\x16\x03\x01\xff\xff".to_vec(), "longer"),
    ] {
        let what = strange(Version::Tls10, &bytes);
        assert!(what.contains(word), "{what}: {bytes:?}");
    }
    // A certificate that is cut in the list is left out with what follows it.
    let cut = [hello, message(11, b"\x00\x00\x04\x00\x00\x05\x30"), done].concat();
    assert!(accepted(Version::Tls10, &record(22, 0x0301, &cut)).chain.is_empty());
}

#[test]
fn everything_has_an_end() {
    let certificate = record(22, 0x0301, &[0; 16 * 1024]);
    let mut endless = record(22, 0x0301, &server_hello(0x0301, 5, &[]));
    endless.extend(record(22, 0x0301, b"\x0b\x01\xff\xff"));
    (0..20).for_each(|_| endless.extend(&certificate));
    assert!(strange(Version::Tls10, &endless).contains("131072"));
    let warnings = flights::UNRECOGNIZED_NAME.repeat(TOTAL / 7 + 1);
    assert!(strange(Version::Tls10, &warnings).contains("131072"));
    let empty = record(22, 0x0301, b"").repeat(TOTAL / 5 + 1);
    assert!(strange(Version::Tls10, &empty).contains("131072"));
    let starts = record(22, 0x0301, &message(0, &[])).repeat(TOTAL / 9 + 1);
    assert!(strange(Version::Tls10, &starts).contains("131072"));
}

#[test]
fn no_bytes_are_too_strange() {
    // A generator of its own (xorshift), so that a failure comes again.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let good = [
        flight(0x0303, 0xc011, &[CERTIFICATE]),
        flights::SSL2.to_vec(),
        tls13(0x1301),
        flights::UNRECOGNIZED_NAME.to_vec(),
    ];
    for round in 0..20_000 {
        let mut bytes = good[round % good.len()].clone();
        for _ in 0..=random() % 4 {
            let at = usize::try_from(random()).unwrap() % bytes.len();
            bytes[at] = u8::try_from(random() % 256).unwrap();
        }
        bytes.truncate(1 + usize::try_from(random()).unwrap() % bytes.len());
        let version = Version::ALL[round % 6];
        let mut flight = Flight::new(version);
        let _ = flight.feed(&bytes);
        let answer = flight.closed();
        let mut flight = Flight::new(version);
        bytes.chunks(3).for_each(|piece| drop(flight.feed(piece).cloned()));
        assert_eq!(flight.closed(), answer, "{version}: {bytes:?}");
    }
}
