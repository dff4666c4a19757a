//! `check` at a terminal: what is waited for is said, and what is done is told at once.

use std::net::TcpListener;
use std::sync::Mutex;
use std::sync::mpsc;

use crate::support::{Folder, MAILCA, Pty, say, serve_at_once};

#[test]
fn each_port_is_told_when_it_is_done() {
    let folder = Folder::with_ca();
    let (greet, may_greet) = mpsc::channel::<()>();
    let may_greet = Mutex::new(may_greet);
    let slow = serve_at_once(move |stream| {
        let _ = may_greet.lock().unwrap().recv();
        say(&stream, &["554 no\r\n"]);
    });
    let quick = serve_at_once(|stream| say(&stream, &["554 no\r\n"]));
    let line = format!("check {slow}/smtp {quick}/smtp");
    let mut terminal = Pty::start(MAILCA.as_ref(), folder.root(), &line);
    terminal.expect(&format!("{quick} (smtp)"));
    terminal.expect(&format!("waiting for {slow} (smtp) to answer; 1 of 2 done"));
    drop(greet);
    terminal.expect(&format!("{slow} (smtp)")).expect("turned-away");
    terminal.expect("2 ports:").expect("1 critical");
    let (screen, status) = terminal.finish();
    assert_eq!(status, 3, "{screen}");
}

#[test]
fn quietly_nothing_is_said_of_it() {
    let folder = Folder::with_ca();
    let slow = serve_at_once(|stream| {
        std::thread::sleep(std::time::Duration::from_secs(2));
        say(&stream, &["554 no\r\n"]);
    });
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let line = format!("check {slow}/smtp {closed}/smtp -q");
    let terminal = Pty::start(MAILCA.as_ref(), folder.root(), &line);
    let (screen, status) = terminal.finish();
    assert_eq!(status, 3, "{screen}");
    assert!(!screen.contains("waiting for"), "{screen}");
}
