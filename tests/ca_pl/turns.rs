//! The real CA.pl and ours, taking turns in one folder and asked with one dialogue.

use std::path::{Path, PathBuf};

use crate::answers::{HOST, ca_pl, lines, link};
use crate::support::{Certificate, Folder, Pty, need, peer, subject_of};

/// Either program, with what is to be run and its first arguments.
struct Either {
    program: PathBuf,
    first: Vec<String>,
}

impl Either {
    fn ours() -> Self {
        Self { program: link(), first: Vec::new() }
    }

    fn original() -> Option<Self> {
        let script = peer("CA.pl")?.to_str().unwrap().to_string();
        Some(Self { program: peer("perl")?, first: vec![script] })
    }

    fn start(&self, folder: &Folder, arguments: &[&str]) -> Pty {
        let first = self.first.iter().map(String::as_str);
        let all: Vec<_> = first.chain(arguments.iter().copied()).collect();
        Pty::start_with(Path::new(&self.program), folder.root(), "", &all)
    }

    fn new_ca(&self, folder: &Folder) {
        let mut terminal = self.start(folder, &["-newca"]);
        terminal.expect("CA certificate filename (or enter to create)").answer("");
        new_passphrase(&mut terminal, "ca secret");
        name(&mut terminal, ["DE", "Hessen", "Town", "Example", "Mail", "Old CA", ""]);
        attributes(&mut terminal);
        terminal
            .expect_hidden("Enter pass phrase for ./demoCA/private/cakey.pem:")
            .answer("ca secret");
        done(terminal, "CA certificate is in ./demoCA/cacert.pem");
    }

    fn new_request(&self, folder: &Folder, common_name: &str) {
        let mut terminal = self.start(folder, &["-newreq"]);
        new_passphrase(&mut terminal, "key secret");
        name(&mut terminal, ["DE", "Hessen", "Town", "Example", "Mail", common_name, ""]);
        attributes(&mut terminal);
        done(terminal, "Request is in newreq.pem, private key is in newkey.pem");
    }

    fn sign(&self, folder: &Folder, argument: &str) {
        let mut terminal = self.start(folder, &[argument]);
        terminal
            .expect_hidden("Enter pass phrase for ./demoCA/private/cakey.pem:")
            .answer("ca secret");
        terminal.expect("Sign the certificate? [y/n]:").answer("y");
        terminal.expect("1 out of 1 certificate requests certified, commit? [y/n]").answer("y");
        done(terminal, "certificate is in newcert.pem");
    }

    fn bundle(&self, folder: &Folder) {
        let mut terminal = self.start(folder, &["-pkcs12", "Joe"]);
        terminal.expect_hidden("Enter pass phrase for newkey.pem:").answer("key secret");
        terminal.expect_hidden("Enter Export Password:").answer("exported");
        terminal.expect_hidden("Verifying - Enter Export Password:").answer("exported");
        done(terminal, "PKCS#12 file is in newcert.p12");
    }

    fn revoke(&self, folder: &Folder, reason: &str) {
        let mut terminal = self.start(folder, &["-revoke", "newcert.pem", reason]);
        terminal
            .expect_hidden("Enter pass phrase for ./demoCA/private/cakey.pem:")
            .answer("ca secret");
        done(terminal, "");
    }

    fn crl(&self, folder: &Folder) {
        let mut terminal = self.start(folder, &["-crl"]);
        terminal
            .expect_hidden("Enter pass phrase for ./demoCA/private/cakey.pem:")
            .answer("ca secret");
        done(terminal, "Generated CRL is in ./demoCA/crl/crl.pem");
    }

    fn verify(&self, folder: &Folder) {
        done(self.start(folder, &["-verify"]), "newcert.pem: OK");
    }

    /// A whole life of a certificate, each step in the hand of one of two.
    fn session(steps: [&Self; 6], folder: &Folder, common_name: &str) {
        let [request, sign, verify, bundle, revoke, crl] = steps;
        request.new_request(folder, common_name);
        sign.sign(folder, "-sign");
        assert_eq!(folder.index().last().unwrap()[3], serial(folder));
        verify.verify(folder);
        bundle.bundle(folder);
        revoke.revoke(folder, "superseded");
        crl.crl(folder);
        let list = folder.openssl("crl -noout -text -in demoCA/crl/crl.pem").success().text();
        assert!(list.contains(&serial(folder)), "{list}");
        folder.openssl("crl -noout -CAfile demoCA/cacert.pem -in demoCA/crl/crl.pem").success();
        folder.openssl("pkcs12 -noout -passin pass:exported -in newcert.p12").success();
    }
}

fn serial(folder: &Folder) -> String {
    Certificate::read(&folder.path("newcert.pem")).serial
}

fn new_passphrase(terminal: &mut Pty, passphrase: &str) {
    terminal.expect_hidden("Enter PEM pass phrase:").answer(passphrase);
    terminal.expect_hidden("Verifying - Enter PEM pass phrase:").answer(passphrase);
}

fn name(terminal: &mut Pty, answers: [&str; 7]) {
    let questions = [
        "Country Name (2 letter code) [",
        "State or Province Name (full name) [",
        "Locality Name (eg, city) [",
        "Organization Name (eg, company) [",
        "Organizational Unit Name (eg, section) [",
        "Common Name (e.g. server FQDN or YOUR name) [",
        "Email Address [",
    ];
    for (question, answer) in questions.into_iter().zip(answers) {
        terminal.expect(question).expect("]:").answer(answer);
    }
}

fn attributes(terminal: &mut Pty) {
    for question in ["A challenge password [", "An optional company name ["] {
        terminal.expect(question).expect("]:").answer("");
    }
}

fn done(terminal: Pty, words: &str) {
    let (screen, status) = terminal.finish();
    assert_eq!(status, 0, "{screen}");
    assert!(screen.contains(words), "{words}: {screen}");
    assert!(!screen.contains("secret") && !screen.contains("exported"), "{screen}");
}

#[test]
fn ours_in_a_folder_of_the_original_and_the_other_way_round() {
    need!("openssl");
    let Some(original) = Either::original() else { return };
    let ours = Either::ours();
    for maker in [&original, &ours] {
        let folder = Folder::empty();
        maker.new_ca(&folder);
        Either::session([&ours; 6], &folder, "a.example.com");
        Either::session([&original; 6], &folder, "b.example.com");
        Either::session(
            [&ours, &original, &ours, &original, &ours, &original],
            &folder,
            "c.example.com",
        );
        Either::session(
            [&original, &ours, &original, &ours, &original, &ours],
            &folder,
            "d.example.com",
        );
        assert_eq!(folder.index().len(), 5);
        let list = folder.openssl("crl -noout -text -in demoCA/crl/crl.pem").success().text();
        assert_eq!(list.matches("Superseded").count(), 4, "{list}");
    }
}

#[test]
fn a_name_is_the_same_whoever_asked_for_it() {
    need!("openssl");
    let Some(original) = Either::original() else { return };
    let folder = Folder::empty();
    original.new_request(&folder, "mail.example.com");
    let subject = subject_of(&folder.path("newreq.pem"));
    Either::ours().new_request(&folder, "mail.example.com");
    assert_eq!(subject_of(&folder.path("newreq.pem")), subject);
}

#[test]
fn an_intermediate_of_ours_is_signed_by_the_original_and_the_other_way_round() {
    need!("openssl");
    let Some(original) = Either::original() else { return };
    for (maker, signer) in [(&original, &Either::ours()), (&Either::ours(), &original)] {
        let folder = Folder::empty();
        maker.new_ca(&folder);
        let mut answers = HOST;
        answers[5] = "Users CA";
        ca_pl(&folder, "-newreq-nodes").stdin(lines(&answers)).success();
        signer.sign(&folder, "-signCA");
        folder.openssl("verify -CAfile demoCA/cacert.pem newcert.pem").success();
        let shown = folder.openssl("x509 -noout -ext basicConstraints -in newcert.pem").success();
        assert!(shown.text().contains("CA:TRUE"), "{shown}");
    }
}
