//! The three programs, and what each finds.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Folder, peer, serve_at_once};

/// What `check` finds, and how long it took.
pub fn mailca(
    folder: &Folder,
    host: &str,
    service: &str,
    place: SocketAddr,
) -> (Vec<String>, Duration) {
    let start = Instant::now();
    let line = format!("check {host}:{service} --connect {place} --json");
    let outcome = folder.mailca(&line).output();
    let time = start.elapsed();
    let document: Value = serde_json::from_slice(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{error}: {outcome}"));
    let findings = document["hosts"][0]["ports"][0]["findings"].as_array().unwrap();
    (findings.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect(), time)
}

/// What testssl.sh says, as identifier, severity and words.
pub fn testssl(
    folder: &Folder,
    name: &str,
    options: &str,
    host: &str,
    place: SocketAddr,
) -> (Vec<(String, String, String)>, Duration) {
    let report = format!("{name}.testssl.json");
    let start = Instant::now();
    let mut command = Command::new(peer("testssl").unwrap());
    command
        .args(["--quiet", "--color", "0", "--warnings", "batch", "--openssl-timeout", "10"])
        .args(["--nodns", "none", "--add-ca", "demoCA/cacert.pem", "--jsonfile", &report])
        .args(options.split_whitespace())
        .args(["--ip", &place.ip().to_string(), &format!("{host}:{}", place.port())]);
    silent(&mut command, folder);
    let time = start.elapsed();
    let found: Value = serde_json::from_slice(&folder.read(&report)).unwrap();
    let text = |one: &Value, what: &str| one[what].as_str().unwrap_or_default().to_owned();
    let all = found.as_array().unwrap().iter().map(|one| {
        let id = text(one, "id").split(' ').next().unwrap_or_default().to_owned();
        (id, text(one, "severity"), text(one, "finding"))
    });
    (all.collect(), time)
}

/// The program of sslyze, where it is installed.
pub fn sslyze_program() -> Option<PathBuf> {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let program = target.with_file_name("peers").join("sslyze/bin/sslyze");
    if !program.is_file() {
        crate::support::skip("target/peers/sslyze is missing; tests/run makes it");
        return None;
    }
    Some(program)
}

/// What sslyze finds fault with, as the name of its check and its words.
pub fn sslyze(
    folder: &Folder,
    options: &str,
    host: &str,
    place: SocketAddr,
) -> (Vec<(String, String)>, Duration) {
    let start = Instant::now();
    let output = Command::new(sslyze_program().unwrap())
        .args(["--certinfo_ca_file", "demoCA/cacert.pem"])
        .args(options.split_whitespace())
        .arg(format!("{host}:{}{{{}}}", place.port(), place.ip()))
        .current_dir(folder.root())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let time = start.elapsed();
    let text = String::from_utf8_lossy(&output.stdout);
    let (_, verdict) = text
        .split_once("COMPLIANCE AGAINST")
        .unwrap_or_else(|| panic!("{text}\n{}", String::from_utf8_lossy(&output.stderr)));
    assert!(verdict.contains(&place.port().to_string()) && !verdict.contains("ERROR"), "{text}");
    let faults = verdict.lines().filter_map(|line| line.trim().strip_prefix("* "));
    let faults = faults.filter_map(|line| line.split_once(": "));
    (faults.map(|(name, words)| (name.to_owned(), words.to_owned())).collect(), time)
}

fn silent(command: &mut Command, folder: &Folder) {
    let command = command.current_dir(folder.root()).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
}

/// A mail server whose TLS is another server's: it speaks in plain text up to STARTTLS, and hands on
/// everything after it.
pub fn front(behind: SocketAddr, protocol: &str) -> SocketAddr {
    let greeting = match protocol {
        "smtp" => "220 mail.example.com ESMTP\r\n",
        "imap" => "* OK ready\r\n",
        _ => "+OK ready\r\n",
    };
    serve_at_once(move |stream| drop(hand_on(stream, behind, greeting)))
}

fn hand_on(mut stream: TcpStream, behind: SocketAddr, greeting: &str) -> io::Result<()> {
    stream.write_all(greeting.as_bytes())?;
    loop {
        let line = line(&mut stream)?;
        let tag = line.split(' ').next().unwrap_or_default().to_owned();
        let upper = line.trim_end().to_ascii_uppercase();
        let (answer, begins) = match upper.rsplit(' ').next().unwrap_or_default() {
            "STARTTLS" if upper == "STARTTLS" => ("220 go\r\n".to_owned(), true),
            "STARTTLS" => (format!("{tag} OK go\r\n"), true),
            "STLS" => ("+OK go\r\n".to_owned(), true),
            "CAPABILITY" => (
                format!("* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n{tag} OK done\r\n"),
                false,
            ),
            "CAPA" => ("+OK\r\nSTLS\r\n.\r\n".to_owned(), false),
            _ if upper.starts_with("EHLO") => {
                ("250-mail.example.com\r\n250 STARTTLS\r\n".to_owned(), false)
            }
            _ => return Ok(()),
        };
        stream.write_all(answer.as_bytes())?;
        if begins {
            break;
        }
    }
    let tls = TcpStream::connect(behind)?;
    let (mut from, mut to) = (stream.try_clone()?, tls.try_clone()?);
    let up = thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let (mut from, mut to) = (tls, stream);
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
    let _ = up.join();
    Ok(())
}

/// A line, and not a byte of what follows it.
fn line(stream: &mut TcpStream) -> io::Result<String> {
    let mut line = Vec::new();
    while line.last() != Some(&b'\n') {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        line.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&line).into_owned())
}
