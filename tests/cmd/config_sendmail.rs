//! `config sendmail`: what its options do, and what is refused.

use crate::support::{Folder, need};

const MC: &str = "OSTYPE(`linux')dnl\n\
                  dnl define(`confSERVER_KEY', `/etc/pki/tls/certs/sendmail.pem')dnl\n\
                  DAEMON_OPTIONS(`Port=smtp,Addr=127.0.0.1, Name=MTA')dnl\n\
                  MAILER(`smtp')dnl\n";

/// What is printed for some options.
fn printed(options: &str) -> String {
    Folder::empty().mailca(&format!("config sendmail {options}")).success().text()
}

#[test]
fn each_role_has_its_lines_and_no_other() {
    for (role, has, lacks) in [
        (
            "",
            vec!["confSERVER_KEY', `CERT_DIR/key.pem'", "Port=25')", "confTLS_SRV_OPTIONS', `V'"],
            vec!["confCLIENT_KEY", "Port=587", "confCRL", "access_db", "confAUTH"],
        ),
        (
            "--role submission",
            vec![
                "Port=25, Addr=127.0.0.1')",
                "Port=587, M=Ea')",
                "Port=465, M=Eas')",
                "confAUTH_OPTIONS', `A p'",
                "TRUST_AUTH_MECH(`LOGIN PLAIN')",
            ],
            vec!["EXTERNAL", "access_db"],
        ),
        (
            "--role submission,relay-by-cert",
            vec![
                "Port=587, M=E')",
                "Port=465, M=Es')",
                "`EXTERNAL LOGIN PLAIN'",
                "TRUST_AUTH_MECH(`LOGIN PLAIN')",
                "confTLS_SRV_OPTIONS', `'",
                "`sequence access_own access_mailca'",
            ],
            vec!["confCLIENT_KEY", "TLS_Srv"],
        ),
        ("--role relay-by-cert", vec!["Port=25')", "mailca.access"], vec!["Port=587"]),
        (
            "--role verify-peers",
            vec!["FEATURE(`access_db')", "TLS_Srv:<tab>VERIFY+CN"],
            vec!["confSERVER_KEY", "DAEMON_OPTIONS", "mailca.access"],
        ),
        (
            "--role client",
            vec!["confCLIENT_KEY', `CERT_DIR/key.pem'", "confCACERT_PATH', `CERT_DIR'"],
            vec!["confSERVER_KEY", "DAEMON_OPTIONS"],
        ),
    ] {
        let text = printed(role);
        for words in has {
            assert!(text.contains(words), "{role}: {words} in {text}");
        }
        for words in lacks {
            assert!(!text.contains(words), "{role}: {words} in {text}");
        }
    }
}

#[test]
fn other_places_and_files() {
    let text = printed("--role receive,client --certs /srv/certs --combined");
    assert!(text.contains("define(`CERT_DIR', `/srv/certs')dnl\n"), "{text}");
    assert_eq!(text.matches("CERT_DIR/sendmail.pem'").count(), 4);
    // The command that is named makes the same.
    let command =
        "mailca config sendmail --role receive,client --certs /srv/certs --combined --merge";
    assert!(text.contains(command), "{text}");
    let text = printed("--submit");
    assert!(text.contains("define(`CERT_DIR', `/etc/mail/cacerts')dnl\n"), "{text}");
    assert!(!text.contains("KEY"), "{text}");
    assert!(printed("--submit --certs /srv/public").contains("`/srv/public'"));
}

#[test]
fn what_sendmail_was_built_with_is_said_or_that_there_is_none() {
    let folder = Folder::empty();
    let said = folder.mailca("config sendmail").success().says(&["STARTTLS and", "SASLv2"]);
    assert!(said.stderr.contains("SASLv2") && said.text().contains("SASLv2"), "{said}");
    let quiet = folder.mailca("config sendmail --quiet").success();
    assert!(!quiet.stderr.contains("SASLv2") || quiet.stderr.contains("warning"), "{quiet}");
}

#[test]
fn a_merge_is_a_patch_and_none_a_second_time() {
    need!("patch");
    let folder = Folder::empty();
    folder.write("sendmail.mc", MC);
    let line = "config sendmail --role receive,submission --merge sendmail.mc";
    let diff = folder.mailca(line).success().stdout;
    assert_eq!(folder.text("sendmail.mc"), MC, "only shown");
    folder.program("patch", "sendmail.mc").stdin(&diff).success();
    let text = folder.text("sendmail.mc");
    for line in [
        "define(`confSERVER_KEY', `CERT_DIR/key.pem')dnl\n",
        "DAEMON_OPTIONS(`Port=smtp, Name=MTA')dnl\n",
        "DAEMON_OPTIONS(`Family=inet, Name=MSA, Port=587, M=Ea')dnl\n",
    ] {
        assert_eq!(text.matches(line).count(), 1, "{line}: {text}");
    }
    assert!(text.ends_with("\nMAILER(`smtp')dnl\n"), "{text}");
    let again = folder.mailca(line).success().says(&["nothing to change"]);
    assert!(again.stdout.is_empty(), "{again}");
    // Other roles are a change again.
    let more = "config sendmail --role receive,relay-by-cert --merge sendmail.mc";
    folder
        .mailca(more)
        .success()
        .says(&["-define(`confTLS_SRV_OPTIONS', `V')dnl", "+LOCAL_CONFIG"]);
}

#[test]
fn what_a_merge_takes_away_is_warned_of() {
    let folder = Folder::with_ca();
    folder.mailca("crl").success();
    folder.write("sendmail.mc", "DAEMON_OPTIONS(`Port=smtp, Name=MTA')dnl\nMAILER(`smtp')dnl\n");
    let line = "config sendmail --certs /nowhere --role receive";
    let all = format!("{line},relay-by-cert --crl --merge sendmail.mc");
    let first = folder.mailca(&all).success().says_nothing_of(&["was made with"]);
    folder.program("patch", "sendmail.mc").stdin(&first.stdout).success();
    folder.mailca(&all).success().says(&["nothing to change"]);
    let fewer = folder.mailca(&format!("{line} --merge sendmail.mc")).success();
    fewer.says(&["sendmail.mc was made with --role relay-by-cert, and"]);
    // The list stays where it is not named.
    let without = folder.mailca(&format!("{line},relay-by-cert --merge sendmail.mc")).success();
    without.says(&["nothing to change"]).says_nothing_of(&["was made with", "confCRL"]);
}

#[test]
fn a_file_that_cannot_be_merged_is_refused() {
    let folder = Folder::empty();
    let line = "config sendmail --role relay-by-cert --merge sendmail.mc";
    folder.mailca(line).refused(&["sendmail.mc"]);
    folder.write("sendmail.mc", "FEATURE(`access_db', `LDAP')dnl\n");
    folder.mailca(line).refused(&["map of its own: LDAP", "by hand"]);
    folder.write("submit.mc", "FEATURE(`msp')dnl\n");
    folder.mailca("config sendmail --merge submit.mc").refused(&["add --submit"]);
    folder.mailca("config sendmail --submit --merge sendmail.mc").refused(&["no submit.mc"]);
}

#[test]
fn what_makes_no_sense_together_is_refused() {
    let folder = Folder::empty();
    for options in ["--role receive", "--crl", "--combined"] {
        folder
            .mailca(&format!("config sendmail --submit {options}"))
            .usage(&["does not go together with"]);
    }
    folder.mailca("config sendmail --role send").usage(&["send is nothing that --role can be"]);
    folder.mailca("config sendmail --certs certs").usage(&["absolute path"]);
    folder.mailca("config sendmail --certs").arg("/a b'c").usage(&["absolute path"]);
}

#[test]
fn a_revocation_list_has_to_be_there_and_fresh() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.mkdir("certs");
    let certs = folder.path("certs").display().to_string();
    let config = || {
        let run = folder.mailca("config sendmail --role relay-by-cert --crl --certs");
        run.arg(&certs)
    };
    // That of the CA does not help a server which has none.
    folder.mailca("crl").success();
    config().refused(&[
        "no revocation list",
        "certs/crl.pem is not there",
        "mailca crl --if-needed",
    ]);
    folder.mailca("crl --publish").arg(&format!("{certs}/crl.pem")).success();
    let text = config().success().text();
    for line in [
        "define(`confCRL', `CERT_DIR/crl.pem')dnl\n".to_owned(),
        "define(`confCRL_PATH', `CERT_DIR')dnl\n".to_owned(),
        format!("mailca crl --if-needed --publish {certs}/crl.pem --hash-dir {certs}\n"),
    ] {
        assert!(text.contains(&line), "{line} in {text}");
    }
    folder
        .openssl("ca -config demoCA/openssl.cnf -gencrl -crl_lastupdate 20200101000000Z")
        .args(&["-crl_nextupdate", "20200201000000Z", "-out", "certs/crl.pem"])
        .success();
    config().refused(&["out of date", "refuse everybody"]);
}

#[test]
fn templates_of_ones_own_are_merged_too() {
    let folder = Folder::empty();
    folder.mkdir("mine");
    folder.write("mine/sendmail.mc", "define(`X', `{{ cert_name }}')dnl\n");
    folder.write("sendmail.mc", MC);
    let line = "config sendmail --template-dir mine";
    assert_eq!(folder.mailca(line).success().text(), "define(`X', `cert.pem')dnl\n");
    let merge = format!("{line} --merge sendmail.mc");
    folder.mailca(&merge).success().says(&["+define(`X', `cert.pem')dnl"]);
    folder.write("mine/sendmail.mc", "LOCAL_RULESETS\nSlocal_check_mail\n");
    folder.mailca(&merge).refused(&["does not understand this line: LOCAL_RULESETS"]);
    folder.write("mine/sendmail.mc", "{{ tpyo }}\n");
    folder.mailca(line).refused(&["mine/sendmail.mc line 1", "cert_name"]);
}

#[test]
fn json_has_the_text() {
    let text = printed("--role client --json");
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["server"], "sendmail");
    assert_eq!(value["roles"][0], "client");
    assert!(value["text"].as_str().unwrap().contains("confCLIENT_KEY"), "{text}");
}

/// What another file trusts is trusted as well.
#[test]
fn a_file_that_trusts_external_is_told_of() {
    let folder = Folder::empty();
    let line = "config sendmail --role relay-by-cert --merge sendmail.mc";
    let include = "include(`/etc/mail/sasl/sasl.m4')dnl\n";
    folder.write("sendmail.mc", format!("{include}{MC}"));
    folder.mailca(line).success().says(&["sasl.m4", "EXTERNAL"]);
    folder
        .mailca(&line.replace("relay-by-cert", "receive"))
        .success()
        .says_nothing_of(&["sasl.m4:"]);
    folder.write("sendmail.mc", format!("dnl {include}{MC}"));
    folder.mailca(line).success().says_nothing_of(&["sasl.m4:"]);
}
