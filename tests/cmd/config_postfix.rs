//! `config postfix` and `config opensmtpd`: what they refuse, and what their options do. The servers
//! themselves are asked in tests/servers.

use serde_json::Value;

use crate::support::Folder;

const SERVERS: [&str; 2] = ["postfix", "opensmtpd"];

#[test]
fn no_ca_is_needed_to_print() {
    let folder = Folder::empty();
    for server in SERVERS {
        let text =
            folder.mailca(&format!("config {server} --host MX.example.com.")).success().text();
        assert!(text.contains(" for mx.example.com: receive."), "{text}");
        assert!(text.contains("/certs/key.pem"), "{text}");
        assert!(!text.contains("{{") && !text.contains("{%"), "{text}");
    }
}

#[test]
fn options_that_a_server_cannot_honour_are_usage_errors() {
    let folder = Folder::empty();
    for server in SERVERS {
        let refused = |options: &str, words: &[&str]| {
            folder.mailca(&format!("config {server} {options}")).usage(words);
        };
        refused("--crl", &["looks at no revocation list"]);
        refused("--role relay", &["relay is nothing that --role can be", "relay-by-cert"]);
        refused("--peer example.com", &["--peer", "add --role verify-peers"]);
        refused("--role verify-peers --peer *.example.com", &["*.example.com is no domain"]);
        refused("--role verify-peers --peer a..example.com", &["a..example.com"]);
        refused("--certs relative/path", &["relative/path", "absolute path"]);
        refused("--certs /etc/with\"quote", &["absolute path"]);
    }
    let refused = |line: &str, words: &[&str]| {
        folder.mailca(line).usage(words);
    };
    refused(
        "config postfix --as master.cf",
        &["only the role submission", "add --role submission"],
    );
    refused("config postfix --as sendmail.cf", &["it is one of commands, main.cf, master.cf"]);
    for peer in ["[relay.example.com]:0", "[relay.example.com]:99999", "[relay.example.com]x"] {
        let run = folder.mailca("config postfix --role verify-peers --peer").arg(peer);
        run.usage(&["is no relayhost", "[HOST]:PORT"]);
    }
    folder.mailca("config postfix --role verify-peers --peer").arg("[relay.example.com").usage(&[]);
    for port in ["25", "465", "587"] {
        refused(&format!("config opensmtpd --relay-port {port}"), &["a use of its own"]);
    }
    refused("config opensmtpd --relay-port 0", &["it has to be a number from 1 to"]);
    refused("config opensmtpd --domain", &["--domain DOMAIN"]);
    folder.mailca("config opensmtpd --domain").arg("exa mple").usage(&["exa mple"]);
}

#[test]
fn the_folder_the_names_and_the_port_are_those_that_were_given() {
    let folder = Folder::empty();
    let text = |line: &str| folder.mailca(line).success().text();
    for server in SERVERS {
        let roles = "--role receive,submission,relay-by-cert,verify-peers,client";
        let printed = text(&format!(
            "config {server} {roles} --certs /srv/tls --host mx.example.com --peer Example.NET"
        ));
        assert!(printed.contains("/srv/tls/cacert.pem"), "{printed}");
        assert!(!printed.contains(&format!("/etc/{server}/certs")), "{printed}");
        assert!(printed.contains("example.net"), "{printed}");
    }
    let printed = text(
        "config opensmtpd --role relay-by-cert --relay-port 10025 --domain a.example --domain b.example",
    );
    assert!(printed.contains("port 10025 tls-require verify"), "{printed}");
    assert!(printed.contains("for domain { \"a.example\", \"b.example\" }"), "{printed}");
    let printed = text("config postfix --role verify-peers --peer [Relay.example.net]:587");
    assert!(printed.contains("\n[relay.example.net]:587 secure\n"), "{printed}");
    let printed =
        text("config postfix --as main.cf --role verify-peers --peer [relay.example.net]");
    assert!(printed.contains("{ [relay.example.net] = secure }"), "{printed}");
}

#[test]
fn the_order_of_roles_and_saying_one_twice_make_no_difference() {
    let folder = Folder::empty();
    for server in SERVERS {
        let line = format!("config {server} --host mx.example.com");
        let text = |roles: &str| folder.mailca(&format!("{line} {roles}")).success().text();
        let once = text("--role receive,submission");
        assert_eq!(text("--role submission --role receive --role submission"), once);
        assert_ne!(text("--role submission"), once);
    }
}

#[test]
fn what_the_server_does_not_do_is_said() {
    let folder = Folder::empty();
    for form in ["commands", "main.cf"] {
        let line = format!("config postfix --role relay-by-cert --as {form}");
        let text = folder.mailca(&line).success().text();
        assert!(text.contains("revoked or expired"), "{text}");
        assert!(text.contains("mailca access-map --for postfix --all"), "{text}");
    }
    let text = folder.mailca("config opensmtpd --role relay-by-cert").success().text();
    assert!(text.contains("a revoked one still relays"), "{text}");
}

#[test]
fn json_holds_the_text() {
    let folder = Folder::empty();
    for server in SERVERS {
        let line = format!("config {server} --host mx.example.com --role client,receive");
        let text = folder.mailca(&line).success().text();
        let outcome = folder.mailca(&format!("{line} --json")).success();
        let report: Value = serde_json::from_slice(&outcome.stdout).unwrap();
        assert_eq!(report["server"], server);
        assert_eq!(report["host"], "mx.example.com");
        assert_eq!(report["certs"], format!("/etc/{server}/certs"));
        assert_eq!(report["roles"], serde_json::json!(["receive", "client"]));
        assert_eq!(report["text"], text);
    }
}

#[test]
fn a_template_of_ones_own_takes_the_place() {
    let folder = Folder::empty();
    folder.mkdir("mine");
    for (server, name) in [
        ("postfix", "postfix.sh"),
        ("postfix --as main.cf", "postfix-main.cf"),
        ("postfix --role submission --as master.cf", "postfix-master.cf"),
        ("opensmtpd", "smtpd.conf"),
    ] {
        let line = format!("config {server} --host mx.example.com --template-dir mine");
        let before = folder.mailca(&line).success().text();
        folder.write(&format!("mine/{name}"), "for {{ host }}\n");
        assert_ne!(before, "for mx.example.com\n");
        assert_eq!(folder.mailca(&line).success().text(), "for mx.example.com\n");
        folder.replace(&format!("mine/{name}"), "for {{ hots }}\n");
        folder.mailca(&line).refused(&[name, "line 1", "host"]);
        std::fs::remove_file(folder.path(&format!("mine/{name}"))).unwrap();
    }
}

#[test]
fn opensmtpd_is_not_given_an_ed25519_key() {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mx.example.com --key-type ed25519 mx").success();
    let certs = folder.path("mx").display().to_string();
    let config = |server: &str| folder.mailca(&format!("config {server} --certs")).arg(&certs);
    config("opensmtpd").refused(&["no Ed25519", "--key-type ecdsa-p256"]);
    config("postfix").success();
    folder.replace("mx/cert.pem", "no certificate\n");
    config("opensmtpd").refused(&["mx/cert.pem"]);
}
