//! The pages of `mailca help` are followed, command by command. Those of the servers are in tests/servers.

use std::os::unix::fs::PermissionsExt;

use crate::support::{Folder, need, page};

/// Types all that a page says, in one folder after the other where a command changes it. `prepare` runs first, in
/// the same shell.
fn follow(folder: &Folder, topic: &str, prepare: &str) {
    let text = folder.mailca("help").arg(topic).success().text();
    let blocks = page::typed(&text);
    assert!(blocks.len() > 2, "{text}");
    // Each block by itself, so that what fails is named; the folder is kept from one to the next.
    folder.write("where", folder.root().display().to_string());
    folder.write("prepare", prepare);
    let root = folder.root().display();
    for (above, commands) in blocks {
        let script = format!("source {root}/prepare; cd \"$(cat {root}/where)\"\n{commands}");
        let outcome = folder.bash(&script).output();
        assert_eq!(outcome.status, Some(0), "{topic}, {above}\n{commands}\n{outcome}");
    }
}

fn with_host_and_user() -> Folder {
    let folder = Folder::with_user();
    folder.mailca("issue --cn mx.example.com mx.example.com").success();
    folder
}

#[test]
fn pkcs12() {
    let folder = Folder::with_user();
    follow(&folder, "pkcs12", "");
    for (bundle, password) in
        [("joeuser.p12", "joeuser.pass"), ("joeuser-phone.p12", "joeuser-phone.password")]
    {
        assert!(folder.exists(bundle) && folder.exists(password));
    }
    need!("openssl");
    folder
        .openssl("pkcs12 -nokeys -in joeuser.p12 -passin file:joeuser.pass")
        .success()
        .says(&["joeuser"]);
}

#[test]
fn renewal() {
    let folder = with_host_and_user();
    folder.mailca("export-p12 joeuser --generate-password --password-out joeuser.pass").success();
    let first = folder.read("mx.example.com/key.pem");
    follow(&folder, "renewal", "");
    assert_ne!(folder.read("mx.example.com/key.pem"), first);
    folder.mailca("verify mx.example.com/cert.pem --host mx.example.com").success();
    folder.mailca("verify joeuser/cert.pem").success();
}

#[test]
fn moving() {
    need!("tar");
    let folder = with_host_and_user();
    let owner = folder.bash("echo $(id -un):$(id -gn)").success().text().trim().to_owned();
    folder.mailca("install mx.example.com --for postfix --to certs --owner").arg(&owner).success();
    folder.mkdir("new");
    folder.mkdir("bin");
    let root = folder.root().display().to_string();
    // What goes to another machine goes to another folder, where the next command is typed.
    folder.write(
        "bin/scp",
        format!("#!/bin/sh\ncp ca.tar folders.tar {root}/new && echo {root}/new >{root}/where\n"),
    );
    folder.write("bin/systemctl", "#!/bin/sh\n");
    for name in ["bin/scp", "bin/systemctl"] {
        std::fs::set_permissions(folder.path(name), PermissionsExt::from_mode(0o755)).unwrap();
    }
    follow(&folder, "moving", &format!("PATH={root}/bin:$PATH"));
    let index = folder.text("demoCA/index.txt");
    assert_eq!(folder.text("new/demoCA/index.txt"), index);
    folder.mailca("verify mx.example.com/cert.pem").within("new").success();
    assert!(!folder.exists("new/mx.example.com/install.toml"));
}

#[test]
fn lost_key() {
    let folder = with_host_and_user();
    folder.mailca("export-p12 joeuser --generate-password --password-out joeuser.pass").success();
    std::fs::copy(folder.path("joeuser/cert.pem"), folder.path("joe-before.pem")).unwrap();
    follow(&folder, "lost-key", "");
    for stolen in ["stolen.pem", "joe-before.pem"] {
        folder.mailca("verify --crl demoCA/crl.pem").arg(stolen).exits(3).says(&["revoked"]);
    }
    folder.mailca("verify mx.example.com/cert.pem").success();
    folder.mailca("verify joeuser/cert.pem").success();
    folder.mailca("verify mx-new/cert.pem --ca newCA/cacert.pem").success();
}

#[test]
fn from_ca_pl() {
    need!("openssl", "CA.pl");
    let folder = Folder::empty();
    folder
        .bash(
            "PATH=$PATH:/usr/lib/ssl/misc
             echo | CA.pl -newca -extra-req \"-nodes -subj '/C=US/ST=New York/O=Example/CN=Example CA'\"
             CA.pl -newreq-nodes -extra-req '-batch -subj /CN=mail.example.com'
             printf 'y\\ny\\n' | CA.pl -sign",
        )
        .success();
    follow(&folder, "from-ca-pl", "");
    folder.mailca("verify mail/cert.pem --host mail.example.com").success();
    folder.mailca("verify newcert.pem --crl demoCA/crl.pem").exits(3).says(&["revoked"]);
}

#[test]
fn from_easy_rsa() {
    need!("openssl", "easyrsa");
    let folder = Folder::empty();
    folder
        .bash(
            "export HOME=$PWD PATH=$PATH:/usr/share/easy-rsa
             easyrsa --batch init-pki
             easyrsa --batch --req-cn='Easy CA' build-ca nopass
             easyrsa --batch build-server-full mail nopass",
        )
        .success();
    follow(&folder, "from-easy-rsa", "");
    folder.mailca("verify mail/cert.pem --host smtp.example.com").success();
    folder.mailca("verify pki/issued/mail.crt --crl demoCA/crl.pem").exits(3).says(&["revoked"]);
}

#[test]
fn from_mkcert() {
    need!("mkcert");
    let folder = Folder::empty();
    folder.mkdir("caroot");
    folder.bash("CAROOT=$PWD/caroot mkcert mail.example.com").success();
    follow(&folder, "from-mkcert", &format!("export CAROOT={}/caroot", folder.root().display()));
    folder.mailca("verify mail/cert.pem --ca caroot/rootCA.pem").success();
    let list = folder.mailca("list").success().text();
    for subject in ["CN=mail.example.com", "CN=joeuser", "O=mkcert development certificate"] {
        assert!(list.contains(subject), "{subject}: {list}");
    }
}
