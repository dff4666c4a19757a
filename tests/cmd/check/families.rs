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

/// A program to whom the file `hosts` of the folder is `/etc/hosts`.
fn run_knowing(folder: &Folder, program: &str, line: &str) -> Run {
    let mut words = vec!["--mount"];
    if !rustix::process::geteuid().is_root() {
        words.extend(["--user", "--map-root-user"]);
    }
    words.extend(["sh", "-c", "mount --bind hosts /etc/hosts && exec \"$@\"", "sh", program]);
    words.extend(line.split_whitespace());
    Run::new("unshare".as_ref(), folder.root(), "").args(&words)
}
