//! What a command is made of, measured by itself: the start of a process, and the disk.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::measure::{median, milliseconds};
use crate::place::Place;
use crate::program::Program;

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
