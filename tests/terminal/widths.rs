//! Tables and reports in terminals of several widths.

use std::path::Path;

use crate::support::{Folder, MAILCA, Pty};

const NAME: &str = "a-rather-long-host-name.mail.department.example.com";

fn with_long_names() -> Folder {
    let folder = Folder::with_ca();
    folder
        .mailca(&format!("issue --cn {NAME} long --days 20"))
        .args(&["--org", "A Company With A Long Name Incorporated", "--ou", "Electronic Mail"])
        .success();
    folder
}

/// What a command shows in a terminal of so many columns.
fn shown(folder: &Folder, columns: usize, line: &str) -> String {
    let bin = Path::new(MAILCA).parent().unwrap().display();
    let script = format!("stty cols {columns}; PATH={bin}:$PATH; NO_COLOR=1 mailca {line}");
    let terminal = Pty::start_with("/bin/bash".as_ref(), folder.root(), "-c", &[&script]);
    terminal.finish().0.replace('\r', "")
}

/// No line is longer than the terminal is wide, but for what has to be copied whole.
fn fits(screen: &str, columns: usize) {
    for line in screen.lines() {
        let value = line.rsplit("  ").next().unwrap().trim();
        let is_whole = !value.contains(' ') || line.contains(NAME);
        assert!(line.chars().count() <= columns || is_whole, "{columns}: {line}\n{screen}");
    }
    assert!(!screen.contains('\u{1b}'), "no colour was asked for: {screen:?}");
}

#[test]
fn a_list_is_broken_where_the_terminal_ends() {
    let folder = with_long_names();
    for columns in [60, 80, 200] {
        let screen = shown(&folder, columns, "list");
        fits(&screen, columns);
        assert!(screen.contains(NAME) && screen.contains("SERIAL"), "{screen}");
    }
    let wide = shown(&folder, 200, "list");
    assert_eq!(wide.lines().count(), 3, "{wide}");
    // What is read by a program has a line for each certificate.
    assert_eq!(folder.mailca("list").success().text().lines().count(), 3);
}

#[test]
fn status_check_and_show_go_by_the_terminal_too() {
    let folder = with_long_names();
    for columns in [60, 80, 200] {
        for line in ["status", "show long/cert.pem", "check --explain login-before-tls"] {
            fits(&shown(&folder, columns, line), columns.min(100));
        }
        // Nobody is there: the finding says what to do.
        let screen = shown(&folder, columns, "check 127.0.0.1:1/smtp 2>/dev/null");
        assert!(screen.contains("critical"), "{screen}");
        fits(&screen, columns.min(100));
    }
}
