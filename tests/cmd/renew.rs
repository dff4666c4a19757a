//! `renew` by name: what stays, what changes, and what is refused.

use std::fs;

use serde_json::Value;

use crate::support::{Certificate, Folder, mode, need};

#[path = "renew/expiring.rs"]
mod expiring;
#[path = "renew/keys.rs"]
mod keys;
#[path = "renew/places.rs"]
mod places;

const SAN: &str = "2.5.29.17";
const SKI: &str = "2.5.29.14";
const CRL_POINTS: &str = "2.5.29.31";

/// With a server's key and certificate in `mail/`, which is valid for 90 days.
fn with_host() -> Folder {
    let folder = Folder::with_ca();
    folder
        .mailca("issue --cn mail.example.com --san DNS:mx.example.com --days 90 mail")
        .args(&["--org", "Example Ünit"])
        .success();
    folder
}

fn certificate(folder: &Folder, name: &str) -> Certificate {
    Certificate::read(&folder.path(&format!("{name}/cert.pem")))
}

/// The files in a folder that were kept aside, by the beginning of their names.
fn kept(folder: &Folder, name: &str, file: &str) -> Vec<String> {
    let entries = fs::read_dir(folder.path(name)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with(&format!("{file}.old-"))).collect()
}

/// The serials of certificates that have not arrived.
fn pending(folder: &Folder) -> usize {
    fs::read_dir(folder.path("demoCA/pending")).map_or(0, Iterator::count)
}

#[test]
fn everything_but_serial_and_dates_stays() {
    let folder = with_host();
    let (old, key, request) =
        (certificate(&folder, "mail"), folder.read("mail/key.pem"), folder.read("mail/req.pem"));
    let old_pem = folder.read("mail/cert.pem");
    let outcome = folder.mailca("renew mail").success();
    let new = certificate(&folder, "mail");
    assert_ne!(new.serial, old.serial);
    assert_eq!((new.subject, new.spki, new.days), (old.subject, old.spki, 90));
    assert_eq!(new.extensions, old.extensions);
    assert_eq!((folder.read("mail/key.pem"), folder.read("mail/req.pem")), (key, request));
    let kept = kept(&folder, "mail", "cert.pem");
    assert_eq!(kept.len(), 1);
    assert_eq!(folder.read(&format!("mail/{}", kept[0])), old_pem);
    let rows = folder.index();
    assert_eq!(rows.len(), 3);
    assert_eq!((&rows[1][0], &rows[2][0]), (&"V".to_owned(), &"V".to_owned()));
    assert_eq!(rows[2][3], new.serial);
    assert_eq!(pending(&folder), 0);
    outcome.says(&[
        &old.serial,
        &new.serial,
        "TLSA 3 1 1 unchanged",
        "SHA-256",
        "reload",
        "mail/cert.pem",
    ]);
    folder.mailca("verify mail/cert.pem --host mx.example.com").success();
}

#[test]
fn the_current_folder_is_the_default() {
    let folder = Folder::with_request();
    folder.mailca("sign").success();
    let old = Certificate::read(&folder.path("cert.pem")).serial;
    folder.mailca("renew --quiet").success().says_nothing_of(&["serial", "TLSA"]);
    assert_ne!(Certificate::read(&folder.path("cert.pem")).serial, old);
    folder.mailca("verify cert.pem --host mail.example.com").success();
}

#[test]
fn json_tells_old_and_new() {
    let folder = with_host();
    let old = certificate(&folder, "mail");
    let outcome = folder.mailca("renew mail --json").success();
    let report: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    let [renewed] = &report["renewed"].as_array().unwrap()[..] else { panic!("{report}") };
    assert_eq!(renewed["old"]["serial"], old.serial);
    assert_eq!(renewed["certificate"]["serial"], certificate(&folder, "mail").serial);
    assert_eq!(renewed["certificate"]["profile"], "server");
    assert_eq!(renewed["file"], "mail/cert.pem");
    assert_eq!(renewed["key"], "same");
    assert_eq!(renewed["delivered"], true);
    assert_eq!(renewed["revoked_old"], false);
    assert_eq!(renewed["tlsa_3_1_1"], renewed["old_tlsa_3_1_1"]);
    assert_ne!(renewed["certificate"]["sha256"], renewed["old"]["sha256"]);
    assert_eq!(renewed["pem"], folder.text("mail/cert.pem"));
    assert_eq!(report["failed"], serde_json::json!([]));
    assert_eq!(report["skipped"], serde_json::json!([]));
}

#[test]
fn days_and_crl_url_can_be_chosen() {
    let folder = with_host();
    folder.mailca("renew mail --days 7 --crl-url http://ca.example.com/crl.der").success();
    let new = certificate(&folder, "mail");
    assert_eq!(new.days, 7);
    let points = new.extension(CRL_POINTS).unwrap();
    assert!(points.windows(25).any(|part| part == b"http://ca.example.com/crl"));
    // The setting, and not the old certificate, says where the list is.
    folder.mailca("renew mail").success();
    assert!(certificate(&folder, "mail").extension(CRL_POINTS).is_none());
    folder.mailca("renew mail --crl-url nonsense").usage(&["nonsense"]);
}

/// A certificate that had to end with the CA may have been meant to be longer, and is never made shorter.
#[test]
fn one_that_was_cut_short_is_as_long_as_it_was_and_at_least_as_long_as_others() {
    for (leaf_days, wanted) in [(30, 99..=100), (60, 99..=100), (300, 99..=100)] {
        let folder = Folder::empty();
        folder.mailca(&format!("newca --days 100 --leaf-days {leaf_days}")).success();
        folder.mailca("issue --cn mail.example.com --days 9999 mail").success();
        let outcome = folder.mailca("renew mail").success();
        let days = certificate(&folder, "mail").days;
        assert!(wanted.contains(&days), "{days}{outcome}");
        if leaf_days > 100 {
            outcome.says(&["ends with the CA"]);
        }
        folder.mailca("rekey-ca --same-key --yes").success();
        folder.mailca("renew mail").success();
        let after = certificate(&folder, "mail").days;
        let wanted = days.max(leaf_days);
        assert!((wanted..=wanted + 1).contains(&after), "it has room again: {after}");
    }
}

#[test]
fn what_was_revoked_is_not_renewed() {
    let folder = with_host();
    folder.mailca("revoke mail --yes --reason keyCompromise").success();
    folder.mailca("renew mail").refused(&["was revoked on", "keyCompromise", "newreq"]);
}

#[test]
fn what_has_ended_is_renewed_and_said_to_have_ended() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.dated_host("mail", -100, -10);
    folder.mailca("renew mail").success().says(&["ended on", "10 days ago"]);
    assert_eq!(certificate(&folder, "mail").days, 90);
    folder.mailca("verify mail/cert.pem --host mail.example.com").success();
}

#[test]
fn persons_are_renewed_with_their_profile_only() {
    let folder = Folder::with_user();
    folder.mailca("renew joeuser").refused(&[
        "joeuser is a person",
        "--profile user",
        "export-p12",
    ]);
    folder.mailca("renew joeuser --profile user").success().says(&["`mailca export-p12 joeuser`"]);
    assert_eq!(folder.index().len(), 3);
    folder.write("pw", "correct horse\n");
    folder.mailca("export-p12 joeuser --password-file pw").success();
}

/// Completion of the shell writes the slash.
#[test]
fn a_slash_after_the_name_of_a_folder_does_no_harm() {
    let folder = Folder::with_user();
    let outcome = folder.mailca("renew joeuser/ --profile user").success();
    outcome.says(&["written to joeuser/cert.pem", "`mailca export-p12 joeuser`"]);
    folder.write("pw", "correct horse\n");
    folder.mailca("export-p12 joeuser/ --password-file pw").success().says(&["joeuser.p12"]);
    folder.mailca("issue --cn mail.example.com s/").success();
    folder.mailca("tlsa mail.example.com s/").success();
    folder.mailca("newreq --next-key s/").success().says_nothing_of(&["s/`"]);
    assert!(folder.path("s/next-key.pem").exists());
    let outcome = folder.mailca("newreq --cn mx.example.com mx/").success();
    outcome.says(&["`mailca sign mx`"]);
    folder.mailca("export-p12 joeuser// --password-file pw").usage(&["is not a name"]);
    folder.mailca("quickstart --user joe/ --host mail.example.com").usage(&["slash"]);
}

#[test]
fn another_profile_is_refused() {
    let folder = with_host();
    folder.mailca("renew mail --profile user").refused(&["profile server, not user"]);
    folder.mailca("renew mail --profile server").success();
}

#[test]
fn intermediates_are_renewed_with_their_profile_only() {
    need!("openssl");
    let folder = Folder::empty();
    folder.mailca("newca --path-len 2").success();
    folder.simple_request("sub", "/O=Example/CN=Sub CA", "");
    folder.mailca("sign sub.csr --profile ca --path-len 1 --yes -o sub.pem").success();
    folder.mailca("renew sub.pem").refused(&["Sub CA is an intermediate CA", "--profile ca"]);
    let old = Certificate::read(&folder.path("sub.pem"));
    folder.mailca("renew sub.pem --profile ca").success();
    let new = Certificate::read(&folder.path("sub.pem"));
    assert_ne!(new.serial, old.serial);
    assert_eq!(new.extensions, old.extensions);
}

#[test]
fn an_intermediate_stays_as_long_as_it_was_and_its_folder_takes_it_in() {
    let folder = Folder::empty();
    folder.mailca("newca --path-len 1 --cn Root").success();
    folder.mailca("newreq --profile ca --cn Users users-ca").success();
    folder.mailca("sign users-ca --profile ca --yes").success();
    folder.mailca("newca --ca-dir usersCA --from users-ca").success();
    let outcome = folder.mailca("renew users-ca --profile ca").success();
    let days = certificate(&folder, "users-ca").days;
    assert!((3649..=3650).contains(&days), "{days}{outcome}");
    outcome.says(&["next: `mailca rekey-ca --ca-dir FOLDER --cert users-ca`"]);
    folder.mailca("rekey-ca --ca-dir usersCA --cert users-ca --yes").success();
    // One that was given few days keeps them.
    folder.mailca("sign users-ca --profile ca --days 100 --force --yes").success();
    folder.mailca("renew users-ca --profile ca").success();
    assert_eq!(certificate(&folder, "users-ca").days, 100);
}

#[test]
fn the_ca_itself_is_not_renewed() {
    let folder = Folder::with_ca();
    let serial = folder.index()[0][3].clone();
    folder.mailca("renew demoCA/cacert.pem").refused(&["the CA itself", "rekey-ca"]);
    folder.mailca(&format!("renew {serial}")).refused(&["the CA itself", "rekey-ca"]);
}

#[test]
fn one_that_index_txt_does_not_know_is_refused() {
    let folder = with_host();
    let index = folder.text("demoCA/index.txt");
    folder.write("demoCA/index.txt", index.lines().next().unwrap().to_owned() + "\n");
    folder.mailca("renew mail").refused(&["index.txt has no line", "doctor"]);
}

/// What openssl signed against the CA's constraints is not signed again.
#[test]
fn names_that_the_ca_may_not_certify_are_refused() {
    need!("openssl");
    let folder = Folder::empty();
    folder.mailca("newca --permit example.com").success();
    folder.mailca("newreq --cn mail.example.org mail").success();
    folder.dated("mail", "server_cert", -10, 10);
    folder.mailca("renew mail").refused(&["mail.example.org", "--permit"]);
}

/// Kinds of names that are never signed, which openssl copied from a request.
#[test]
fn names_of_other_kinds_are_refused() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.simple_request("other", "/CN=mail.example.com", "URI:https://mail.example.com/");
    folder
        .openssl("ca -config demoCA/openssl.cnf -batch -notext -in other.csr -out other.pem")
        .success();
    folder.mailca("renew other.pem").refused(&["the certificate asks for the name URI:"]);
}

#[test]
fn weak_keys_are_not_renewed() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.foreign_key("other", "RSA rsa_keygen_bits:1024");
    folder
        .openssl("req -new -batch -key other.key -out other.csr -subj /CN=mail.example.com")
        .success();
    folder
        .openssl("ca -config demoCA/openssl.cnf -batch -notext -in other.csr -out other.pem")
        .success();
    folder.mailca("renew other.pem").refused(&["1024 bits"]);
}

#[test]
fn several_are_all_decided_on_before_the_first_is_signed() {
    let folder = with_host();
    folder.mailca("issue --cn mx.example.com mx").success();
    folder.mailca("issue --user joe --email joe@example.com --key-type ecdsa-p256 joe").success();
    folder.mailca("renew mail mx joe").refused(&["joe is a person"]);
    folder.mailca("renew mail mail").usage(&["named before"]);
    folder.mailca("renew mail mx").success();
    assert_eq!(folder.index().len(), 6);
}

#[test]
fn what_is_not_there_is_refused_with_the_nearest_name() {
    let folder = with_host();
    folder.mailca("renew mial").refused(&["mial is neither", "is mail meant?"]);
    folder.mailca("renew 1F4A").refused(&["1F4A is neither", "mailca list"]);
    folder.mailca("renew").refused(&["cert.pem is not there"]);
    folder.mailca("renew demoCA").refused(&["the CA's folder"]);
    Folder::empty().mailca("renew").refused(&["no CA", "newca"]);
}

#[test]
fn the_old_one_is_revoked_where_that_is_wished() {
    let folder = with_host();
    let old = certificate(&folder, "mail").serial;
    let outcome = folder.mailca("renew mail --revoke-old").success();
    outcome.says(&[&format!("serial {old} is revoked as superseded"), "`mailca crl`"]);
    let rows = folder.index();
    assert_eq!((&rows[1][0][..], &rows[2][0][..]), ("R", "V"));
    assert!(rows[1][2].ends_with(",superseded"), "{rows:?}");
    assert_eq!(rows[1][3], old);
    folder.mailca("crl").success();
    folder.mailca("verify mail/cert.pem --crl demoCA/crl.pem").success();
}

#[test]
fn without_the_passphrase_nothing_is_written() {
    let folder = Folder::empty();
    folder.write("pass", "ca secret\n");
    folder.mailca("newca --encrypt-key --ca-passphrase-file pass").success();
    folder.mailca("issue --cn mail.example.com mail --ca-passphrase-file pass").success();
    folder.mailca("renew --new-key mail").refused(&["--ca-passphrase-file"]);
    folder.mailca("renew --new-key mail --ca-passphrase-file pass").success();
}

#[test]
fn modes_stay_unless_others_are_chosen() {
    let folder = with_host();
    folder.chmod("mail/cert.pem", 0o444);
    folder.mailca("renew mail").success();
    assert_eq!(mode(&folder.path("mail/cert.pem")), 0o444);
    assert_eq!(mode(&folder.path("mail/cacert.pem")), 0o400);
    folder.mailca("renew mail").env("MAILCA_CERT_MODE", "0440").success();
    assert_eq!(mode(&folder.path("mail/cert.pem")), 0o440);
    folder.mailca("renew mail --new-key --cert-mode 0644").success();
    for (file, expected) in [("cert.pem", 0o644), ("req.pem", 0o644), ("key.pem", 0o400)] {
        assert_eq!(mode(&folder.path(&format!("mail/{file}"))), expected, "{file}");
    }
    folder.mailca("renew mail --cert-mode 0777").usage(&["0777"]);
}

/// Servers that are not root read files of their own.
#[test]
fn owners_stay() {
    use std::os::unix::fs::{MetadataExt, chown};
    if !rustix::process::geteuid().is_root() {
        return crate::support::skip("files can be given away by root only");
    }
    let folder = with_host();
    for file in ["key.pem", "cert.pem"] {
        chown(folder.path("mail").join(file), Some(0), Some(12)).unwrap();
    }
    chown(folder.path("mail/cert.pem"), Some(8), Some(12)).unwrap();
    folder.mailca("renew mail --new-key").success();
    let owner = |file: &str| {
        let there = fs::metadata(folder.path("mail").join(file)).unwrap();
        (there.uid(), there.gid())
    };
    assert_eq!(
        (owner("key.pem"), owner("cert.pem"), owner("cacert.pem")),
        ((0, 12), (8, 12), (0, 0))
    );
}

#[test]
fn a_link_in_the_place_of_a_file_is_refused_before_anything_is_signed() {
    let folder = with_host();
    fs::rename(folder.path("mail/cert.pem"), folder.path("mail/real.pem")).unwrap();
    std::os::unix::fs::symlink("real.pem", folder.path("mail/cert.pem")).unwrap();
    folder.mailca("renew mail").refused(&["mail/cert.pem is not a plain file"]);
}
