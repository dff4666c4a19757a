//! What a command is made of, measured by itself: the start of a process, the cryptography, and the
//! disk. And the sizes of the programs.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::num::NonZeroU32;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use aws_lc_rs::{error, pbkdf2};

use crate::measure::{median, milliseconds};
use crate::place::Place;
use crate::program::{MAILCA, Program};

/// About the size of a certificate in PEM.
const CONTENT: [u8; 700] = [b'x'; 700];

/// Measures the parts, one after the other in every round, and prints them.
pub fn print(out: &mut impl Write, rounds: usize, place: &Place) -> io::Result<()> {
    let folder = place.folder()?;
    let starts = [
        Program::new("true", ""),
        Program::mailca("--version"),
        Program::openssl("version"),
        Program::new("perl", "-e 1"),
    ];
    // One that is not installed is left out.
    let starts: Vec<Program> =
        starts.into_iter().filter(|program| program.explain(&folder).is_ok()).collect();
    let mut names: Vec<String> =
        starts.iter().map(|program| format!("start: {}", program.title())).collect();
    names.push("P-256: a new key".to_owned());
    names.push("P-256: a signature".to_owned());
    names.push("PBKDF2-SHA-256: 600,000 iterations".to_owned());
    names.push("file: create, fsync, rename, fsync of the folder".to_owned());
    names.push("file: append, fdatasync".to_owned());
    let mut times = vec![Vec::new(); names.len()];
    for _ in 0..rounds {
        let mut measured = Vec::new();
        for program in &starts {
            let begin = Instant::now();
            program.run(&folder)?;
            measured.push(begin.elapsed());
        }
        let random = SystemRandom::new();
        let (key, time) = timed(|| EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING));
        let key = key.map_err(unspecified)?;
        measured.push(time);
        let (signature, time) = timed(|| key.sign(&random, &CONTENT));
        signature.map_err(unspecified)?;
        measured.push(time);
        measured.push(derive());
        let fresh = place.folder()?;
        measured.push(create(&fresh)?);
        measured.push(append(&fresh)?);
        times.iter_mut().zip(measured).for_each(|(all, time)| all.push(time));
    }
    writeln!(out, "\n{:<50} {:>10}  {:<14} {:>6}", "part", "ms", "range", "rounds")?;
    for (name, times) in names.iter().zip(&times) {
        let extreme = |time: Option<&Duration>| time.copied().map_or(0.0, milliseconds);
        let range =
            format!("{:.2}..{:.2}", extreme(times.iter().min()), extreme(times.iter().max()));
        let middle = milliseconds(median(times));
        writeln!(out, "{name:<50} {middle:>10.2}  {range:<14} {:>6}", times.len())?;
    }
    Ok(())
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begin = Instant::now();
    let result = work();
    (result, begin.elapsed())
}

fn unspecified(error: error::Unspecified) -> io::Error {
    io::Error::other(error.to_string())
}

fn derive() -> Duration {
    let mut key = [0; 32];
    let iterations = NonZeroU32::new(600_000).unwrap_or(NonZeroU32::MIN);
    let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
    let (result, time) =
        timed(|| pbkdf2::derive(algorithm, iterations, b"salt of 16 bytes", b"password", &mut key));
    std::hint::black_box((result, key));
    time
}

/// What an installed program takes on the disk: mailca one file, openssl its libraries as well.
pub fn print_sizes(out: &mut impl Write) -> io::Result<()> {
    let mailca = std::fs::metadata(MAILCA)?.len();
    writeln!(out, "\nsize: mailca {}", megabytes(mailca))?;
    let Some(openssl) = on_path("openssl") else { return Ok(()) };
    let listed = Command::new("ldd").arg(&openssl).output()?;
    let listed = String::from_utf8_lossy(&listed.stdout);
    let libraries = listed
        .split_whitespace()
        .filter(|word| word.starts_with('/') && (word.contains("ssl") || word.contains("crypto")));
    let mut bytes = std::fs::metadata(&openssl)?.len();
    for library in libraries {
        bytes += std::fs::metadata(library)?.len();
    }
    writeln!(out, "size: openssl with libssl and libcrypto {}", megabytes(bytes))
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{:02} MB", bytes / 1_000_000, bytes % 1_000_000 / 10_000)
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn create(folder: &Path) -> io::Result<Duration> {
    let begin = Instant::now();
    let temporary = folder.join("tmp");
    let mut file = OpenOptions::new().write(true).create_new(true).open(&temporary)?;
    file.write_all(&CONTENT)?;
    file.sync_all()?;
    std::fs::rename(&temporary, folder.join("file"))?;
    File::open(folder)?.sync_all()?;
    Ok(begin.elapsed())
}

fn append(folder: &Path) -> io::Result<Duration> {
    let mut file = OpenOptions::new().append(true).open(folder.join("file"))?;
    let begin = Instant::now();
    file.write_all(&CONTENT[..80])?;
    file.sync_data()?;
    Ok(begin.elapsed())
}
