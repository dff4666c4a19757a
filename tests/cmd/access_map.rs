//! `mailca access-map`.

use std::os::unix::fs::{MetadataExt, PermissionsExt};

use crate::support::{Folder, need};

/// The entries, without the comment.
fn entries(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with('#')).collect()
}

fn of(folder: &Folder, line: &str) -> Vec<String> {
    let text = folder.mailca(&format!("access-map {line}")).success().text();
    entries(&text).into_iter().map(String::from).collect()
}

/// A CA with a name of its own, and two users.
fn with_users() -> Folder {
    let folder = Folder::empty();
    folder.mailca("newca --org Example").args(&["--cn", "Mail CA"]).success();
    for user in ["joe", "ann"] {
        folder.mailca(&format!("issue --user {user} --email {user}@example.com {user}")).success();
    }
    folder
}

#[test]
fn a_user_has_a_line_for_the_issuer_and_one_for_the_subject() {
    let folder = with_users();
    let joe =
        ["CertIssuer:/O=Example/CN=Mail+20CA\tSUBJECT", "CertSubject:/O=Example/CN=joe\tRELAY"];
    let serial = folder.index()[1][3].clone();
    for target in ["joe", "joe/cert.pem", &serial, &format!("0x{serial}"), "joe joe/cert.pem"] {
        assert_eq!(of(&folder, target), joe, "{target}");
    }
    assert_eq!(of(&folder, "joe ann").len(), 3);
    let issuer = ["CertIssuer:/O=Example/CN=Mail+20CA\tRELAY"];
    assert_eq!(of(&folder, "--issuer"), issuer);
    assert_eq!(of(&folder, "demoCA/cacert.pem"), issuer);
    // Who lets everybody in need not be told of one.
    let run = folder.mailca("access-map --issuer joe").success();
    assert!(run.stderr.contains("RELAY goes first"), "{run}");
    assert_eq!(entries(&run.text())[0], issuer[0]);
    // Where the CA is not, files are read all the same.
    assert_eq!(of(&folder, "joe --ca-dir nowhere"), joe);
    folder.mailca("access-map --ca-dir nowhere 1F4A").refused(&["there is no CA"]);
}

#[test]
fn both_spellings_are_there_where_they_differ() {
    let folder = Folder::with_ca();
    folder
        .mailca("issue --email a@example.com plus")
        .args(&["--user", "darth+cert@ (x)"])
        .success();
    let lines = of(&folder, "plus");
    let name = "CertSubject:/O=Example/CN=darth";
    assert!(lines.contains(&format!("{name}+5C+2Bcert@+20+28x+29\tRELAY")), "{lines:?}");
    assert!(lines.contains(&format!("{name}+2Bcert@+20+28x+29\tRELAY")), "{lines:?}");
}

#[test]
fn all_are_those_that_are_valid_and_persons() {
    need!("openssl");
    let folder = with_users();
    folder.mailca("issue --cn mx.example.com mx").success();
    folder.mailca("newreq --user old --email old@example.com old").success();
    folder.dated("old", "user_cert", -30, -1);
    folder.mailca("issue --user gone --email gone@example.com gone").success();
    folder.mailca("revoke gone").success();
    let subjects = |lines: Vec<String>| -> Vec<String> {
        let names = lines.iter().filter_map(|line| line.strip_prefix("CertSubject:/"));
        names.map(|name| name.trim_end_matches("\tRELAY").to_string()).collect()
    };
    assert_eq!(subjects(of(&folder, "--all")), ["O=Example/CN=ann", "O=Example/CN=joe"]);
    assert_eq!(subjects(of(&folder, "--all --profile server")), ["O=Example/CN=mx.example.com"]);
    assert_eq!(subjects(of(&folder, "--all --profile server --profile user")).len(), 3);
    assert_eq!(of(&folder, "--all --for postfix").len(), 2);
    assert_eq!(of(&folder, "--all --for exim").len(), 2);
    assert_eq!(
        of(&folder, "--all --for dovecot"),
        ["ann:::::::nopassword=y", "joe:::::::nopassword=y"]
    );
    // A renewed one and the one before it are one line.
    folder.mailca("renew --profile user --yes joe").success();
    assert_eq!(of(&folder, "--all").len(), 3);
    assert_eq!(of(&folder, "--all --for postfix").len(), 3);
    folder.mailca("access-map gone").refused(&["gone", "revoked"]);
    folder.mailca("access-map old").refused(&["old", "ended on"]);
}

#[test]
fn a_name_with_a_revoked_certificate_is_told_where_names_decide() {
    let folder = with_users();
    folder.mailca("renew --profile user --yes --revoke-old joe").success();
    for (server, told) in
        [("sendmail", true), ("dovecot", true), ("postfix", false), ("exim", false)]
    {
        let run = folder.mailca(&format!("access-map --all --for {server}")).success();
        assert_eq!(run.stderr.contains("joe has a revoked certificate too"), told, "{run}");
    }
}

#[test]
fn what_the_revocation_list_names_is_left_out_though_the_index_is_old() {
    let folder = with_users();
    let before = folder.read("demoCA/index.txt");
    folder.mailca("revoke joe --crl").success();
    folder.replace("demoCA/index.txt", before);
    assert_eq!(of(&folder, "--all --for dovecot"), ["ann:::::::nopassword=y"]);
}

#[test]
fn a_missing_index_is_no_empty_map() {
    let folder = with_users();
    std::fs::remove_file(folder.path("demoCA/index.txt")).unwrap();
    folder.mailca("access-map --all").refused(&["index.txt is missing", "doctor --fix"]);
}

#[test]
fn fingerprints_are_openssls() {
    need!("openssl");
    let folder = with_users();
    let print = |digest: &str| {
        let text = folder.openssl(&format!("x509 -noout -fingerprint -{digest} -in joe/cert.pem"));
        text.success().text().trim().split_once('=').unwrap().1.to_string()
    };
    let key = |digest: &str| {
        let script = format!(
            "openssl x509 -noout -pubkey -in joe/cert.pem | openssl pkey -pubin -outform DER |
             openssl dgst -{digest} -c"
        );
        let text = folder.bash(&script).success().text();
        text.trim().rsplit_once(' ').unwrap().1.to_uppercase()
    };
    for (options, wanted) in [
        ("--for postfix", print("sha256")),
        ("--for postfix --digest sha1", print("sha1")),
        ("--for postfix --key", key("sha256")),
        ("--for postfix --key --digest sha1", key("sha1")),
    ] {
        let lines = of(&folder, &format!("joe {options}"));
        assert_eq!(lines.len(), 1);
        let (found, title) = lines[0].split_once('\t').unwrap();
        assert_eq!(found, wanted);
        assert!(title.starts_with("joe serial "), "{title}");
    }
    let lines = of(&folder, "joe --for exim");
    assert!(
        lines[0].starts_with(&format!("{}: joe", print("sha256").replace(':', ""))),
        "{lines:?}"
    );
    let text = folder.mailca("access-map joe --for postfix --digest sha1").success().text();
    assert!(text.contains("smtpd_tls_fingerprint_digest=sha1"), "{text}");
}

#[test]
fn no_name_writes_a_rule() {
    need!("openssl");
    let folder = Folder::with_ca();
    let hostile = [
        "x RELAY\nTo:any RELAY",
        "\n# Access",
        "a\tb\r\nCertIssuer:/CN=any RELAY",
        " \u{2028}x\u{85}y\u{b}z\u{c}",
        "root:x:0:0::/root:/bin/sh",
        "\u{202e}\u{a0}#:",
    ];
    for (number, name) in hostile.iter().enumerate() {
        let file = format!("h{number}");
        folder.write(
            &format!("{file}.cnf"),
            format!(
                "[req]\nprompt=no\ndistinguished_name=dn\nreq_extensions=ext\n[dn]\nCN=placeholder{number}\n\
                 [ext]\nsubjectAltName=email:h{number}@example.com\n"
            ),
        );
        folder.foreign_key(&file, "EC ec_paramgen_curve:P-256");
        folder
            .openssl("req -new -utf8 -batch")
            .args(&["-config", &format!("{file}.cnf"), "-key", &format!("{file}.key")])
            .args(&["-subj", &format!("/CN={}", name.replace('/', "\\/"))])
            .args(&["-out", &format!("{file}.csr")])
            .success();
        folder.mailca(&format!("sign {file}.csr --profile user --yes")).output();
    }
    let count = folder.index().len() - 1;
    assert!(count > 0, "no hostile name was signed: the test shows nothing");
    for (server, most) in
        [("sendmail", 2 * count + 1), ("postfix", count), ("exim", count), ("dovecot", 0)]
    {
        let run = folder.mailca(&format!("access-map --all --for {server}")).success();
        let text = run.text();
        let lines = entries(&text);
        assert!(lines.len() <= most, "{server}: {text}");
        for line in lines {
            let good = match server {
                "sendmail" => {
                    let (key, value) = line.split_once('\t').unwrap();
                    (key.starts_with("CertIssuer:/") && value == "SUBJECT"
                        || key.starts_with("CertSubject:/") && value == "RELAY")
                        && key.bytes().all(|byte| byte.is_ascii_graphic())
                }
                "postfix" => line.split_once('\t').is_some_and(|(key, _)| key.len() == 95),
                _ => line.split_once(':').is_some_and(|(key, _)| key.len() == 64),
            };
            assert!(good && !line.contains(|c: char| c.is_control() && c != '\t'), "{line:?}");
        }
    }
}

#[test]
fn a_name_that_is_cut_is_left_out_and_names_of_another_case_are_told() {
    let folder = Folder::with_ca();
    let unit = "u".repeat(60);
    let line =
        format!("issue --email a@example.com --ou {unit} --ou {unit} --ou {unit} --ou {unit} long");
    folder.mailca(&line).args(&["--user", "joe"]).success();
    let run = folder.mailca("access-map long").success();
    assert!(run.stderr.contains("longer than Sendmail looks at"), "{run}");
    assert_eq!(entries(&run.text()), [""; 0], "{run}");
    for user in ["Case", "case"] {
        folder.mailca(&format!("issue --user {user} --email {user}@example.com {user}x")).success();
    }
    let run = folder.mailca("access-map Casex casex").success();
    assert!(run.stderr.contains("differ in case only"), "{run}");
    assert_eq!(entries(&run.text()).len(), 2);
}

/// Sendmail spells octets out, and takes a name that spells them out itself for the same.
#[test]
fn a_name_that_looks_like_another_to_sendmail_has_no_line() {
    need!("openssl");
    with_users().mailca("access-map --for postfix --all -o hash:map").usage(&["colon"]);
    let folder = Folder::with_ca();
    let cn = |value: &str| format!("CertSubject:/CN={value}\tRELAY");
    for (name, subject, lines, told) in [
        ("one", "/CN=j\u{43e}e", vec![cn("j+5CxD0+5CxBEe")], ""),
        ("two", "/CN=j\\\\xD0\\\\xBEe", vec![], "looks to Sendmail as another name"),
        // Of one name with several attributes, without the escapes of OpenSSL 3.
        (
            "three",
            "/CN=joe\\/emailAddress=root@example.com\\/CN=admin",
            vec![cn("joe+5C/emailAddress=root@example.com+5C/CN=admin")],
            "before 3.0",
        ),
        ("four", "/CN=joe\\+OU=x", vec![cn("joe+5C+2BOU=x")], "before 3.0"),
        ("five", "/OU=x+CN=joe", vec!["CertSubject:/OU=x+2BCN=joe\tRELAY".into()], "before 3.0"),
        ("six", "/CN=a\\/b", vec![cn("a+5C/b"), cn("a/b")], ""),
    ] {
        folder.simple_request(name, subject, &format!("email:{name}@example.com"));
        folder.mailca(&format!("sign --profile user --yes {name}.csr")).success();
        let run = folder.mailca(&format!("access-map {name}.cert.pem")).success();
        let text = run.text();
        let found: Vec<_> =
            entries(&text).into_iter().filter(|line| line.starts_with("CertSubject")).collect();
        assert_eq!(found, lines, "{name}: {run}");
        assert_eq!(run.stderr.is_empty(), told.is_empty(), "{name}: {run}");
        assert!(run.stderr.contains(told), "{name}: {run}");
    }
    folder
        .mailca("access-map --tls-srv a.example --verify --match-subject two.cert.pem")
        .refused(&["cannot be asked for"]);
    let shown = folder.mailca("show two.cert.pem").success().text();
    assert!(shown.contains("not for an access map"), "{shown}");
}

/// OpenSSL's `X509_NAME_get_text_by_NID` takes the first common name, and others the last.
#[test]
fn who_has_several_common_names_is_nobody_to_dovecot() {
    need!("openssl");
    let folder = Folder::with_ca();
    folder.simple_request("two", "/CN=ann/CN=root", "email:ann@example.com");
    let signed = folder.mailca("sign --profile user --yes two.csr").success();
    assert!(signed.stderr.contains("has several common names"), "{signed}");
    assert!(signed.stderr.contains("CN=ann, CN=root"), "{signed}");
    for line in ["--all", "two.cert.pem"] {
        let run = folder.mailca(&format!("access-map --for dovecot {line}")).success();
        assert_eq!(entries(&run.text()), [""; 0], "{run}");
        assert!(run.stderr.contains("which of its common names"), "{run}");
    }
}

#[test]
fn requirements_have_their_form() {
    let folder = with_users();
    for (options, lines) in [
        ("--tls-srv mx.example.com --verify", vec!["TLS_Srv:mx.example.com\tVERIFY"]),
        ("--tls-clt 192.0.2 --bits 256 --temp", vec!["TLS_Clt:192.0.2\tTEMP+ENCR:256"]),
        (
            "--tls-rcpt joe@example.org --verify --perm",
            vec!["TLS_Rcpt:joe@example.org\tPERM+VERIFY"],
        ),
        (
            "--tls-srv a.example --tls-srv b.example --tls-srv a.example --verify --bits 128 --match-cn",
            vec!["TLS_Srv:a.example\tVERIFY:128+CN", "TLS_Srv:b.example\tVERIFY:128+CN"],
        ),
        ("--tls-clt * --verify --match-cn=mx", vec!["TLS_Clt:\tVERIFY+CN:mx"]),
        (
            "--tls-srv a.example --verify --match-subject joe --match-issuer demoCA/cacert.pem",
            vec!["TLS_Srv:a.example\tVERIFY+CS:/O=Example/CN=joe++CI:/O=Example/CN=Mail+20CA"],
        ),
        (
            "--tls-srv a.example --verify --match-issuer joe",
            vec!["TLS_Srv:a.example\tVERIFY+CI:/O=Example/CN=Mail+20CA"],
        ),
    ] {
        assert_eq!(of(&folder, options), lines, "{options}");
    }
}

#[test]
fn what_does_not_fit_together_is_wrong_usage() {
    let folder = with_users();
    for (options, words) in [
        ("", "nobody is named"),
        ("--verify", "nobody's connections"),
        ("--tls-srv a.example", "nothing is asked"),
        ("--tls-srv a.example --perm", "nothing is asked"),
        ("--tls-srv a.example --verify --for postfix", "Sendmail's"),
        ("--tls-srv a.example --verify --perm --temp", "does not go together with"),
        ("--tls-srv a.example --bits 128 --match-cn", "--verify"),
        ("--tls-srv *.example.com --verify", "no host or domain"),
        ("--tls-rcpt a@b@c --verify", "no mail address"),
        ("joe --key", "Postfix only"),
        ("joe --digest sha1 --for exim", "Postfix only"),
        ("joe --for postfix --digest md5", "md5"),
        ("joe --for courier", "courier"),
        ("joe --profile user", "--all"),
        ("joe --build", "--output"),
        ("joe --force", "--output"),
        ("joe --build -o map --for exim", "nothing to build"),
        ("joe --issuer --for postfix", "no list for everybody"),
        ("--issuer --for dovecot -o map", "no list for everybody"),
    ] {
        folder.mailca(&format!("access-map {options}")).usage(&[words]);
    }
    folder.mailca("access-map joee").refused(&["joee", "is joe meant?"]);
    folder.mailca("access-map FFFF").refused(&["FFFF"]);
    folder.mailca("access-map demoCA").refused(&["demoCA/cert.pem is not there"]);
    folder.mailca("access-map joe/key.pem").refused(&["no certificate"]);
    folder.mailca("access-map joe --for opensmtpd").refused(&["OpenSMTPD", "--issuer"]);
}

#[test]
fn a_server_that_has_no_list_is_told_how_it_does_it() {
    let folder = with_users();
    for (server, words) in [
        ("postfix", "permit_tls_all_clientcerts"),
        ("exim", "verify      = certificate"),
        ("dovecot", "mailca config dovecot"),
        ("opensmtpd", "revoked or not"),
    ] {
        let text = folder.mailca(&format!("access-map --issuer --for {server}")).success().text();
        assert!(text.contains(words) && entries(&text).is_empty(), "{text}");
    }
}

#[test]
fn a_file_is_written_only_when_it_changes_and_keeps_its_mode() {
    let folder = with_users();
    folder.mailca("access-map --all -o map").success();
    assert_eq!(folder.path("map").metadata().unwrap().mode() & 0o777, 0o644);
    folder.chmod("map", 0o640);
    let before = folder.path("map").metadata().unwrap();
    let run = folder.mailca("access-map --all -o map").success();
    assert!(run.stderr.contains("as it should be"), "{run}");
    assert_eq!(folder.path("map").metadata().unwrap().ino(), before.ino());
    folder.mailca("revoke joe").success();
    folder.mailca("access-map --all -o map").success();
    let text = folder.text("map");
    assert_eq!(entries(&text).len(), 2);
    let name = std::fs::canonicalize(folder.path("map")).unwrap().display().to_string();
    assert!(text.contains(&format!("makemap hash {name} < {name}")), "{text}");
    let mode = folder.path("map").metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o640);
}

#[test]
fn what_others_wrote_is_not_written_over() {
    let folder = with_users();
    folder.write("access", "Connect:192.0.2 RELAY\n");
    folder.mailca("access-map --all -o access").refused(&["not an access map", "--force"]);
    assert_eq!(folder.text("access"), "Connect:192.0.2 RELAY\n");
    let run = folder.mailca("access-map --all -o access --force").success();
    assert!(run.stderr.contains("kept as"), "{run}");
    // One for another server is another thing, too.
    folder.mailca("access-map --all -o access --for postfix").refused(&["for Postfix"]);
    folder.mailca("access-map --all -o nowhere/map").refused(&["nowhere does not exist"]);
    folder.mailca("access-map --all -o demoCA/map").refused(&["in the CA's folder"]);
    folder.mailca("access-map --all -o joe").refused(&["folder"]);
    folder.mailca("access-map --all -o joe/key.pem --force").refused(&["private key"]);
    std::os::unix::fs::symlink("access", folder.path("link")).unwrap();
    folder.mailca("access-map --all -o link").refused(&["not a plain file"]);
}

#[test]
fn json_has_the_entries() {
    let folder = with_users();
    let text = folder.mailca("access-map --all -o map --json --for dovecot").success().text();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["server"], "dovecot");
    assert_eq!(json["entries"].as_array().unwrap().len(), 2);
    assert_eq!(json["entries"][0]["key"], "ann");
    assert_eq!(json["file"], "map");
    assert_eq!(json["written"]["changed"], true);
    assert_eq!(json["written"]["built"], false);
    assert_eq!(json["warnings"].as_array().unwrap().len(), 0);
}

/// A server's program that notes how it was called, and makes what is named like a database.
fn with_programs(folder: &Folder) -> String {
    folder.mkdir("bin");
    for name in ["makemap", "postmap"] {
        let script = "#!/bin/sh\nfor last; do :; done\n\
            echo \"${0##*/} $*\" >>\"${0%/*}/../calls\"\nsleep 0.02\nexec cat \"$last\" >\"$last.db\"\n";
        folder.write(&format!("bin/{name}"), script);
        folder.chmod(&format!("bin/{name}"), 0o755);
    }
    format!("{}:/usr/bin:/bin", folder.path("bin").display())
}

fn calls(folder: &Folder) -> Vec<String> {
    let text = if folder.exists("calls") { folder.text("calls") } else { String::new() };
    let root = std::fs::canonicalize(folder.root()).unwrap();
    text.lines()
        .map(|line| line.replace(&format!("{}/.mailca-build-", root.display()), ""))
        .collect()
}

#[test]
fn databases_are_built_by_the_servers_programs_where_that_is_needed() {
    let folder = with_users();
    let path = with_programs(&folder);
    let run = |line: &str| folder.mailca(line).env("PATH", &path).success();
    run("access-map --all -o map --build");
    run("access-map --all -o clients --build --for postfix");
    assert_eq!(calls(&folder), ["makemap hash map", "postmap clients"]);
    run("access-map --all -o map --build");
    assert_eq!(calls(&folder).len(), 2, "built again though nothing changed");
    std::fs::remove_file(folder.path("map.db")).unwrap();
    run("access-map --all -o map --build");
    assert_eq!(calls(&folder).len(), 3);
    folder.write("bin/makemap", "#!/bin/sh\necho out of order >&2\nexit 1\n");
    folder.mailca("revoke ann").success();
    let failed = folder.mailca("access-map --all -o map --build").env("PATH", &path).exits(1);
    assert!(failed.stderr.contains("out of order"), "{failed}");
}

/// Maps of both servers that follow.
fn with_maps() -> (Folder, String) {
    let folder = with_users();
    let path = with_programs(&folder);
    let mut settings = folder.text("demoCA/mailca.toml");
    settings.push_str(
        "access-maps = [\"sendmail:../map\", \"postfix:../clients\", \"exim:../fingerprints\"]\n",
    );
    settings.push_str("own-backup = true\n");
    folder.replace("demoCA/mailca.toml", settings);
    folder.mailca("crl").env("PATH", &path).success();
    (folder, path)
}

#[test]
fn maps_follow_what_the_ca_does() {
    let (folder, path) = with_maps();
    let run = |line: &str| folder.mailca(line).env("PATH", &path).success();
    let count = || entries(&folder.text("clients")).len();
    let names = || entries(&folder.text("map")).len();
    assert_eq!((count(), names()), (2, 3));
    assert_eq!(calls(&folder), ["makemap hash map", "postmap clients"]);
    run("status");
    run("doctor");
    let outcome = run("revoke joe --crl --json");
    let json: serde_json::Value = serde_json::from_slice(&outcome.stdout).unwrap();
    assert_eq!(json["access_maps"][1]["changed"], true, "{outcome}");
    assert_eq!((count(), names(), entries(&folder.text("fingerprints")).len()), (1, 2, 1));
    assert_eq!(calls(&folder).len(), 4);
    run("issue --user new --email new@example.com new");
    assert_eq!((count(), names()), (2, 3));
    run("newreq --user more --email more@example.com more");
    run("sign more");
    assert_eq!((count(), names()), (3, 4));
    run("renew --profile user --yes --revoke-old more");
    assert_eq!((count(), names()), (3, 4));
    let before = calls(&folder).len();
    run("issue --cn mx.example.com mx");
    run("crl --if-needed");
    assert_eq!(calls(&folder).len(), before, "built again though nothing changed");
    run("crl");
    run("doctor");
}

#[test]
fn a_place_that_fails_holds_nothing_up_and_is_told() {
    let (folder, path) = with_maps();
    folder.write("clients", "by hand\n");
    folder.write("bin/makemap", "#!/bin/sh\necho out of order >&2\nexit 1\n");
    let revoked = folder.mailca("revoke joe --crl").env("PATH", &path).exits(1);
    for words in ["out of order", "not an access map", "2 of 3 access maps"] {
        assert!(revoked.stderr.contains(words), "{revoked}");
    }
    assert_eq!(folder.index()[1][0], "R");
    assert_eq!(entries(&folder.text("fingerprints")).len(), 1);
    assert_eq!(folder.text("clients"), "by hand\n");
    folder.mailca("status").env("PATH", &path).exits(3);
    let found = folder.mailca("doctor").env("PATH", &path).exits(3);
    assert!(found.text().contains("[access-map]"), "{found}");
    for wrong in [
        "postfix",
        "postfix:",
        "courier:../x",
        "opensmtpd:../x",
        "exim+key:../x",
        "postfix+md5:../x",
    ] {
        let run = folder.mailca("crl").env("PATH", &path).env("MAILCA_ACCESS_MAPS", wrong).exits(1);
        assert!(run.stderr.contains("access-maps"), "{run}");
    }
}

#[test]
fn a_map_that_is_older_than_the_ca_is_found_and_mended() {
    let (folder, path) = with_maps();
    let old = folder.read("fingerprints");
    folder.mailca("revoke joe --crl").env("PATH", &path).success();
    folder.replace("fingerprints", old);
    let found = folder.mailca("doctor").env("PATH", &path).exits(3);
    assert!(found.text().contains("does not hold those who are valid now"), "{found}");
    folder.mailca("doctor --fix").env("PATH", &path).success();
    assert_eq!(entries(&folder.text("fingerprints")).len(), 1);
    std::fs::remove_file(folder.path("clients.db")).unwrap();
    let told = folder.mailca("status").env("PATH", &path).exits(3);
    assert!(told.text().contains("database"), "{told}");
    folder.mailca("crl --if-needed").env("PATH", &path).success();
    assert!(folder.exists("clients.db"));
}

#[test]
fn fingerprints_of_keys_follow_too() {
    let folder = with_users();
    let path = with_programs(&folder);
    let run = folder
        .mailca("crl")
        .env("PATH", &path)
        .env("MAILCA_ACCESS_MAPS", "postfix+key+sha1:../clients");
    run.success();
    let followed = folder.text("clients");
    let printed =
        folder.mailca("access-map --all --for postfix --key --digest sha1").success().text();
    assert_eq!(entries(&followed), entries(&printed));
}

/// What a revocation leaves that was struck before the maps were made.
#[test]
fn maps_that_were_not_made_any_more_are_told_of_until_they_are() {
    let (folder, path) = with_maps();
    let run = |line: &str| folder.mailca(line).env("PATH", &path);
    run("revoke joe --crl").env("MAILCA_ACCESS_MAPS", "exim:../nowhere/map").exits(1);
    run("status").exits(3).says(&["may lack what was revoked"]);
    // The same command goes on where it was struck.
    run("revoke joe --crl").success().says(&["the access maps lack it"]);
    assert_eq!(entries(&folder.text("fingerprints")).len(), 1);
    run("status").success();
    run("revoke joe --crl").refused(&["revoked already"]);
}

/// Keeps the first rows of the index only, as a damaged disk or a wrong editor leaves it.
fn keep_rows(folder: &Folder, number: usize) {
    let text = folder.text("demoCA/index.txt");
    let kept: String = text.split_inclusive('\n').take(number).collect();
    folder.replace("demoCA/index.txt", kept);
}

#[test]
fn nobody_is_locked_out_by_an_index_that_lost_rows() {
    let (folder, path) = with_maps();
    let run = |line: &str| folder.mailca(line).env("PATH", &path);
    let maps = || ["map", "clients", "fingerprints"].map(|name| folder.read(name));
    let (before, index) = (maps(), folder.read("demoCA/index.txt"));
    for (rows, lacks) in [(2, "lacks a certificate"), (1, "lacks 2 certificates"), (0, "lacks 3")] {
        keep_rows(&folder, rows);
        for line in ["crl", "crl --if-needed"] {
            let told = run(line).exits(1);
            assert!(told.stderr.contains(lacks) && told.stderr.contains("mailca doctor"), "{told}");
            assert!(told.stderr.contains("3 of 3 access maps"), "{told}");
            assert_eq!(told.stderr.matches(lacks).count(), 1, "told for every map: {told}");
            assert!(maps() == before, "{line}: a map was made of {rows} rows");
        }
        run("status").exits(3).says(&["may lack what was revoked"]);
        run("access-map --all").refused(&[lacks, "mailca doctor"]);
        run("access-map --all -o other").refused(&[lacks, "mailca doctor"]);
        assert!(!folder.exists("other"));
    }
    folder.replace("demoCA/index.txt", index);
    run("crl --if-needed").success();
    assert!(maps() == before);
    run("status").success();
}

#[test]
fn a_revocation_makes_no_maps_of_what_is_left_of_an_index() {
    let (folder, path) = with_maps();
    let before = folder.text("clients");
    keep_rows(&folder, 2);
    let json = folder.mailca("revoke joe --json").env("PATH", &path).exits(1);
    let document: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert!(document["access_maps"][2]["error"].as_str().unwrap().contains("lacks"), "{json}");
    assert_eq!(folder.text("clients"), before);
    // What is known again is in the maps again.
    folder.mailca("doctor --fix --assume-valid").env("PATH", &path).exits(3);
    assert_eq!(entries(&folder.text("clients")).len(), 1);
}

#[test]
fn what_is_no_certificate_of_the_ca_keeps_no_map_from_being_made() {
    let (folder, path) = with_maps();
    folder.mailca("newca --ca-dir other --cn Other").success();
    folder.mailca("issue --ca-dir other --user eve --email eve@example.com eve").success();
    for entry in std::fs::read_dir(folder.path("other/newcerts")).unwrap() {
        let entry = entry.unwrap();
        let name = format!("demoCA/newcerts/{}", entry.file_name().to_string_lossy());
        std::fs::copy(entry.path(), folder.path(&name)).unwrap();
    }
    folder.write("demoCA/newcerts/AAAA.pem", "spoiled\n");
    folder.write("demoCA/newcerts/note.txt", "ours\n");
    folder.mailca("crl").env("PATH", &path).success();
    // Without newcerts/ there is nothing to hold the index against, as in a folder of other programs.
    std::fs::rename(folder.path("demoCA/newcerts"), folder.path("away")).unwrap();
    folder.mailca("access-map --all").success();
    folder.mkdir("demoCA/newcerts");
    folder.mailca("access-map --all").success();
}

/// What a struck command has begun to record is no loss: the next one finishes it.
#[test]
fn a_certificate_that_is_just_being_recorded_is_not_lacking() {
    let folder = with_users();
    let serial = folder.index()[2][3].clone();
    keep_rows(&folder, 2);
    folder.mailca("access-map --all").refused(&["lacks a certificate"]);
    std::fs::copy(
        folder.path(&format!("demoCA/newcerts/{serial}.pem")),
        folder.path(&format!("demoCA/pending/{}.new", "a".repeat(64))),
    )
    .unwrap();
    assert_eq!(of(&folder, "--all --for postfix").len(), 1);
}
