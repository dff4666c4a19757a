//! mailca, sslyze and testssl.sh side by side, each with a full check of one port of the same server.
//!
//! # How to run it
//!
//! ```text
//! cargo bench --bench live_check
//! MAILCA_BENCH_ROUNDS=5 cargo bench --bench live_check
//! ```
//!
//! A round is all three, one after the other; testssl.sh needs a minute or two for its part. There is one
//! round where `MAILCA_BENCH_ROUNDS` does not say otherwise. Without cargo's `--bench` argument (as in
//! `cargo test --all-targets`) testssl.sh is left out, to see that the rest works. sslyze is that of
//! `target/peers`, which `tests/run` installs.
//!
//! # How to read it
//!
//! A row gives the median in milliseconds, and how many times as long as mailca's it is. The server is
//! `openssl s_server` on loopback, in order and with an RSA key, so that no time goes to the network, and
//! each program pays for its own work. Over a network each answer costs a round trip besides; the
//! connections that the server has seen stand in the last column.
//!
//! Each program does all that it does without options, but that it is told which CA to trust. That is not the
//! same: testssl.sh tries attacks on libraries of ten years ago and simulates browsers, sslyze lists every
//! suite, mailca has the conversation of the protocol, and looks for old versions and a suite of each
//! weakness. `tests/interop/check.rs` compares what they find.
//!
//! No time makes it fail; its exit status is 1 where mailca fails, and where a peer is missing while `CI` is
//! set.

#[path = "against_peers/place.rs"]
mod place;

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use place::Place;

const MAILCA: &str = env!("CARGO_BIN_EXE_mailca");

fn main() -> io::Result<ExitCode> {
    let measuring = std::env::args().any(|argument| argument == "--bench");
    let rounds = match std::env::var("MAILCA_BENCH_ROUNDS") {
        Ok(text) => text.parse().map_err(io::Error::other)?,
        Err(_) => 1_usize,
    };
    let place = Place::make()?;
    let folder = place.folder()?;
    for line in [
        "newca --no-input --cn Bench",
        "issue --no-input --cn mail.example.com --key-type rsa-2048 mail",
    ] {
        let status = quiet(mailca().args(line.split(' ')), &folder)?;
        if !status {
            return Err(io::Error::other(format!("mailca {line} failed")));
        }
    }
    let server = Server::start(&folder)?;
    let out = &mut io::stdout().lock();
    writeln!(out, "{} cores, {}", thread::available_parallelism()?, place.description())?;
    writeln!(out, "\n{:<12} {:>10} {:>10} {:>12}", "program", "ms", "ratio", "connections")?;
    let mut own = None;
    let mut is_missing = false;
    for (name, program) in programs(server.place, measuring) {
        let Some(mut program) = program else {
            is_missing = true;
            writeln!(out, "{name:<12} not measured: it is not installed")?;
            continue;
        };
        let mut times = Vec::new();
        let before = server.count.load(Ordering::SeqCst);
        for _ in 0..rounds.max(1) {
            let start = Instant::now();
            // Their exit statuses are verdicts.
            quiet(&mut program, &folder)?;
            times.push(start.elapsed());
        }
        times.sort_unstable();
        let time = times[times.len() / 2].as_secs_f64() * 1e3;
        let connections = (server.count.load(Ordering::SeqCst) - before) / rounds.max(1);
        let ratio = time / *own.get_or_insert(time);
        writeln!(out, "{name:<12} {time:>10.1} {ratio:>9.1}x {connections:>12}")?;
        if connections == 0 {
            return Err(io::Error::other(format!("{name} did not connect")));
        }
    }
    let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    Ok(if ci && is_missing { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Each program with its arguments, the fastest first; none where it is not installed.
fn programs(place: SocketAddr, measuring: bool) -> Vec<(&'static str, Option<Command>)> {
    let port = place.port();
    let mut mailca = mailca();
    mailca.args(["check", "mail.example.com:imaps", "--connect", &place.to_string()]);
    let peers = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("peers/sslyze/bin/sslyze");
    let sslyze = peers.is_file().then(|| {
        let mut sslyze = Command::new(peers);
        sslyze.args(["--certinfo_ca_file", "demoCA/cacert.pem"]);
        sslyze.arg(format!("mail.example.com:{port}{{127.0.0.1}}"));
        sslyze
    });
    let mut all = vec![("mailca", Some(mailca)), ("sslyze", sslyze)];
    if measuring {
        let testssl = found("testssl").map(|program| {
            let mut testssl = Command::new(program);
            testssl.args(["--quiet", "--color", "0", "--warnings", "batch", "--nodns", "none"]);
            testssl.args(["--openssl-timeout", "10", "--add-ca", "demoCA/cacert.pem"]);
            testssl.args(["--ip", "127.0.0.1", &format!("mail.example.com:{port}")]);
            testssl
        });
        all.push(("testssl.sh", testssl));
    }
    all
}

fn found(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// mailca with none of the machine's settings.
fn mailca() -> Command {
    let mut command = Command::new(MAILCA);
    command.env("MAILCA_CONFIG", "/dev/null");
    command
}

/// Runs it without a word, and says whether it succeeded.
fn quiet(command: &mut Command, folder: &Path) -> io::Result<bool> {
    let command = command.current_dir(folder).stdin(Stdio::null());
    Ok(command.stdout(Stdio::null()).stderr(Stdio::null()).status()?.success())
}

/// `openssl s_server` behind a door that counts.
struct Server {
    child: Child,
    place: SocketAddr,
    count: Arc<AtomicUsize>,
}

impl Server {
    fn start(folder: &Path) -> io::Result<Self> {
        let behind = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let child = Command::new("openssl")
            .args([
                "s_server",
                "-quiet",
                "-accept",
                &behind.to_string(),
                "-min_protocol",
                "TLSv1.2",
            ])
            .args(["-key", "mail/key.pem", "-cert", "mail/cert.pem", "-cipher", "ECDHE+AESGCM"])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let door = TcpListener::bind("127.0.0.1:0")?;
        let server = Self { child, place: door.local_addr()?, count: Arc::default() };
        while TcpStream::connect(behind).is_err() {
            thread::sleep(Duration::from_millis(10));
        }
        let count = Arc::clone(&server.count);
        thread::spawn(move || {
            for stream in door.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                thread::spawn(move || hand_on(stream, behind));
            }
        });
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn hand_on(stream: TcpStream, behind: SocketAddr) -> io::Result<()> {
    let server = TcpStream::connect(behind)?;
    let (mut from, mut to) = (stream.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(std::net::Shutdown::Write);
    });
    let (mut from, mut to) = (server, stream);
    let _ = io::copy(&mut from, &mut to);
    to.shutdown(std::net::Shutdown::Write)
}
