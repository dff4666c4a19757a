//! `index.txt` as other hands and crashes leave it: readers pass over it, writers mend it.

use crate::support::{Folder, Snapshot, need};

const ROW: &str = "V\t360101000000Z\t\t4242\tunknown\t/CN=somebody";

fn with_end(end: &str) -> (Folder, String) {
    let folder = Folder::with_request();
    let text = folder.text("demoCA/index.txt") + end;
    folder.write("demoCA/index.txt", &text);
    (folder, text)
}

#[test]
fn a_half_row_is_taken_off_kept_and_said() {
    need!("openssl");
    let (folder, _) = with_end("V\t3601010000");
    let outcome = folder.mailca("sign").success();
    assert!(outcome.stderr.contains("index.txt"), "not said: {outcome}");
    assert_eq!(folder.index().len(), 2);
    let files = Snapshot::of(folder.root()).files();
    let kept = files.iter().any(|name| folder.read(name).ends_with(b"V\t3601010000\n"));
    let kept = kept || files.iter().any(|name| folder.read(name).ends_with(b"V\t3601010000"));
    assert!(kept, "what was taken off is gone: {files:?}");
    folder.openssl("ca -config demoCA/openssl.cnf -batch -gencrl -out crl.pem").success();
}

#[test]
fn a_whole_row_without_its_newline_stays() {
    let (folder, text) = with_end(ROW);
    let outcome = folder.mailca("sign").success();
    assert!(outcome.stderr.contains("index.txt"), "not said: {outcome}");
    assert!(folder.text("demoCA/index.txt").starts_with(&format!("{text}\n")));
    assert_eq!(folder.index().len(), 3);
}

#[test]
fn a_reader_repairs_nothing() {
    let (folder, text) = with_end("V\t3601010000");
    folder.mailca("newreq --cn mx.example.com mx").success();
    folder.mailca("show 4242").refused(&["4242"]);
    let before = Snapshot::of(folder.root());
    let _ = folder.mailca("verify demoCA/cacert.pem").output();
    assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "");
    assert_eq!(folder.text("demoCA/index.txt"), text);
}

#[test]
fn rows_of_every_state_and_comments_are_left_as_they_are() {
    need!("openssl");
    let rows = format!(
        "# a comment\n{ROW}\nR\t360101000000Z\t260101000000Z,keyCompromise\t4343\tunknown\t/CN=a\\/b\n\
         E\t20100101000000Z\t\t4444\tunknown\t/CN=old\n"
    );
    let (folder, text) = with_end(&rows);
    folder.mailca("sign").success();
    assert!(folder.text("demoCA/index.txt").starts_with(&text));
    folder.openssl("ca -config demoCA/openssl.cnf -batch -gencrl -out crl.pem").success();
}

#[test]
fn an_index_that_is_gone_is_an_error_and_nothing_is_issued() {
    let folder = Folder::with_request();
    std::fs::remove_file(folder.path("demoCA/index.txt")).unwrap();
    let outcome = folder.mailca("sign").exits(1);
    assert!(outcome.stderr.contains("index.txt"), "{outcome}");
    assert!(!folder.exists("cert.pem"));
}

#[test]
fn a_broken_ca_folder_says_what_is_missing() {
    for (file, word) in
        [("cacert.pem", "cacert.pem is missing"), ("private/cakey.pem", "cakey.pem")]
    {
        let folder = Folder::with_request();
        std::fs::remove_file(folder.path("demoCA").join(file)).unwrap();
        folder.mailca("sign").refused(&[word]);
        folder.write(&format!("demoCA/{file}"), "nonsense\n");
        folder.mailca("sign").refused(&[file]);
    }
    // The key of another CA.
    let folder = Folder::with_request();
    folder.mailca("newca --ca-dir other").success();
    std::fs::remove_file(folder.path("demoCA/private/cakey.pem")).unwrap();
    std::fs::copy(folder.path("other/private/cakey.pem"), folder.path("demoCA/private/cakey.pem"))
        .unwrap();
    folder.mailca("sign").refused(&["cakey.pem"]);
}
