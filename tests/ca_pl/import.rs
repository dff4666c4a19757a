//! `-newca` with the file of an existing CA.

use crate::answers::{HOST, ca_pl, lines, sign};
use crate::support::{Folder, mode, need};

/// A CA of openssl's, certificate and key in old.pem.
fn with_old_ca(options: &str) -> Folder {
    let folder = Folder::empty();
    folder
        .openssl("req -x509 -newkey rsa:2048 -days 1000 -keyout old.key -out old.crt -subj /O=Example/CN=Old")
        .args(&options.split_whitespace().collect::<Vec<_>>())
        .success();
    folder.bash("cat old.crt old.key > old.pem").success();
    folder
}

#[test]
fn an_imported_ca_signs_and_its_key_is_private() {
    need!("openssl");
    let folder = with_old_ca("-nodes");
    let outcome = ca_pl(&folder, "-newca").stdin("old.pem\n").success();
    assert_eq!(outcome.text(), "CA certificate is in ./demoCA/cacert.pem\n");
    assert_eq!(mode(&folder.path("demoCA/private/cakey.pem")), 0o400);
    assert!(folder.exists("demoCA/serial"));
    folder.openssl("verify -CAfile old.crt demoCA/cacert.pem").success();
    ca_pl(&folder, "-newreq-nodes").stdin(lines(&HOST)).success();
    sign(&folder, "-sign").success();
    folder.openssl("verify -purpose sslserver -CAfile old.crt newcert.pem").success();
}

#[test]
fn a_protected_key_stays_protected() {
    need!("openssl");
    let folder = with_old_ca("-passout pass:ca_secret");
    ca_pl(&folder, "-newca").stdin("old.pem\n").refused(&["standard input ended"]);
    ca_pl(&folder, "-newca").stdin("old.pem\nwrong\n").refused(&["passphrase"]);
    ca_pl(&folder, "-newca").stdin("old.pem\nca_secret\n").success();
    assert!(folder.text("demoCA/private/cakey.pem").contains("ENCRYPTED PRIVATE KEY"));
    ca_pl(&folder, "-newreq-nodes").stdin(lines(&HOST)).success();
    sign(&folder, "-sign").exits(1);
    ca_pl(&folder, "-sign").stdin("ca_secret\ny\ny\n").success();
}

#[test]
fn what_is_no_ca_is_refused() {
    need!("openssl");
    let folder = with_old_ca("-nodes");
    ca_pl(&folder, "-newca").stdin("missing.pem\n").refused(&["missing.pem is not there"]);
    ca_pl(&folder, "-newca").stdin("old.crt\n").refused(&["no private key"]);
    ca_pl(&folder, "-newca").stdin("old.key\n").refused(&["belongs to the private key"]);
    folder
        .openssl("req -x509 -nodes -newkey rsa:2048 -keyout leaf.pem -out leaf.crt -subj /CN=leaf")
        .args(&["-addext", "basicConstraints=critical,CA:FALSE"])
        .success();
    folder.bash("cat leaf.crt >> leaf.pem").success();
    ca_pl(&folder, "-newca").stdin("leaf.pem\n").refused(&["not a CA's"]);
}
