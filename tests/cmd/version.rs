//! `--version`: the number, and in what is handed out the commit and its day.
//!
//! The build script is run as cargo does, in checkouts made for it.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use crate::support::{Folder, need};

#[test]
fn the_short_version_is_name_and_number_and_the_long_one_begins_so() {
    let folder = Folder::empty();
    let number = format!("mailca {}", env!("CARGO_PKG_VERSION"));
    assert_eq!(folder.mailca("-V").success().text(), format!("{number}\n"));
    let text = folder.mailca("--version").success().text();
    let rest = text.strip_prefix(&number).unwrap().trim_end();
    let stamp = rest.strip_prefix(" (").and_then(|rest| rest.strip_suffix(')'));
    assert!(rest.is_empty() || stamp.is_some(), "{text}");
    let is_day = |word: &str| word.len() == 10 && word.split('-').count() == 3;
    assert!(stamp.is_none_or(|stamp| stamp.split(' ').next_back().is_some_and(is_day)), "{text}");
}

/// The build script, made once.
fn build_script() -> &'static Path {
    static MADE: LazyLock<Folder> = LazyLock::new(|| {
        let folder = Folder::empty();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("build.rs");
        let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
        let made = Command::new(rustc)
            .args(["--edition", "2024", "-o"])
            .arg(folder.path("build-script"))
            .arg(source)
            .status();
        assert!(made.unwrap().success());
        folder
    });
    static PATH: LazyLock<std::path::PathBuf> = LazyLock::new(|| MADE.path("build-script"));
    &PATH
}

/// What the build script says in a folder: the long version, and the files that it watches.
fn built(folder: &Folder, profile: &str, epoch: Option<&str>) -> (String, Vec<String>) {
    let mut command = Command::new(build_script());
    command.current_dir(folder.root()).env_remove("SOURCE_DATE_EPOCH");
    command.env("CARGO_MANIFEST_DIR", folder.root()).env("CARGO_PKG_VERSION", "1.2.3");
    // Whatever lies above the folder is no checkout.
    command.env("GIT_CEILING_DIRECTORIES", folder.root().parent().unwrap());
    command.env("PROFILE", profile).env("AWS_LC_SYS_NO_JITTER_ENTROPY", "1");
    if let Some(epoch) = epoch {
        command.env("SOURCE_DATE_EPOCH", epoch);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let all = |key: &str| -> Vec<String> {
        text.lines().filter_map(|line| line.strip_prefix(key)).map(String::from).collect()
    };
    let version = all("cargo::rustc-env=MAILCA_LONG_VERSION=").remove(0);
    (version, all("cargo::rerun-if-changed="))
}

fn checkout() -> Folder {
    let folder = Folder::empty();
    folder.write("file", "one\n");
    folder
        .bash(
            "git init -q; git config user.name Test; git config user.email test@example.com; git add file
             GIT_COMMITTER_DATE='2026-03-01T00:30:00+0100' git commit -q -m one",
        )
        .success();
    folder
}

#[test]
fn a_checkout_says_its_commit_and_the_day_of_it() {
    need!("git");
    let folder = checkout();
    let hash = folder.bash("git rev-parse HEAD").success().text()[..12].to_owned();
    // Half an hour past midnight in Paris is the day before in UTC.
    let (version, watched) = built(&folder, "release", None);
    assert_eq!(version, format!("1.2.3 ({hash} 2026-02-28)"));
    for name in [".git/HEAD", ".git/index"] {
        assert!(watched.iter().any(|path| path.ends_with(name)), "{watched:?}");
    }
    let all_there = watched.iter().skip(1).all(|path| folder.path(path).exists());
    assert!(all_there, "{watched:?}");
    // Asking leaves no trace, or every build would be a new one.
    let before = folder.read(".git/index");
    folder.bash("touch file").success();
    assert_eq!(built(&folder, "release", None).0, version);
    assert_eq!(folder.read(".git/index"), before);
    folder.write("another", "not in git\n");
    assert_eq!(built(&folder, "release", None).0, version);
    folder.write("file", "two\n");
    assert_eq!(built(&folder, "release", None).0, format!("1.2.3 ({hash}+ 2026-02-28)"));
}

#[test]
fn source_date_epoch_goes_before_the_commits_day() {
    need!("git");
    let folder = checkout();
    for (epoch, day) in [
        ("0", "1970-01-01"),
        ("951782399", "2000-02-28"),
        ("951782400", "2000-02-29"),
        ("1709251199", "2024-02-29"),
        ("1798761599", "2026-12-31"),
        ("4107542400", "2100-03-01"),
    ] {
        let (version, _) = built(&folder, "release", Some(epoch));
        assert!(version.ends_with(&format!(" {day})")), "{epoch}: {version}");
    }
}

#[test]
fn an_archive_has_the_number_and_no_more_than_it_was_told() {
    let folder = Folder::empty();
    assert_eq!(built(&folder, "release", None).0, "1.2.3");
    assert_eq!(built(&folder, "release", Some("1798761599")).0, "1.2.3 (2026-12-31)");
    // Not even the commit of a checkout that it happens to lie in.
    need!("git");
    let outer = checkout();
    outer.mkdir("mailca-1.2.3");
    let mut command = Command::new(build_script());
    let inner = outer.path("mailca-1.2.3");
    command.current_dir(&inner).env("CARGO_MANIFEST_DIR", &inner).env("PROFILE", "release");
    command.env("CARGO_PKG_VERSION", "1.2.3").env_remove("SOURCE_DATE_EPOCH");
    let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
    assert!(text.contains("MAILCA_LONG_VERSION=1.2.3\n"), "{text}");
}

#[test]
fn work_in_progress_is_not_built_anew_after_every_commit() {
    need!("git");
    let (version, watched) = built(&checkout(), "debug", None);
    assert_eq!((version.as_str(), watched.as_slice()), ("1.2.3", &["build.rs".to_owned()][..]));
}
