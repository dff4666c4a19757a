//! The survey of servers that do everything to keep a client: it ends, and says what was.

use std::io::Write;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use mailca::net::hello::Answer;
use mailca::net::starttls::Fault;
use mailca::net::survey::{Handshake, Observations, Obstacle, Outcome, SurveyOptions};

use super::survey::{OPTIONS, look};
use crate::support::flights::{message, record, server_hello};
use crate::support::{hello, line, responder, say, serve_at_once};

/// Little time: each of these servers takes all that it gets.
const HASTY: SurveyOptions<'static> = SurveyOptions {
    timeout: Duration::from_secs(3),
    step: Duration::from_millis(700),
    patience: Duration::from_millis(700),
    ..OPTIONS
};

const UP_TO_TLS: &[&str] = &["220 mx ESMTP\r\n", "250-mx\r\n250 STARTTLS\r\n", "220 go\r\n"];

fn seen(address: SocketAddr, service: &str) -> Observations {
    look(&format!("{address}/{service}"), &HASTY).0
}

/// Sends the same again and again, until the client is gone.
fn flood(mut stream: &TcpStream, bytes: &[u8]) -> u64 {
    let mut sent = 0;
    while let Ok(count @ 1..) = stream.write(bytes) {
        sent += u64::try_from(count).unwrap();
    }
    sent
}

/// Sends nothing more, until the client is gone.
fn hold(mut stream: &TcpStream) {
    let _ = std::io::copy(&mut stream, &mut std::io::sink());
}

#[test]
fn a_silent_server_is_left() {
    let address = serve_at_once(|stream| hold(&stream));
    let found = seen(address, "smtp");
    assert_eq!(found.obstacle, Some(Obstacle::Late("its greeting")));
    assert!(found.versions.is_empty() && found.handshake.is_none());
    // Where TLS comes first, nothing is known of it before the hello.
    let found = seen(address, "imaps");
    assert_eq!(found.obstacle, None);
    assert!(matches!(&found.handshake, Some(Handshake::Failed(why)) if why == "no time was left"));
    assert_eq!(found.versions.len(), 6);
    assert!(found.versions.iter().all(|one| one.is_spoken().is_none()), "{:?}", found.versions);
}

#[test]
fn a_slow_server_gets_no_more_time_than_others() {
    let address = serve_at_once(|mut stream| {
        for byte in b"220-mx.example.com\r\n".iter().cycle() {
            if stream.write_all(&[*byte]).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
    });
    assert_eq!(seen(address, "smtp").obstacle, Some(Obstacle::Late("its greeting")));
    // The same in its first flight.
    let address = serve_at_once(|mut stream| {
        let _ = hello(&stream);
        for byte in record(22, 0x0303, &[0; 16 * 1024]) {
            if stream.write_all(&[byte]).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
    });
    for one in seen(address, "imaps").versions {
        assert!(matches!(one.outcome, Outcome::Late | Outcome::NotAsked(_)), "{one:?}");
    }
}

#[test]
fn an_endless_server_is_cut_short() {
    let sent = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&sent);
    let address = serve_at_once(move |stream| {
        count.fetch_add(flood(&stream, &b"220-mx.example.com\r\n".repeat(1000)), Ordering::SeqCst);
    });
    assert_eq!(seen(address, "smtp").obstacle, Some(Obstacle::Fault(Fault::ReplyTooLong)));
    let address = serve_at_once(|stream| {
        let _ = flood(&stream, &[b'x'; 4096]);
    });
    assert_eq!(seen(address, "smtp").obstacle, Some(Obstacle::Fault(Fault::LineTooLong)));
    // A certificate without an end.
    let count = Arc::clone(&sent);
    let address = serve_at_once(move |stream| {
        let Ok(_) = hello(&stream) else { return };
        let mut messages = server_hello(0x0303, 0xc02f, &[]);
        messages.extend(b"\x0b\x01\xff\xff");
        let _ = (&stream).write_all(&record(22, 0x0303, &messages));
        count.fetch_add(flood(&stream, &record(22, 0x0303, &[0; 16 * 1024])), Ordering::SeqCst);
    });
    let found = seen(address, "imaps");
    assert!(matches!(found.handshake, Some(Handshake::Failed(_))), "{:?}", found.handshake);
    for one in &found.versions {
        assert!(matches!(&one.outcome, Outcome::Answered(Answer::Strange(_))), "{one:?}");
    }
    // What was sent is what the system keeps of a connection that nobody reads, and no more.
    assert!(sent.load(Ordering::SeqCst) < 200 << 20, "{sent:?}");
}

#[test]
fn garbage_is_told_as_such() {
    let address = serve_at_once(|mut stream| {
        let _ = stream.write_all(&[0xff, 0, b'\n', 7]);
        hold(&stream);
    });
    let found = seen(address, "smtp");
    assert!(matches!(found.obstacle, Some(Obstacle::Fault(Fault::Foreign { .. }))));
    // After STARTTLS, words.
    let (address, _) = responder(UP_TO_TLS, |_| b"500 what is that\r\n".to_vec());
    let found = seen(address, "smtp");
    assert_eq!(found.obstacle, None);
    assert!(matches!(found.handshake, Some(Handshake::Failed(_))));
    for one in &found.versions {
        let Outcome::Answered(Answer::Strange(what)) = &one.outcome else { panic!("{one:?}") };
        assert!(what.ends_with("\"500 what is that\""), "{what}");
    }
    // A hello that answers nothing.
    let (address, _) = responder(&[], |_| record(22, 0x0303, &message(2, &[1; 500])));
    for one in seen(address, "imaps").versions {
        assert!(matches!(one.outcome, Outcome::Answered(Answer::Strange(_))), "{one:?}");
    }
}

#[test]
fn an_end_at_each_step_is_told_as_such() {
    for (at, awaited) in
        ["its greeting", "its answer to EHLO", "its answer to STARTTLS"].into_iter().enumerate()
    {
        let address = serve_at_once(move |stream| {
            say(&stream, &UP_TO_TLS[..at]);
            if at > 0 {
                let _ = line(&stream);
            }
        });
        let found = seen(address, "smtp");
        let fault = Obstacle::Fault(Fault::Closed { awaited });
        assert_eq!(found.obstacle, Some(fault), "{at}");
    }
    // Instead of the handshake, and after the hello.
    for reads in [false, true] {
        let address = serve_at_once(move |stream| {
            say(&stream, UP_TO_TLS);
            if reads {
                let _ = hello(&stream);
            }
            let _ = stream.shutdown(Shutdown::Both);
        });
        let found = seen(address, "smtp");
        assert!(matches!(found.handshake, Some(Handshake::Failed(_))), "{:?}", found.handshake);
        assert!(found.versions.iter().all(|one| one.is_spoken() == Some(false)));
    }
}

#[test]
fn words_before_the_handshake_are_seen() {
    let address = serve_at_once(|stream| {
        say(&stream, &["220 mx\r\n", "250-mx\r\n250 STARTTLS\r\n", "220 go\r\n250 injected\r\n"]);
        hold(&stream);
    });
    assert_eq!(seen(address, "smtp").obstacle, Some(Obstacle::Fault(Fault::Injected)));
}

#[test]
fn a_server_without_room_for_more_leaves_the_rest_unknown() {
    let count = AtomicUsize::new(0);
    let address = serve_at_once(move |stream| {
        if count.fetch_add(1, Ordering::SeqCst) == 0 {
            say(&stream, UP_TO_TLS);
            let _ = hello(&stream);
        } else {
            say(&stream, &["421 4.7.0 too many connections\r\n"]);
        }
    });
    let found = seen(address, "smtp");
    assert_eq!(found.obstacle, None);
    for one in &found.versions {
        assert_eq!(one.is_spoken(), None);
        let Outcome::NotAsked(why) = &one.outcome else { panic!("{one:?}") };
        assert!(why.contains("too many connections"), "{why}");
    }
}

#[test]
fn a_server_that_has_room_later_is_asked_again() {
    let count = AtomicUsize::new(0);
    let address = serve_at_once(move |stream| {
        // The second to the fourth come too early.
        if (1..=3).contains(&count.fetch_add(1, Ordering::SeqCst)) {
            say(&stream, &["421 4.7.0 too many connections\r\n"]);
        } else {
            say(&stream, UP_TO_TLS);
            let _ = hello(&stream);
            let _ = (&stream).write_all(b"\x15\x03\x01\x00\x02\x02\x46");
            hold(&stream);
        }
    });
    let options = SurveyOptions { step: Duration::from_secs(10), ..OPTIONS };
    let (found, _) = look(&format!("{address}/smtp"), &options);
    assert!(
        found.versions.iter().all(|one| one.is_spoken() == Some(false)),
        "{:?}",
        found.versions
    );
}

#[test]
fn a_late_greeting_is_waited_for_on_every_connection() {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let address = serve_at_once(move |stream| {
        // Longer than a step.
        thread::sleep(Duration::from_millis(1500));
        counter.fetch_add(1, Ordering::SeqCst);
        say(&stream, UP_TO_TLS);
        let _ = hello(&stream);
        let _ = (&stream).write_all(b"\x15\x03\x01\x00\x02\x02\x46");
        hold(&stream);
    });
    let options = SurveyOptions {
        step: Duration::from_millis(700),
        patience: Duration::from_secs(20),
        ..OPTIONS
    };
    let (found, _) = look(&format!("{address}/smtp"), &options);
    assert_eq!(found.obstacle, None);
    let waited = found.opened.as_ref().unwrap().waited;
    assert!(waited >= Duration::from_millis(1500), "{waited:?}");
    assert!(
        found.versions.iter().all(|one| one.is_spoken() == Some(false)),
        "{:?}",
        found.versions
    );
    assert!(count.load(Ordering::SeqCst) >= 7);
    // Without patience it is left.
    let options = SurveyOptions { patience: Duration::from_millis(700), ..options };
    let (found, _) = look(&format!("{address}/smtp"), &options);
    assert_eq!(found.obstacle, Some(Obstacle::Late("its greeting")));
}
