//! `newca`, `newreq` and `sign` ask for what was not given; Ctrl-C leaves nothing behind.

use crate::support::{CTRL_C, Folder, MAILCA, Pty, Snapshot, need};

/// The questions of a command, in their order, each with an answer.
struct Dialogue {
    line: &'static str,
    before: fn() -> Folder,
    questions: &'static [(&'static str, &'static str)],
}

const DIALOGUES: [Dialogue; 4] = [
    Dialogue {
        line: "newca",
        before: Folder::empty,
        questions: &[
            ("Organization", "Example Inc"),
            ("Unit", "Mail"),
            ("Town", "Gießen"),
            ("State or province", ""),
            ("Country", "DE"),
            ("Name of the CA", "Our CA"),
            ("E-mail", "ca@example.com"),
        ],
    },
    Dialogue {
        line: "newreq",
        before: Folder::with_ca,
        questions: &[
            ("Name of the mail host", "mail.example.com"),
            ("Organization", "Other Inc"),
            ("Unit", ""),
            ("Town", ""),
            ("State or province", "Hessen"),
            ("Country", "DE"),
        ],
    },
    Dialogue {
        line: "newreq --user joe --email joe@example.com joe",
        before: Folder::with_ca,
        questions: &[
            ("Organization", ""),
            ("Unit", ""),
            ("Town", ""),
            ("State or province", ""),
            ("Country", ""),
        ],
    },
    Dialogue {
        line: "sign other.csr --profile server",
        before: with_foreign_request,
        questions: &[("[y/N]", "y")],
    },
];

fn with_foreign_request() -> Folder {
    let folder = Folder::with_ca();
    folder.simple_request("other", "/CN=mail.example.com", "DNS:mail.example.com");
    folder
}

fn start(dialogue: &Dialogue, folder: &Folder) -> Pty {
    Pty::start(MAILCA.as_ref(), folder.root(), dialogue.line)
}

/// Answers the first so many questions, and waits for the one after them.
fn answer(terminal: &mut Pty, dialogue: &Dialogue, count: usize) {
    for (question, answer) in &dialogue.questions[..count] {
        terminal.expect(question).answer(answer);
    }
}

#[test]
fn every_question_is_answered_and_the_work_is_done() {
    need!("openssl");
    for dialogue in &DIALOGUES {
        let folder = (dialogue.before)();
        let mut terminal = start(dialogue, &folder);
        answer(&mut terminal, dialogue, dialogue.questions.len());
        let (screen, status) = terminal.finish();
        assert_eq!(status, 0, "{screen}");
        let (show, words): (&str, &[&str]) = match dialogue.line {
            "newca" => (
                "x509 -noout -subject -nameopt RFC2253,-esc_msb,utf8 -in demoCA/cacert.pem",
                &["O=Example Inc", "OU=Mail", "L=Gießen", "C=DE", "CN=Our CA"],
            ),
            "newreq" => (
                "req -noout -subject -nameopt RFC2253 -in req.pem",
                &["CN=mail.example.com", "O=Other Inc", "ST=Hessen", "C=DE"],
            ),
            "sign other.csr --profile server" => {
                ("x509 -noout -subject -in other.cert.pem", &["mail"])
            }
            _ => ("req -noout -subject -nameopt RFC2253 -in joe/req.pem", &["CN=joe", "O=Example"]),
        };
        folder.openssl(show).success().says(words);
    }
}

#[test]
fn enter_alone_takes_the_defaults() {
    need!("openssl");
    let folder = Folder::empty();
    let mut terminal = Pty::start(MAILCA.as_ref(), folder.root(), "newca");
    for (question, _) in DIALOGUES[0].questions {
        terminal.expect(question).answer("");
    }
    let (screen, status) = terminal.finish();
    assert_eq!(status, 0, "{screen}");
    let subject = folder.openssl("x509 -noout -subject -nameopt RFC2253 -in demoCA/cacert.pem");
    let subject = subject.success().text();
    assert!(subject.trim().ends_with(" Mail CA"), "{subject}");
    assert!(!subject.contains("O=") && !subject.contains("C="), "{subject}");
}

#[test]
fn what_was_given_is_not_asked_for() {
    let folder = Folder::empty();
    let line =
        "newca --cn Given --org Given --ou Given --locality Given --state Given --country DE";
    let terminal =
        Pty::start_with(MAILCA.as_ref(), folder.root(), line, &["--email", "ca@example.com"]);
    let (screen, status) = terminal.finish();
    assert_eq!(status, 0, "{screen}");
    assert!(!screen.contains('?'), "{screen}");
    let terminal = Pty::start(MAILCA.as_ref(), folder.root(), "newca --no-input --ca-dir other");
    let (screen, status) = terminal.finish();
    assert_eq!(status, 0, "{screen}");
}

#[test]
fn ctrl_c_at_every_question_leaves_nothing_behind() {
    for dialogue in &DIALOGUES {
        for count in 0..dialogue.questions.len() {
            let folder = (dialogue.before)();
            let before = Snapshot::of(folder.root());
            let mut terminal = start(dialogue, &folder);
            answer(&mut terminal, dialogue, count);
            let question = dialogue.questions[count].0;
            terminal.expect(question).send(CTRL_C);
            // That echo and cursor are as they were is part of it.
            let (screen, status) = terminal.finish();
            assert_ne!(status, 0, "{} at {question}: {screen}", dialogue.line);
            assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "", "{question}");
        }
    }
}

#[test]
fn the_end_of_input_is_no_answer() {
    for dialogue in &DIALOGUES {
        let folder = (dialogue.before)();
        let before = Snapshot::of(folder.root());
        let mut terminal = start(dialogue, &folder);
        let question = dialogue.questions[0].0;
        terminal.expect(question);
        // The terminal goes away, as when an ssh connection is lost.
        let status = terminal.hang_up();
        assert_ne!(status, 0, "{} at {question}", dialogue.line);
        assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "", "{question}");
    }
}

#[test]
fn a_bad_answer_is_asked_for_again() {
    let folder = Folder::empty();
    let mut terminal = Pty::start(MAILCA.as_ref(), folder.root(), "newca");
    for (question, answer) in [
        ("Organization", ""),
        ("Unit", ""),
        ("Town", ""),
        ("State or province", ""),
        ("Country", "Germany"),
        ("letters", ""),
        ("Name of the CA", ""),
        ("E-mail", "nobody"),
        ("nobody", ""),
    ] {
        terminal.expect(question).answer(answer);
    }
    // The refused answers stay in the line until they are taken away.
    let (screen, status) = terminal.finish_answering(":", "\x15");
    assert_eq!(status, 0, "{screen}");
}

#[test]
fn no_is_exit_status_1_and_nothing_is_written() {
    need!("openssl");
    for answer in ["n", "no", ""] {
        let folder = with_foreign_request();
        let before = Snapshot::of(folder.root());
        let line = "sign other.csr --profile server";
        let mut terminal = Pty::start(MAILCA.as_ref(), folder.root(), line);
        terminal.expect("mail.example.com").expect("[y/N]").answer(answer);
        let (screen, status) = terminal.finish();
        assert_eq!(status, 1, "{screen}");
        assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "", "{answer:?}");
    }
}

#[test]
fn the_profile_of_a_foreign_request_is_proposed() {
    need!("openssl");
    for (answer, purpose) in [("", "SSL server : Yes"), ("client", "SSL server : No")] {
        let folder = with_foreign_request();
        let mut terminal = Pty::start(MAILCA.as_ref(), folder.root(), "sign other.csr");
        terminal.expect("What is mail.example.com?").expect("[server]").answer(answer);
        terminal.expect("[y/N]").answer("y");
        let (screen, status) = terminal.finish();
        assert_eq!(status, 0, "{screen}");
        folder.openssl("x509 -noout -purpose -in other.cert.pem").success().says(&[purpose]);
    }
}

#[test]
fn yes_asks_nothing() {
    let folder = with_foreign_request();
    let line = "sign other.csr --profile server --yes";
    let (screen, status) = Pty::start(MAILCA.as_ref(), folder.root(), line).finish();
    assert_eq!(status, 0, "{screen}");
    assert!(!screen.contains("[y/N]"), "{screen}");
}
