//! Tells whoever builds outside the checkout what they miss, and says which commit is built.
//!
//! `MAILCA_LONG_VERSION` is `0.1.0 (COMMIT DATE)` and `MAILCA_DATE` the day of the manual pages. The day is that of `SOURCE_DATE_EPOCH`,
//! else of the commit, and never the clock's, so that the same source gives the same program. Without git, as from
//! an archive, no commit is said; without either the number stands alone, and so it does in builds with
//! debug assertions, which would be made anew after every commit.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=AWS_LC_SYS_NO_JITTER_ENTROPY");
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    if env::var_os("AWS_LC_SYS_NO_JITTER_ENTROPY").is_none() {
        println!(
            "cargo::warning=every command will take 40 ms longer: build in the checkout, whose \
             .cargo/config.toml says so, or with AWS_LC_SYS_NO_JITTER_ENTROPY=1"
        );
    }
    let is_handed_out = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let commit = if is_handed_out { commit() } else { None };
    let seconds = match env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text.trim().parse().ok(),
        Err(_) => commit.as_ref().map(|(_, seconds)| *seconds),
    };
    let stamp_day = seconds.filter(|_| is_handed_out).map(day).unwrap_or_default();
    let name = commit.map(|(name, _)| name).unwrap_or_default();
    let number = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let stamp = format!("{name} {stamp_day}");
    let long = match stamp.trim() {
        "" => number,
        stamp => format!("{number} ({stamp})"),
    };
    println!("cargo::rustc-env=MAILCA_LONG_VERSION={long}");
    println!(
        "cargo::rustc-env=MAILCA_DATE={}",
        seconds.or_else(packed).map(day).unwrap_or_default()
    );
}

/// The commit in the checkout, with a `+` where something is changed, and when it was made, in seconds since 1970.
fn commit() -> Option<(String, i64)> {
    let root = env::var("CARGO_MANIFEST_DIR").ok()?;
    // An archive that was unpacked in the checkout of something else is not that something.
    let top = git(&["rev-parse", "--show-toplevel"])?;
    if Path::new(&top).canonicalize().ok()? != Path::new(&root).canonicalize().ok()? {
        return None;
    }
    let hash = git(&["rev-parse", "HEAD"])?;
    let seconds = git(&["show", "-s", "--format=%ct", "HEAD"])?.parse().ok()?;
    let mut watched = vec!["HEAD".to_owned(), "index".to_owned(), "packed-refs".to_owned()];
    watched.extend(git(&["symbolic-ref", "-q", "HEAD"]));
    for name in watched {
        // What is not there would have everything built anew each time.
        if let Some(path) = git(&["rev-parse", "--git-path", &name])
            && Path::new(&root).join(&path).exists()
        {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    let changes = git(&["status", "--porcelain", "--untracked-files=no"])?;
    // Git's own abbreviation grows with the number of objects that happen to be there.
    let short = hash.get(..12)?;
    Some((format!("{short}{}", if changes.is_empty() { "" } else { "+" }), seconds))
}

/// When Cargo.toml was written: in an archive, that is what who packed it says.
fn packed() -> Option<i64> {
    let manifest = Path::new(&env::var("CARGO_MANIFEST_DIR").ok()?).join("Cargo.toml");
    let written = manifest.metadata().ok()?.modified().ok()?;
    i64::try_from(written.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs()).ok()
}

/// What git prints, where it is there and content. It must not write to the index, which is watched.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("--no-optional-locks").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// The day in UTC, as `2026-11-25`, of so many seconds since 1970. Years are counted from March, so that the day
/// that a leap year adds is their last.
fn day(seconds: i64) -> String {
    let days = seconds.div_euclid(86_400) + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}
