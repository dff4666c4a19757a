//! The lists of persons that `mailca issue --from` takes.

use std::path::Path;
use std::sync::LazyLock;

use clap::Parser;
use mailca::cli::{Cli, Command};
use mailca::commands::issue::bulk::person::{Defaults, Person};
use mailca::commands::issue::bulk::rows::{self, COLUMNS, Row};
use mailca::store::config::Settings;

/// What holds for everybody.
static DEFAULTS: LazyLock<Defaults> = LazyLock::new(|| {
    let cli = Cli::try_parse_from(["mailca", "issue", "--from", "list", "--org", "Example"]);
    let Ok(Command::Issue(args)) = cli.map(|cli| cli.command) else { panic!("it is a command") };
    Defaults::new(&args, 365, None, &Settings::default()).expect("they are as wanted")
});

/// A row says the same when it is written in JSON, and a person stays in a folder of his own.
pub fn check(input: &[u8]) {
    let found = match rows::read(input) {
        Ok(found) => found,
        Err(error) => return super::assert_error_is_plain(&error),
    };
    for mut row in found {
        if let Some(fault) = row.take_fault() {
            super::assert_error_is_plain(&fault);
            continue;
        }
        let mut again = rows::read(json(&row).as_bytes()).expect("it is JSON");
        assert_eq!(again.len(), 1);
        let again = again.remove(0);
        assert!(COLUMNS.iter().all(|column| again.get(column) == row.get(column)));
        check_person(&row);
    }
}

fn check_person(row: &Row) {
    let ca_dir = Path::new("demoCA");
    let person = match Person::new(row, &DEFAULTS, ca_dir) {
        Ok(person) => person,
        Err(error) => return super::assert_error_is_plain(&error),
    };
    assert_eq!(Some(person.login.as_str()), row.get("login"));
    assert!(!person.login.contains('/') && !person.login.starts_with('.'));
    assert_eq!(person.subject.common_name(), Some(person.login.clone()));
    assert_eq!(person.folder.path().file_name(), Some(person.login.as_ref()));
    assert_eq!(person.names.first(), Some(&person.email));
    assert!((1..=36_500).contains(&person.terms.days));
    for name in &person.names {
        assert_eq!(name.validated().ok().as_ref(), Some(name));
    }
}

fn json(row: &Row) -> String {
    let pairs =
        COLUMNS.iter().filter_map(|column| Some(((*column).to_owned(), row.get(column)?.into())));
    serde_json::Value::Object(pairs.collect()).to_string()
}
