//! mailca and openssl commands making certificates and PKCS#12 files for a list of persons.
//!
//! # How to run it
//!
//! ```text
//! cargo bench --bench bulk_issue                                  # 10,000 persons, 1,000 with RSA keys
//! MAILCA_BENCH_PERSONS=1000 cargo bench --bench bulk_issue        # fewer, and a tenth of that with RSA keys
//! ```
//!
//! The folder to work in is `MAILCA_BENCH_DIR`, else `target/tmp`; it needs some 40 kB a person. Without cargo's
//! `--bench` argument (as in `cargo test --all-targets`) there are 20 persons, to see that it works.
//!
//! # How to read it
//!
//! - `mailca`: one `issue --from` with `--p12` for all, every file durable when it ends; wall time, and the time
//!   of the processors that it took, with its share in the kernel.
//! - `openssl`: for each person `openssl req -newkey`, `openssl x509 -req` with the extensions of a person,
//!   and `openssl pkcs12 -export`, one after the other, for a hundredth of the persons; nothing is durable.
//! - The parts, each alone and for one processor: a new key, a signature, the key derivation of one PKCS#12 at
//!   2,048 rounds (PBKDF2 for the encryption, that of PKCS#12 for the MAC) in the implementation that mailca
//!   takes and, PBKDF2, in that of aws-lc; and one wait for the file system after seven files a person were
//!   written for 256 persons.
//! - The bound: all that a person costs in keys, signatures and derivations if nothing else took any time, on all
//!   processors. A bundle is read back before it is given away, which derives its keys again.
//!
//! No time makes it fail; its exit status is 1 where a program fails.

#[path = "against_peers/place.rs"]
mod place;
#[path = "against_peers/program.rs"]
mod program;

#[path = "bulk_issue/parts.rs"]
mod parts;
#[path = "bulk_issue/sides.rs"]
mod sides;

use std::io::{self, Write};
use std::process::ExitCode;

use parts::Parts;
use place::Place;
use sides::Kind;

fn main() -> io::Result<ExitCode> {
    let measuring = std::env::args().any(|argument| argument == "--bench");
    let persons: usize = match std::env::var("MAILCA_BENCH_PERSONS") {
        Ok(text) => text.parse().map_err(io::Error::other)?,
        Err(_) if measuring => 10_000,
        Err(_) => 20,
    };
    let place = Place::make()?;
    let out = &mut io::stdout().lock();
    let processors = std::thread::available_parallelism()?.get();
    writeln!(out, "{processors} processors, {}", place.description())?;
    for (kind, persons) in [(Kind::P256, persons), (Kind::Rsa2048, persons.div_ceil(10))] {
        let mailca = sides::mailca(&place.folder()?, kind, persons)?;
        let by_hand = persons.div_ceil(100).max(2);
        let openssl = sides::openssl(&place.folder()?, kind, by_hand)?;
        let parts = Parts::measure(&place.folder()?, kind, if measuring { 200 } else { 2 })?;
        writeln!(out, "\n{} persons, {}", persons, kind.name())?;
        let row = |out: &mut dyn Write, name: &str, value: f64, unit: &str| {
            writeln!(out, "  {name:<52} {value:>10.3} {unit}")
        };
        row(out, "mailca, persons a second", mailca.per_second, "/s")?;
        row(out, "  time of the processors, a person", mailca.processor, "ms")?;
        row(out, "  of that in the kernel", mailca.kernel, "ms")?;
        row(out, &format!("openssl, {by_hand} persons, a second"), openssl, "/s")?;
        row(out, "  mailca is faster by", mailca.per_second / openssl, "times")?;
        for (name, milliseconds) in parts.rows() {
            row(out, name, milliseconds, "ms")?;
        }
        let bound = parts.bound(processors);
        row(out, "bound by keys, signatures and derivations", bound, "/s")?;
    }
    Ok(ExitCode::SUCCESS)
}
