//! `help`: what it lists, and what it makes of a word. What the pages say is tried in tests/interop and tests/servers.

use serde_json::Value;

use crate::support::Folder;

const TOPICS: [&str; 12] = [
    "sendmail",
    "postfix",
    "exim",
    "dovecot",
    "opensmtpd",
    "pkcs12",
    "renewal",
    "moving",
    "lost-key",
    "from-ca-pl",
    "from-easy-rsa",
    "from-mkcert",
];

#[test]
fn without_a_word_commands_and_topics_are_listed() {
    let folder = Folder::empty();
    let text = folder.mailca("help").success().text();
    assert!(text.starts_with(&folder.mailca("--help").success().text()), "{text}");
    let topics = text.split("Topics").nth(2).or(text.split("Topics").nth(1)).unwrap();
    for topic in TOPICS {
        let line = topics.lines().find(|line| line.trim().split(' ').next() == Some(topic));
        assert!(line.is_some_and(|line| line.len() > 25 && line.len() <= 80), "{topic}: {topics}");
    }
    let report: Value =
        serde_json::from_str(&folder.mailca("help --json").success().text()).unwrap();
    let names = |key: &str| -> Vec<String> {
        let all = report[key].as_array().unwrap().iter();
        all.map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("topics"), TOPICS);
    assert!(names("commands").contains(&"newca".to_owned()), "{report}");
}

#[test]
fn a_topic_is_a_page_that_fits_a_terminal() {
    let folder = Folder::empty();
    for topic in TOPICS {
        let text = folder.mailca("help").arg(topic).success().text();
        assert!(text.lines().count() > 20 && text.lines().all(|line| line.len() <= 80), "{text}");
        // Whatever is named in it exists: commands with their options, and other topics.
        for words in text.split("`mailca help ").skip(1) {
            folder.mailca(&format!("help {}", words.split('`').next().unwrap())).success();
        }
    }
    assert_eq!(
        folder.mailca("help POSTFIX").success().text(),
        folder.mailca("help postfix").success().text()
    );
    let report = folder.mailca("help moving --json").success().text();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["topic"], "moving");
    assert_eq!(report["text"].as_str().unwrap(), folder.mailca("help moving").success().text());
}

#[test]
fn of_a_command_it_is_what_the_command_prints_itself() {
    let folder = Folder::empty();
    for command in ["newca", "config", "config postfix", "help", "man"] {
        let text = folder.mailca(&format!("help {command}")).success().text();
        let own = folder.mailca(command).arg("--help").success().text();
        assert_eq!(text, own);
    }
    let coloured = folder.mailca("help newca --color always").success().text();
    assert!(coloured.contains("\x1b["), "{coloured}");
    let report = folder.mailca("help config --json").success().text();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["commands"].as_array().unwrap().len(), 6, "{report}");
}

#[test]
fn what_is_mistyped_gets_the_nearest_name() {
    let folder = Folder::empty();
    for (words, near) in [
        ("postifx", "help postfix"),
        ("lostkey", "help lost-key"),
        ("easy-rsa", "help from-easy-rsa"),
        ("newac", "help newca"),
        ("config postfx", "help config postfix"),
        ("Renewall", "help renewal"),
    ] {
        folder.mailca("help").args(&words.split(' ').collect::<Vec<_>>()).usage(&[near, "meant"]);
    }
    folder.mailca("help xyzzy").usage(&["neither a command nor a topic", "lists"]);
    folder.mailca("help newca more").usage(&["newca more"]);
    folder.mailca("help").arg("a\u{1b}[31m").usage(&["neither"]).says_nothing_of(&["\u{1b}[31m"]);
}
