//! mailca and `openssl ca` in a CA folder with a large index.txt, as whole processes.
//!
//! # How to run it
//!
//! ```text
//! cargo bench --bench large_index                                 # a million lines
//! MAILCA_BENCH_LINES=100000 cargo bench --bench large_index       # fewer
//! ```
//!
//! The folder to work in is `MAILCA_BENCH_DIR`, else `target/tmp`; it needs some 600 bytes a line.
//! Without cargo's `--bench` argument (as in `cargo test --all-targets`) there are 1,000 lines and one
//! round, to see that it works.
//!
//! # How to read it
//!
//! index.txt is fabricated: rows of the length that they have in practice, each of another subject and
//! serial, whose certificates do not exist. A round is the one program and then the other, in the same
//! folder, each after the disk has been given all that was written. A row gives both medians in
//! milliseconds, their ratio, and the greatest amount of memory that each had in use, as the kernel tells
//! it of the running process; it is asked every half millisecond, so that a short process may have had a
//! little more.
//!
//! - `sign`: a request is signed at an index of one line (no peer), and at the large one, against `openssl
//!   ca`, which reads all of the index and writes it anew; each by itself, one after the other.
//! - `list --expiring`, `status`: openssl has nothing like them; beside them stands `openssl ca -status
//!   SERIAL`, which reads the same file to look up one line.
//! - `crl`: all rows are revoked; against `openssl ca -gencrl`.
//!
//! No time makes it fail; its exit status is 1 where a program fails.

#[path = "against_peers/place.rs"]
mod place;
#[path = "against_peers/program.rs"]
mod program;

#[path = "large_index/folder.rs"]
mod folder;
#[path = "large_index/round.rs"]
mod round;

use std::io::{self, Write};
use std::process::ExitCode;

use place::Place;
use program::Program;
use round::{Measured, Side};

fn main() -> io::Result<ExitCode> {
    let measuring = std::env::args().any(|argument| argument == "--bench");
    let lines = match std::env::var("MAILCA_BENCH_LINES") {
        Ok(text) => text.parse().map_err(io::Error::other)?,
        Err(_) if measuring => 1_000_000,
        Err(_) => 1_000,
    };
    let rounds = |number: usize| if measuring { number } else { 1 };
    let place = Place::make()?;
    let out = &mut io::stdout().lock();
    writeln!(out, "{lines} lines, {}", place.description())?;
    let small = folder::ca(&place.folder()?)?;
    let large = folder::ca(&place.folder()?)?;
    folder::fabricate(&large, lines, false)?;
    heading(out)?;

    let sign = "sign --yes --profile server request.csr -o @.pem";
    let peer = "ca -batch -notext -config demoCA/openssl.cnf -in request.csr -out @.pem";
    let at_one = round::measure(&[Side::new(&small, Program::mailca(sign))], rounds(20))?;
    row(out, "sign, one line", &at_one)?;
    // Not in turn: what runs right after openssl, which has all of the index in memory and writes it anew,
    // finds nothing of its own in the caches.
    let mut at_all = round::measure(&[Side::new(&large, Program::mailca(sign))], rounds(20))?;
    at_all.extend(round::measure(&[Side::new(&large, Program::openssl(peer))], rounds(5))?);
    row(out, "sign, all lines", &at_all)?;

    let look_up = || Program::openssl("ca -config demoCA/openssl.cnf -status 0A").that_may_fail();
    for line in ["list --expiring 1d", "status"] {
        let program = Program::mailca(line).that_may_fail();
        let sides = [Side::new(&large, program), Side::new(&large, look_up())];
        row(out, line, &round::measure(&sides, rounds(5))?)?;
    }
    for count in [lines / 10, lines] {
        let revoked = folder::ca(&place.folder()?)?;
        folder::fabricate(&revoked, count, true)?;
        let sides = [
            Side::new(&revoked, Program::mailca("crl")),
            Side::new(
                &revoked,
                Program::openssl("ca -config demoCA/openssl.cnf -gencrl -out o.pem"),
            ),
        ];
        row(out, &format!("crl of {count}"), &round::measure(&sides, rounds(3))?)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn heading(out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "\n{:<22} {:>10} {:>10} {:>8} {:>10} {:>10}",
        "case", "mailca ms", "openssl ms", "ratio", "mailca MB", "openssl MB"
    )
}

fn row(out: &mut impl Write, name: &str, sides: &[Measured]) -> io::Result<()> {
    let [mailca, peer @ ..] = sides else { return Ok(()) };
    write!(out, "{name:<22} {:>10.1}", mailca.milliseconds())?;
    match peer.first() {
        Some(peer) => writeln!(
            out,
            " {:>10.1} {:>7.1}x {:>10.1} {:>10.1}",
            peer.milliseconds(),
            peer.milliseconds() / mailca.milliseconds(),
            mailca.megabytes(),
            peer.megabytes()
        ),
        None => writeln!(out, " {:>10} {:>8} {:>10.1}", "", "", mailca.megabytes()),
    }
}
