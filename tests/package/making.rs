//! How the package is made.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::support::{Folder, MAILCA, Run, need};

/// The checkout.
pub const SOURCES: &str = env!("CARGO_MANIFEST_DIR");

/// The package of the program under test, made once; `None` where what makes it is missing, which is
/// then a counted skip.
macro_rules! need_package {
    () => {{
        $crate::support::need!("dh", "dpkg-shlibdeps", "make", "python3");
        $crate::making::package()
    }};
}
pub(crate) use need_package;

/// The made package. Whoever asks has seen that it can be made.
pub fn package() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("package");
        drop(fs::remove_dir_all(&folder));
        let run = script(Path::new(SOURCES), "deb").args(&["--binary", MAILCA, "--output"]);
        PathBuf::from(run.arg(folder.to_str().unwrap()).success().text().trim_end())
    })
}

/// A script of `packaging/`. What is made has the same time in every run.
fn script(within: &Path, name: &str) -> Run {
    let program = Path::new(SOURCES).join("packaging").join(name);
    Run::new(&program, within, "").env("SOURCE_DATE_EPOCH", "1764000000")
}

#[test]
fn two_packages_of_one_program_are_the_same() {
    let package = need_package!();
    let folder = Folder::empty();
    // From another folder, under another umask, later.
    let output = folder.path("made here");
    let run = script(folder.root(), "deb").args(&["--binary", MAILCA, "--output", "made here"]);
    run.umask("077").success();
    let again = output.join(package.file_name().unwrap());
    assert!(fs::read(package).unwrap() == fs::read(again).unwrap(), "the packages differ");
    // Nothing that was needed in between is left.
    assert_eq!(fs::read_dir(output).unwrap().count(), 1);
}

#[test]
fn a_mistyped_option_makes_nothing() {
    need!("bash");
    let folder = Folder::empty();
    for arguments in [&["--binray", MAILCA][..], &["extra"], &["--binary"]] {
        let outcome = script(folder.root(), "deb").args(arguments).output();
        assert_eq!(outcome.status, Some(2), "{outcome}");
        assert!(outcome.stdout.is_empty() && outcome.stderr.contains("usage: "), "{outcome}");
    }
    let outcome = script(folder.root(), "deb").args(&["--binary", "/not/there"]).exits(1);
    outcome.says(&["/not/there"]).says_nothing_of(&["usage: "]);
}
