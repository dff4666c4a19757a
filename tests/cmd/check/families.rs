//! Both families of addresses, under one name.

use std::net::{SocketAddr, TcpListener};

use mailca::net::service::Protocol;

use super::{check, config, document, finds, seen, with_host};
use crate::support::{Folder, MAILCA, Mail, Run, need, skip};

/// Servers of submissions on one port of 127.0.0.1 and of `::1`, which present what is in these folders; or
/// a skip, where this computer has no IPv6.
fn both(folder: &Folder, four: &str, six: &str) -> Option<(SocketAddr, SocketAddr)> {
    let server = |name: &str| {
        let [key, own] = ["key.pem", "cert.pem"].map(|file| format!("{name}/{file}"));
        Mail { implicit: true, ..Mail::new(Protocol::Smtp, config(folder, &key, &[&own])) }
    };
    for _ in 0..100 {
        let first = TcpListener::bind("[::1]:0");
        let Ok(first) = first else {
            skip("there is no ::1 here");
            return None;
        };
        // That of the other family may be taken.
        let port = first.local_addr().unwrap().port();
        let Ok(second) = TcpListener::bind(("127.0.0.1", port)) else { continue };
        return Some((server(four).start_on(second), server(six).start_on(first)));
    }
    panic!("no port is free in both families");
}

fn with_two() -> Folder {
    let folder = with_host();
    folder.mailca("issue --cn mail.example.com other").success();
    folder
}

#[test]
fn an_address_of_version_6_is_connected_to() {
    let folder = with_two();
    let Some((four, six)) = both(&folder, "mail", "other") else { return };
    let outcome = finds(check(&folder, "submissions", six, ""), &[]);
    let port = &document(&outcome)["hosts"][0]["ports"][0];
    assert_eq!(port["address"], six.to_string());
    let run = check(&folder, "submissions", six, &format!("--connect {four}"));
    let told = seen(&finds(run, &["info families-differ"]), "families-differ");
    assert!(told.starts_with("127.0.0.1 presents") && told.contains("and ::1 that of"), "{told}");
    let run = check(&folder, "submissions", four, &format!("--connect {six}"));
    let told = seen(&finds(run, &["info families-differ"]), "families-differ");
    assert!(told.starts_with("::1 presents"), "{told}");
}

#[test]
fn a_name_with_addresses_of_both_families_is_asked_at_both() {
    let folder = with_two();
    need!("unshare");
    let Some((four, six)) = both(&folder, "mail", "other") else { return };
    folder.write("hosts", "127.0.0.1 mail.example.com\n::1 mail.example.com\n");
    if !run_knowing(&folder, "getent", "ahosts mail.example.com").output().text().contains("::1") {
        return skip("no /etc/hosts of one's own can be mounted here");
    }
    let line = format!("check --json mail.example.com:{}/submissions", four.port());
    let outcome = finds(run_knowing(&folder, MAILCA, &line), &["info families-differ"]);
    assert!(seen(&outcome, "families-differ").contains("::1"), "{outcome}");
    for (family, address) in [("--ipv4", four), ("--ipv6", six)] {
        let outcome = finds(run_knowing(&folder, MAILCA, &format!("{line} {family}")), &[]);
        let port = &document(&outcome)["hosts"][0]["ports"][0];
        assert_eq!(port["address"], address.to_string());
    }
    // The same certificate on both is as it should be.
    let Some((four, _)) = both(&folder, "mail", "mail") else { return };
    let line = format!("check --json mail.example.com:{}/submissions", four.port());
    finds(run_knowing(&folder, MAILCA, &line), &[]);
}

/// Whoever is asked for names does not answer: of the host nothing is known.
#[test]
fn a_lookup_without_an_answer_is_no_fault_of_the_hosts() {
    need!("unshare");
    let folder = with_host();
    folder.write("resolv.conf", "nameserver 127.0.0.1\noptions attempts:1 timeout:1\n");
    folder.write("nsswitch.conf", "hosts: files dns\n");
    let mounts = [("resolv.conf", "/etc/resolv.conf"), ("nsswitch.conf", "/etc/nsswitch.conf")];
    let run = |line: &str| run_with(&folder, &mounts, MAILCA, line);
    let line = "check mx.example.com:25";
    let outcome = run(&format!("{line} --json")).output();
    if outcome.stderr.contains("mount") {
        return skip("no file can be mounted here");
    }
    let outcome = finds(run(&format!("{line} --json")), &["critical lookup-failed"]);
    let told = seen(&outcome, "lookup-failed");
    assert_eq!(told.matches("Temporary failure in name resolution").count(), 1, "{told}");
    assert!(!outcome.stderr.contains("dig +short MX"), "{outcome}");
    for more in ["", "--fail-on critical"] {
        let text = run(&format!("{line} --format nagios {more}")).exits(3).text();
        assert!(text.starts_with("MAILCA UNKNOWN - mx.example.com The host could not"), "{text}");
    }
    // What is known of another is told.
    let run = run(&format!("{line} 127.77.77.77:25 --format nagios"));
    assert!(run.exits(2).text().starts_with("MAILCA CRITICAL - "));
    folder.write("nsswitch.conf", "hosts: files\n");
    let run = run_with(&folder, &mounts, MAILCA, &format!("{line} --json"));
    finds(run, &["critical no-address"]);
}

/// A program to whom the file `hosts` of the folder is `/etc/hosts`.
fn run_knowing(folder: &Folder, program: &str, line: &str) -> Run {
    run_with(folder, &[("hosts", "/etc/hosts")], program, line)
}

/// A program to whom these files of the folder are files of the system.
fn run_with(folder: &Folder, mounts: &[(&str, &str)], program: &str, line: &str) -> Run {
    let mut words = vec!["--mount"];
    if !rustix::process::geteuid().is_root() {
        words.extend(["--user", "--map-root-user"]);
    }
    let mounts = mounts.iter().map(|(file, place)| format!("mount --bind {file} {place} && "));
    let script = mounts.collect::<String>() + "exec \"$@\"";
    words.extend(["sh", "-c", &script, "sh", program]);
    words.extend(line.split_whitespace());
    Run::new("unshare".as_ref(), folder.root(), "").args(&words)
}
