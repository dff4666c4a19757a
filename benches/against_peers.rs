//! mailca beside openssl, CA.pl, easy-rsa, certtool and mkcert, as whole processes.
//!
//! # How to run it
//!
//! ```text
//! cargo bench --bench against_peers            # all cases
//! cargo bench --bench against_peers -- sign    # the cases with `sign` in their name
//! MAILCA_BENCH_DIR=/srv/scratch cargo bench --bench against_peers
//! ```
//!
//! The folder to work in is `MAILCA_BENCH_DIR`, else `target/tmp`. It has to be on the kind of disk
//! that is asked about: on a tmpfs an fsync costs nothing, and the file system's type stands in the
//! first line for that reason. Everything is made in one new folder there, every round in one of its
//! own, and that folder is removed at the end; ctrl-C leaves it behind. ext4 creates files slowly for
//! some minutes after thousands were deleted, so a run right after another one is a bad run.
//! `MAILCA_BENCH_ROUNDS` replaces the number of rounds; without cargo's `--bench` argument (as in
//! `cargo test --all-targets`) there is one round of each, to see that it works.
//!
//! # How to read it
//!
//! A round is the one program and then the other, A B A B, after a warm-up that is not counted, in
//! fresh folders that are prepared outside of the measured time. A row gives both medians in
//! milliseconds, the ratio of the medians, and the least and the greatest ratio within one round. The
//! ratios are what lasts; the milliseconds are this machine's. docs/speed.md says why they are what they are.
//! No time makes it fail. Its exit status is 1 where mailca fails in a case, and where a peer is
//! missing while `CI` is set; the row says so.
//!
//! Others that use the disk meanwhile decide the result: where the parts `file` take over 1 ms on a
//! local disk, or ranges are wide, wait and run it again.
//!
//! The table of parts says where mailca's time goes: the start of any process, of mailca itself, the
//! keys and signatures as aws-lc-rs makes them without anything around, and the waiting for the disk,
//! which is the same for everyone who waits for it. mailca does: each file
//! is fsynced, named, and its folder fsynced, several times in a command. openssl and CA.pl never
//! wait, and can leave an empty certificate or a serial number used twice after a power cut. The
//! comparison is of what an administrator waits for, and mailca's durability is not taken out of it.
//!
//! # What is fair in each case
//!
//! All keys are P-256 and unencrypted, on both sides. Output goes to `/dev/null`.
//!
//! - `workflow, CA.pl`: three runs of mailca, `newca`, `newreq --cn`, `sign`, against three runs of
//!   CA.pl, `-newca`, `-newreq-nodes`, `-sign`, which start perl and four openssl in all. CA.pl makes
//!   RSA keys and asks for passphrases, so `-extra-req` says P-256 and `-nodes`, and
//!   `OPENSSL_CONFIG=-batch` (its words go to `req` and to `ca`) answers the questions. Both keep an
//!   index and a copy of the certificate; CA.pl's certificate has no subjectAltName.
//! - `workflow, openssl`: the same against the three bare commands, `req -x509`, `req -new`,
//!   `x509 -req`. They keep no index and no copy, so this peer does less.
//! - `workflow, easy-rsa`: `init-pki`, `build-ca nopass`, `gen-req nopass`, `sign-req`. It keeps what
//!   mailca keeps: an index, the request, a copy of the certificate by its number.
//! - `workflow, certtool`: five runs, since GnuTLS makes keys in runs of their own. No index, no copy.
//! - `workflow, mkcert`: one run makes all, without an index, a request or a copy; there is nothing
//!   with less to do.
//! - `sign`: `mailca sign` against `openssl ca -batch -notext` with the `openssl.cnf` that `mailca
//!   newca` left, in the same kind of folder, made by mailca on both sides; the index has one line.
//! - `export-p12`: the password comes from a file, the iterations are equal and openssl's `-iter` is
//!   for the MAC as well; AES-256, three key derivations of one certificate's chain and a key. mailca
//!   verifies the chain before it, and opens the file and compares it after it.
//! - `show`: `show --text` against `x509 -text -noout`.
//! - `verify`: chain, dates, purpose and host name, with the CA given to both.

#[path = "against_peers/cases.rs"]
mod cases;
#[path = "against_peers/measure.rs"]
mod measure;
#[path = "against_peers/parts.rs"]
mod parts;
#[path = "against_peers/place.rs"]
mod place;
#[path = "against_peers/program.rs"]
mod program;

use std::io::{self, Write};
use std::process::ExitCode;

use cases::Case;
use measure::{Outcome, Pairs};
use place::Place;

fn main() -> io::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // cargo adds --bench; what else begins with a hyphen is for the harness that this one is not.
    let measuring = arguments.iter().any(|argument| argument == "--bench");
    let chosen: Vec<&String> =
        arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let rounds = match std::env::var("MAILCA_BENCH_ROUNDS") {
        Ok(text) => Some(text.parse().map_err(io::Error::other)?),
        Err(_) => (!measuring).then_some(1),
    };
    let place = Place::make()?;
    let out = &mut io::stdout().lock();
    writeln!(out, "{} cores, {}", std::thread::available_parallelism()?, place.description())?;
    let mut failed = false;
    let mut peer_is_missing = false;
    heading(out)?;
    for case in cases::all()? {
        if !chosen.is_empty() && !chosen.iter().any(|part| case.name.contains(part.as_str())) {
            continue;
        }
        let outcome = measure::run(&case, rounds.unwrap_or(case.rounds).max(1), &place)?;
        failed |= matches!(outcome, Outcome::Failed(_));
        peer_is_missing |= matches!(outcome, Outcome::Missing(_));
        row(out, &case, &outcome)?;
    }
    parts::print_sizes(out)?;
    parts::print(out, rounds.unwrap_or(50).max(1), &place)?;
    let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    Ok(if failed || (ci && peer_is_missing) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn heading(out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "\n{:<26} {:>10} {:>10} {:>7}  {:<14} {:>6}",
        "case", "mailca ms", "peer ms", "ratio", "in a round", "rounds"
    )
}

fn row(out: &mut impl Write, case: &Case, outcome: &Outcome) -> io::Result<()> {
    match outcome {
        Outcome::Measured(pairs) => {
            let Pairs { mailca, peer } = pairs;
            let (least, greatest) = pairs.extremes();
            let range = format!("{least:.1}..{greatest:.1}");
            writeln!(
                out,
                "{:<26} {:>10.2} {:>10.2} {:>6.1}x  {range:<14} {:>6}",
                case.name,
                measure::milliseconds(measure::median(mailca)),
                measure::milliseconds(measure::median(peer)),
                pairs.ratio(),
                mailca.len(),
            )
        }
        Outcome::Missing(program) => {
            writeln!(out, "{:<26} not measured: {program} is not installed", case.name)
        }
        Outcome::Failed(reason) => writeln!(out, "{:<26} FAILED: {reason}", case.name),
    }
}
