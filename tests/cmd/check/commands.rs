//! Every command of mailca's own that the pages of the findings name is one that it takes.

use clap::Parser;
use mailca::cli::Cli;
use mailca::mail::check::{Issue, Page};

/// What is in backticks in a text, of mailca's commands.
fn commands(text: &str) -> Vec<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(|one| *one == "mailca" || one.starts_with("mailca ")).map(str::to_owned).collect()
}

#[track_caller]
fn is_taken(command: &str, place: &str) {
    let known = [
        ("HOST", "mx.example.com"),
        ("FOLDER", "mx"),
        ("SERVER", "postfix"),
        ("NEW", "new"),
        ("NAME", "joeuser"),
        ("CERT", "cert.pem"),
        ("KEY", "key.pem"),
        ("OTHER", "mail.example.com"),
    ];
    let mut line = command.to_owned();
    for (word, value) in known {
        line = line.replace(word, value);
    }
    assert!(
        !line
            .split(' ')
            .any(|word| word.len() > 2 && word.bytes().all(|one| one.is_ascii_uppercase())),
        "{place}: a placeholder that nobody fills in: {command}"
    );
    // What it is piped into is the shell's.
    let line = line.split(" | ").next().unwrap_or_default();
    if let Err(error) = Cli::try_parse_from(line.split(' ')) {
        panic!("{place}: {command}: {error}");
    }
}

#[test]
fn the_pages_name_commands_that_are_taken() {
    let mut count = 0;
    for issue in Issue::ALL {
        let page = Page::of(*issue);
        let mends = page.mends.iter().map(|(_, mend)| mend);
        for text in mends.chain(&page.more).chain([&page.why]) {
            for command in commands(text) {
                is_taken(&command, issue.id());
                count += 1;
                // A command that does not say for what takes the current folder, where mostly nothing is.
                let words: Vec<_> = command.split(' ').collect();
                let is_whole = words.len() > 2 || ["rekey-ca", "doctor"].contains(&words[1]);
                assert!(is_whole, "{}: {command} is not the whole of it", issue.id());
                if words[1] == "install" {
                    let says = |option| words.contains(&option);
                    assert!(says("--for") || says("--forget"), "{}: {command}", issue.id());
                }
            }
        }
    }
    assert!(count > 30, "{count}");
}

/// What is printed alone changes nothing, and what takes the place of other roles or of a revocation list takes
/// them away.
#[test]
fn what_the_pages_say_of_configurations_has_an_effect() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
    let own = std::fs::read_to_string(format!("{folder}/check-folder.md")).unwrap();
    let own = own.split_whitespace().collect::<Vec<_>>().join(" ");
    let pages = Issue::ALL.iter().flat_map(|issue| {
        let mends = Page::of(*issue).mends.into_iter();
        mends.map(|(server, mend)| (format!("{}, {server}", issue.id()), mend))
    });
    let mut count = 0;
    for (place, mend) in pages.chain([("a folder".to_owned(), own)]) {
        for command in commands(&mend) {
            let Some(rest) = command.strip_prefix("mailca config ") else { continue };
            let (options, piped) = rest.split_once(" | ").unwrap_or((rest, ""));
            match options.split(' ').next().unwrap() {
                "postfix" | "exim" => assert_eq!(piped, "sh", "{place}: {command}"),
                "dovecot" => {
                    assert!(piped.starts_with("(cd /etc/dovecot/conf.d && awk "), "{place}");
                    let is_whole = options.contains("receive,relay-by-cert --crl");
                    assert!(is_whole || !options.contains("--role"), "{place}: {command}");
                }
                "sendmail" => assert!(options.contains("--merge"), "{place}: {command}"),
                // A whole file to be read first, and a placeholder.
                _ => assert!(mend.contains("prints"), "{place}: {command}"),
            }
            let by_certificate = options.contains("relay-by-cert");
            assert!(by_certificate || !options.contains("--crl"), "{place}: {command}");
            assert_eq!(by_certificate, options.contains("receive,relay-by-cert"), "{place}");
            count += 1;
        }
    }
    assert!(count > 15, "{count}");
}

#[test]
fn the_documentation_names_commands_that_are_taken() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/check.md");
    let page = std::fs::read_to_string(path).unwrap();
    for command in commands(&page).iter().filter(|command| command.contains(' ')) {
        let command = command.replace('\n', " ");
        if command != "mailca check" {
            is_taken(&command, "docs/check.md");
        }
    }
}
