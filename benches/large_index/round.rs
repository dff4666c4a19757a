//! Programs in turn, with their times and the memory that they had in use.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::program::Program;

/// How often a running process is asked for its memory.
const ASKED_EVERY: Duration = Duration::from_micros(500);

/// A program, and the folder that it runs in. `@` in its arguments is a number, another one each time.
pub struct Side {
    folder: PathBuf,
    program: Program,
}

impl Side {
    pub fn new(folder: &Path, program: Program) -> Self {
        Self { folder: folder.to_owned(), program }
    }
}

/// What one side took, run by run; never empty.
#[derive(Default)]
pub struct Measured {
    times: Vec<Duration>,
    peak_kilobytes: u64,
}

impl Measured {
    /// The median.
    pub fn milliseconds(&self) -> f64 {
        let mut sorted = self.times.clone();
        sorted.sort_unstable();
        sorted[sorted.len() / 2].as_secs_f64() * 1e3
    }

    /// The greatest amount of memory that was seen.
    pub fn megabytes(&self) -> f64 {
        f64::from(u32::try_from(self.peak_kilobytes).unwrap_or(u32::MAX)) / 1024.0
    }
}

/// Runs the sides in turn, once without counting, then as many rounds as are wanted.
pub fn measure(sides: &[Side], rounds: usize) -> io::Result<Vec<Measured>> {
    let mut measured: Vec<_> = sides.iter().map(|_| Measured::default()).collect();
    for round in 0..=rounds {
        for (number, (side, measured)) in sides.iter().zip(&mut measured).enumerate() {
            let program = side.program.numbered(round * sides.len() + number);
            let (time, kilobytes) = run(&program, &side.folder)?;
            if round > 0 {
                measured.times.push(time);
            }
            measured.peak_kilobytes = measured.peak_kilobytes.max(kilobytes);
        }
    }
    Ok(measured)
}

fn run(program: &Program, folder: &Path) -> io::Result<(Duration, u64)> {
    // What one program left for the disk to write is not to be waited for by the other.
    rustix::fs::sync();
    let begin = Instant::now();
    let mut child = program.command(folder).stderr(Stdio::null()).spawn()?;
    let mut kilobytes = 0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        kilobytes = kilobytes.max(peak(child.id()));
        std::thread::sleep(ASKED_EVERY);
    };
    let time = begin.elapsed();
    if !status.success() && !program.may_fail() {
        return Err(io::Error::other(format!("{}: {status}", program.title())));
    }
    Ok((time, kilobytes))
}

/// The most memory that a process has had in use; 0 where it is gone.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.trim().strip_suffix(" kB")?.trim().parse().ok()).unwrap_or(0)
}
