//! Signed and encrypted mail: OpenSSL, NSS for Thunderbird, GnuTLS and gpgsm use a person's certificate as they
//! use one of a large CA.

use std::fs;

use crate::support::{Folder, Outcome, need};

const MAIL: &str = "Content-Type: text/plain\n\nMeet me at noon.\n";
const WORDS: &str = "Meet me at noon.";
const NAME: &str = "Joe User";
const PASSWORD: &str = "correct horse";
/// The last curve, and the first, that clients know; and RSA, which all know.
const KEYS: [&str; 3] = ["rsa-2048", "ecdsa-p256", "ecdsa-p384"];

/// A CA, joe with a key of that type, and a mail.
fn with_joe(key_type: &str) -> Folder {
    let folder = Folder::with_ca();
    issue_joe(&folder, key_type, "");
    folder
}

fn issue_joe(folder: &Folder, key_type: &str, more: &str) {
    folder
        .mailca(&format!(
            "issue --user joe --email joe@example.com --key-type {key_type} joe {more}"
        ))
        .success();
    folder.write("mail", MAIL);
    folder.write("pw", format!("{PASSWORD}\n"));
}

/// Signs the mail with the files of a folder, as an S/MIME message in `signed`.
fn sign(folder: &Folder, who: &str) {
    folder
        .openssl("cms -sign -in mail -out signed")
        .args(&["-signer", &format!("{who}/cert.pem"), "-inkey", &format!("{who}/key.pem")])
        .args(&["-certfile", &format!("{who}/cacert.pem")])
        .success();
}

/// Whoever has the CA's certificate verifies the mail, with more options; the exit status is openssl's 4 where the
/// signature is not accepted.
fn verified(folder: &Folder, ca: &str, more: &str) -> Outcome {
    folder
        .openssl(&format!("cms -verify -purpose smimesign -in signed -CAfile {ca} {more}"))
        .output()
}

#[test]
fn openssl_verifies_what_a_person_signed() {
    need!("openssl");
    for key_type in KEYS {
        let folder = with_joe(key_type);
        sign(&folder, "joe");
        let outcome = verified(&folder, "demoCA/cacert.pem", "");
        assert_eq!(outcome.status, Some(0), "{key_type}: {outcome}");
        outcome.says(&[WORDS, "successful"]);
        // As the older command does it, which many programs call.
        folder
            .openssl("smime -verify -purpose smimesign -in signed -CAfile demoCA/cacert.pem")
            .success()
            .says(&[WORDS, "successful"]);
        // Not with the certificate of somebody else's CA, and not what was changed on the way.
        folder.mailca("newca --ca-dir other --cn Other").success();
        assert_eq!(verified(&folder, "other/cacert.pem", "").status, Some(4));
        let changed = folder.text("signed").replace("noon", "nine");
        folder.write("signed", changed);
        let outcome = verified(&folder, "demoCA/cacert.pem", "");
        assert_eq!(outcome.status, Some(4), "{outcome}");
    }
}

#[test]
fn openssl_decrypts_what_was_encrypted_to_a_person() {
    need!("openssl");
    for key_type in KEYS {
        let folder = with_joe(key_type);
        folder.openssl("cms -encrypt -aes256 -in mail -out secret joe/cert.pem").success();
        assert!(!folder.text("secret").contains(WORDS));
        let open = |who: &str| {
            folder
                .openssl("cms -decrypt -in secret")
                .args(&["-recip", &format!("{who}/cert.pem")])
                .args(&["-inkey", &format!("{who}/key.pem")])
                .output()
        };
        let outcome = open("joe");
        assert_eq!(outcome.status, Some(0), "{key_type}: {outcome}");
        outcome.says(&[WORDS]);
        // Nobody else does.
        let line = format!("issue --user ann --email ann@example.com --key-type {key_type} ann");
        folder.mailca(&line).success();
        let outcome = open("ann");
        assert!(!outcome.text().contains(WORDS), "{outcome}");
        assert_ne!(outcome.status, Some(0), "{outcome}");
    }
}

#[test]
fn openssl_verifies_through_an_intermediate() {
    need!("openssl");
    for key_type in KEYS {
        let folder = Folder::empty();
        folder.mailca("newca --ca-dir root --path-len 1 --cn Root").success();
        folder.mailca("newreq --profile ca --cn Users users").success();
        folder.mailca("sign --ca-dir root users --profile ca --yes").success();
        folder.mailca("newca --ca-dir usersCA --from users").success();
        issue_joe(&folder, key_type, "--ca-dir usersCA");
        sign(&folder, "joe");
        // Who reads it has the root only: the mail brings the one between along.
        let outcome = verified(&folder, "root/cacert.pem", "");
        assert_eq!(outcome.status, Some(0), "{key_type}: {outcome}");
        folder.openssl("cms -encrypt -aes256 -in mail -out secret joe/cert.pem").success();
        folder
            .openssl("cms -decrypt -in secret -recip joe/cert.pem -inkey joe/key.pem")
            .success()
            .says(&[WORDS]);
    }
}

#[test]
fn the_certificate_of_a_server_or_program_signs_no_mail() {
    need!("openssl");
    let folder = with_joe("ecdsa-p256");
    folder.mailca("issue --cn mx.example.com mx").success();
    folder.mailca("issue --cn scanner --profile client scanner").success();
    for who in ["mx", "scanner"] {
        sign(&folder, who);
        let outcome = verified(&folder, "demoCA/cacert.pem", "");
        assert_eq!(outcome.status, Some(4), "{outcome}");
        outcome.says(&["unsuitable certificate purpose"]);
    }
}

#[test]
fn a_revoked_person_signs_no_mail_for_whoever_reads_the_list() {
    need!("openssl");
    let folder = with_joe("ecdsa-p256");
    folder.mailca("issue --user ann --email ann@example.com --key-type ecdsa-p256 ann").success();
    folder.mailca("crl").success();
    let with_list = |who: &str| {
        sign(&folder, who);
        let list = [folder.read("demoCA/cacert.pem"), folder.read("demoCA/crl.pem")].concat();
        folder.write("ca-and-list", list);
        verified(&folder, "ca-and-list", "-crl_check")
    };
    assert_eq!(with_list("joe").status, Some(0));
    folder.mailca("revoke --user joe@example.com --crl").success();
    let outcome = with_list("joe");
    assert_eq!(outcome.status, Some(4), "{outcome}");
    outcome.says(&["certificate revoked"]);
    let outcome = with_list("ann");
    assert_eq!(outcome.status, Some(0), "{outcome}");
}

#[test]
fn old_mail_is_read_after_a_renewal() {
    need!("openssl");
    for new_key in ["", "--new-key"] {
        let folder = with_joe("rsa-2048");
        folder.openssl("cms -encrypt -aes256 -in mail -out secret joe/cert.pem").success();
        fs::copy(folder.path("joe/key.pem"), folder.path("old-key")).unwrap();
        fs::copy(folder.path("joe/cert.pem"), folder.path("old-cert")).unwrap();
        folder.mailca(&format!("renew --user joe {new_key}")).success();
        sign(&folder, "joe");
        assert_eq!(verified(&folder, "demoCA/cacert.pem", "").status, Some(0));
        // The key is the same, so that even the new files open it; a new one does not, and the old one is kept.
        let open = |key: &str| {
            folder.openssl("cms -decrypt -in secret -recip old-cert -inkey").arg(key).output()
        };
        assert_eq!(open("joe/key.pem").status == Some(0), new_key.is_empty());
        let kept = fs::read_dir(folder.path("joe")).unwrap().map(|it| it.unwrap().file_name());
        let kept = kept.map(|name| name.into_string().unwrap());
        let old: Vec<_> = kept.filter(|name| name.starts_with("key.pem.old-")).collect();
        assert_eq!(old.len(), usize::from(!new_key.is_empty()), "{old:?}");
        for key in &old {
            assert_eq!(open(&format!("joe/{key}")).status, Some(0));
        }
        assert_eq!(open("old-key").status, Some(0));
    }
}

#[test]
fn gnutls_verifies_what_a_person_signed() {
    need!("openssl", "certtool");
    for key_type in KEYS {
        let folder = with_joe(key_type);
        folder
            .openssl("cms -sign -nodetach -binary -outform DER -in mail -out signed")
            .args(&["-signer", "joe/cert.pem", "-inkey", "joe/key.pem"])
            .success();
        let verify = |ca: &str| {
            folder
                .program("certtool", "--p7-verify --inder --infile signed --load-ca-certificate")
                .arg(ca)
                .output()
        };
        let outcome = verify("demoCA/cacert.pem");
        assert_eq!(outcome.status, Some(0), "{key_type}: {outcome}");
        outcome.says(&["Signature status: ok"]);
        folder.mailca("newca --ca-dir other --cn Other").success();
        assert_ne!(verify("other/cacert.pem").status, Some(0));
    }
}

/// Imports joe's PKCS#12 in that form into a database of NSS, and trusts the CA in it.
fn imported_into_nss(folder: &Folder, form: &str) {
    folder
        .mailca(&format!("export-p12 joe --password-file pw -o joe.p12 {form} --name"))
        .arg(NAME)
        .success();
    folder.mkdir("db");
    folder.program("certutil", "-N -d sql:db --empty-password").success();
    folder.program("pk12util", "-i joe.p12 -d sql:db -w pw").success();
    let list = folder.program("certutil", "-L -d sql:db").success().text();
    let user = list.lines().find(|line| line.starts_with(NAME)).unwrap_or_else(|| panic!("{list}"));
    assert!(user.trim_end().ends_with("u,u,u"), "{list}");
    let ca = list.lines().find(|line| line.trim_end().ends_with(",,")).unwrap();
    let ca = ca.trim_end().trim_end_matches(',').trim();
    // Not before somebody trusts the CA.
    assert_ne!(valid_in_nss(folder, "S").status, Some(0));
    folder.program("certutil", "-M -d sql:db -t CT,C,C -n").arg(ca).success();
}

/// What NSS says of the certificate: S to sign mail with, R to encrypt mail to.
fn valid_in_nss(folder: &Folder, usage: &str) -> Outcome {
    folder
        .program("certutil", "-V -d sql:db -u")
        .args(&[usage, "-n", NAME])
        .output()
        .says_nothing_of(&["segmentation"])
}

/// The minor version of NSS 3 that the tools run with, which they do not tell; from the library's own words.
fn nss_minor() -> Option<u32> {
    let words = "Version: NSS 3.";
    for folder in
        ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"]
    {
        let Ok(library) = fs::read(format!("{folder}/libnss3.so")) else { continue };
        let at = library.windows(words.len()).position(|window| window == words.as_bytes())?;
        let digits: String = library[at + words.len()..]
            .iter()
            .map(|byte| char::from(*byte))
            .take_while(char::is_ascii_digit)
            .collect();
        return digits.parse().ok();
    }
    None
}

#[test]
fn nss_signs_verifies_encrypts_and_decrypts() {
    need!("openssl", "certutil", "pk12util", "cmsutil");
    let decrypts_ec = nss_minor().is_some_and(|minor| minor >= 110);
    for (key_type, form) in [
        ("rsa-2048", ""),
        ("rsa-2048", "--for thunderbird"),
        ("rsa-2048", "--for apple"),
        ("ecdsa-p256", ""),
        ("ecdsa-p384", "--for thunderbird"),
    ] {
        let folder = with_joe(key_type);
        imported_into_nss(&folder, form);
        for usage in ["S", "R"] {
            let outcome = valid_in_nss(&folder, usage);
            assert_eq!(outcome.status, Some(0), "{key_type} {usage}: {outcome}");
        }
        let cmsutil = |line: &str| folder.program("cmsutil", &format!("-d sql:db {line}"));
        cmsutil("-S -G -P -i mail -o signed -N").arg(NAME).success();
        cmsutil("-D -i signed -n -h 3").success().says(&["nsigners=1", "status=GoodSignature"]);
        folder
            .openssl(
                "cms -verify -purpose smimesign -inform DER -in signed -CAfile demoCA/cacert.pem",
            )
            .success()
            .says(&[WORDS]);
        // What OpenSSL signed, NSS accepts.
        folder
            .openssl("cms -sign -nodetach -binary -outform DER -in mail -out by-openssl")
            .args(&["-signer", "joe/cert.pem", "-inkey", "joe/key.pem"])
            .success();
        cmsutil("-D -i by-openssl -n -h 3").success().says(&["status=GoodSignature"]);
        // Older ones know of RSA only: it is they that cannot, as OpenSSL shows.
        folder
            .openssl("cms -encrypt -aes256 -outform DER -in mail -out secret joe/cert.pem")
            .success();
        let read = cmsutil("-D -i secret").output();
        if key_type == "rsa-2048" || decrypts_ec {
            assert_eq!(read.status, Some(0), "{key_type}: {read}");
            read.says(&[WORDS]);
            cmsutil("-E -i mail -o by-nss -r joe@example.com").success();
            cmsutil("-D -i by-nss").success().says(&[WORDS]);
            fs::rename(folder.path("by-nss"), folder.path("secret")).unwrap();
        } else {
            assert_ne!(read.status, Some(0), "it can by now: {read}");
        }
        folder
            .openssl("cms -decrypt -inform DER -in secret -recip joe/cert.pem -inkey joe/key.pem")
            .success()
            .says(&[WORDS]);
    }
}

/// gpgsm in a folder of its own, whose agent ends with the test.
struct Gpgsm<'f> {
    folder: &'f Folder,
}

impl<'f> Gpgsm<'f> {
    fn new(folder: &'f Folder) -> Self {
        folder.mkdir("gnupg");
        folder.chmod("gnupg", 0o700);
        folder.write("gnupg/gpg-agent.conf", "allow-loopback-pinentry\n");
        folder.write("gnupg/gpgsm.conf", "disable-crl-checks\n");
        let print =
            folder.openssl("x509 -noout -fingerprint -sha1 -in demoCA/cacert.pem").success();
        let print = print.text().trim().rsplit('=').next().unwrap().to_owned();
        folder.write("gnupg/trustlist.txt", format!("{print} S relax\n"));
        Self { folder }
    }

    fn run(&self, line: &str) -> Outcome {
        self.folder
            .program("gpgsm", "--batch --yes --pinentry-mode loopback --passphrase-fd 0")
            .args(&line.split_whitespace().collect::<Vec<_>>())
            .env("GNUPGHOME", self.folder.path("gnupg").to_str().unwrap())
            .stdin(format!("{PASSWORD}\n"))
            .output()
    }

    /// The version.
    fn version(&self) -> Vec<u32> {
        let text = self.folder.program("gpgsm", "--version").success().text();
        let words = text.lines().next().unwrap().rsplit(' ').next().unwrap();
        words.split('.').map(|number| number.parse().unwrap()).collect()
    }
}

impl Drop for Gpgsm<'_> {
    fn drop(&mut self) {
        let home = self.folder.path("gnupg");
        let run = self.folder.program("gpgconf", "--kill all");
        let _ = run.env("GNUPGHOME", home.to_str().unwrap()).output();
    }
}

#[test]
fn gnupg_signs_verifies_encrypts_and_decrypts() {
    need!("openssl", "gpgsm", "gpgconf");
    let folder = with_joe("rsa-2048");
    folder.mailca("export-p12 joe --password-file pw -o modern.p12").success();
    folder.mailca("export-p12 joe --password-file pw --for apple -o old.p12").success();
    let gpgsm = Gpgsm::new(&folder);
    // Before 2.4.4 it reads the older form only.
    let modern = gpgsm.run("--import modern.p12");
    if modern.status != Some(0) {
        assert!(gpgsm.version() < vec![2, 4, 4], "{modern}");
        let old = gpgsm.run("--import old.p12");
        assert_eq!(old.status, Some(0), "{old}");
        old.says(&["secret keys imported: 1"]);
    }
    let outcome = gpgsm.run("--local-user joe@example.com --output signed --sign mail");
    assert_eq!(outcome.status, Some(0), "{outcome}");
    folder
        .openssl("cms -verify -purpose smimesign -inform DER -in signed -CAfile demoCA/cacert.pem")
        .success()
        .says(&[WORDS]);
    let outcome = gpgsm.run("--verify signed");
    assert_eq!(outcome.status, Some(0), "{outcome}");
    outcome.says(&["Good signature from", "aka \"joe@example.com\""]);
    folder.openssl("cms -encrypt -aes256 -outform DER -in mail -out secret joe/cert.pem").success();
    let outcome = gpgsm.run("--decrypt secret");
    assert_eq!(outcome.status, Some(0), "{outcome}");
    outcome.says(&[WORDS]);
    let outcome = gpgsm.run("--recipient joe@example.com --output by-gpgsm --encrypt mail");
    assert_eq!(outcome.status, Some(0), "{outcome}");
    folder
        .openssl("cms -decrypt -inform DER -in by-gpgsm -recip joe/cert.pem -inkey joe/key.pem")
        .success()
        .says(&[WORDS]);
}
