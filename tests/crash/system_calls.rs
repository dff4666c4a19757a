//! How key files come into being, as the kernel sees it.

use std::fmt::Write;

use crate::support::{Folder, mode, need};
use crate::trace::{Call, strace, traced};

const KINDS: &str =
    "openat,open,creat,chmod,fchmod,fchmodat,write,link,linkat,rename,renameat,renameat2";

fn calls(folder: &Folder, line: &str, umask: &'static str) -> Vec<Call> {
    traced(|options| strace(folder, options, line).umask(umask).success(), KINDS)
}

#[test]
fn key_files_are_created_with_o_excl_and_their_final_mode() {
    need!("strace");
    for umask in ["000", "022", "077"] {
        for (line, key) in [
            ("newca", "demoCA/private/cakey.pem"),
            ("newreq --cn mail.example.com", "key.pem"),
            ("newreq --user joe --email joe@example.com --key-type ecdsa-p256 joe", "joe/key.pem"),
            (
                "export-p12 mail.example.com --password-file pw --iterations 2048",
                "mail.example.com.p12",
            ),
        ] {
            let folder = Folder::empty();
            if line.starts_with("export") {
                folder.write("pw", "correct horse\n");
                folder.mailca("newca").success();
                folder.mailca("issue --cn mail.example.com").success();
            }
            let calls = calls(&folder, line, umask);
            let context = format!("{line} under umask {umask}");
            assert_eq!(mode(&folder.path(key)), 0o400, "{context}");
            let mut created_private = 0;
            for call in &calls {
                assert!(!call.name.contains("chmod"), "{context}: {}", call.line);
                assert_ne!(call.name, "creat", "{context}: {}", call.line);
                let creates = call.line.contains("O_CREAT") || call.line.contains("O_TMPFILE");
                if !creates || call.line.contains("lock\"") {
                    continue;
                }
                let exclusive = call.line.contains("O_EXCL") || call.line.contains("O_TMPFILE");
                assert!(exclusive, "{context}: {}", call.line);
                assert!(!call.line.contains("O_TRUNC"), "{context}: {}", call.line);
                created_private += usize::from(call.line.contains(", 0400)"));
            }
            assert!(created_private > 0, "{context}: no file was created with mode 0400");
            // A rename onto the name of the key would replace what is there.
            let replaced = calls.iter().any(|call| {
                (call.name == "rename" || call.name == "renameat")
                    && call.line.contains("key.pem\")")
            });
            assert!(!replaced, "{context}: the key is renamed over whatever is there");
        }
    }
}

#[test]
fn nothing_opens_a_terminal_or_the_network_or_another_program() {
    need!("strace");
    let folder = Folder::with_request();
    let calls = traced(
        |options| strace(&folder, options, "sign").success(),
        "openat,socket,connect,execve,fork,vfork",
    );
    let program: Vec<_> = calls.iter().filter(|call| call.name == "execve").collect();
    assert_eq!(program.len(), 1, "{program:?}");
    for call in &calls {
        assert!(!call.line.contains("/dev/tty"), "{}", call.line);
        assert!(
            !["socket", "connect", "fork", "vfork"].contains(&call.name.as_str()),
            "{}",
            call.line
        );
    }
}

/// `sign` costs the same with a million entries as with none.
#[test]
fn sign_reads_no_more_of_a_long_index_than_of_a_short_one() {
    need!("strace");
    let bytes_read = |rows: usize| {
        let folder = Folder::with_request();
        let mut index = folder.text("demoCA/index.txt");
        for number in 0..rows {
            let serial = format!("{:032X}", number + 4096);
            let _ = writeln!(index, "V\t360101000000Z\t\t{serial}\tunknown\t/CN=h{number}");
        }
        folder.write("demoCA/index.txt", index);
        let run = |options: &[&str]| strace(&folder, options, "sign").success();
        let calls = traced(run, "read,pread64,readv,write,mmap,copy_file_range,sendfile");
        let result = |line: &str| line.rsplit("= ").next().and_then(|n| n.parse::<u64>().ok());
        let moved = |call: &&Call| call.name != "mmap";
        let total: u64 = calls.iter().filter(moved).filter_map(|call| result(&call.line)).sum();
        assert_eq!(folder.index().len(), rows + 2);
        (total, calls.len())
    };
    let (short, short_calls) = bytes_read(1);
    let (long, long_calls) = bytes_read(20_000);
    assert!(long < short + 65_536, "{short} bytes with one row, {long} with 20,000");
    assert!(long_calls <= short_calls + 8, "{short_calls} calls, {long_calls}");
}
