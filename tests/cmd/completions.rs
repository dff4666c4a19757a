//! `completions`: the scripts, and what they are answered. tests/interop has the shells.

use crate::support::Folder;

/// What is offered for a line that is being typed; the last word may be empty.
fn offered(folder: &Folder, words: &[&str]) -> Vec<String> {
    answer(folder, words).into_iter().skip(1).collect()
}

fn answer(folder: &Folder, words: &[&str]) -> Vec<String> {
    let run = folder.mailca("completions fish -- mailca").args(words);
    let text = run.success().text();
    text.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

#[test]
fn each_shell_gets_its_script() {
    let folder = Folder::empty();
    for (shell, words) in
        [("bash", "complete -o"), ("zsh", "#compdef"), ("fish", "complete --command")]
    {
        let text = folder.mailca("completions").arg(shell).success().text();
        assert!(
            text.contains(words) && text.contains(&format!("mailca completions {shell}")),
            "{text}"
        );
    }
    folder.mailca("completions tcsh").usage(&["tcsh", "bash"]);
    folder.mailca("completions").usage(&["SHELL"]);
}

#[test]
fn commands_come_with_what_they_do_and_hidden_ones_do_not_come() {
    let folder = Folder::empty();
    let text = folder.mailca("completions fish -- mailca").arg("rek").success().text();
    assert_eq!(text, "none\nrekey-ca\tGive the CA new dates or a new key\n");
    let all = offered(&folder, &[""]);
    assert!(all.contains(&"newca".into()) && all.contains(&"completions".into()), "{all:?}");
    assert!(!all.contains(&"man".into()), "{all:?}");
    assert_eq!(offered(&folder, &["config", "ti"]), ["timer"]);
    assert!(offered(&folder, &["nonsense", ""]).is_empty());
    assert!(!answer(&folder, &[]).is_empty());
}

#[test]
fn an_option_is_offered_once_and_not_beside_one_that_rules_it_out() {
    let folder = Folder::empty();
    let options = |words: &[&str]| offered(&folder, words);
    assert!(options(&["list", "--"]).contains(&"--expiring".into()));
    let after = options(&["list", "--expired", "--"]);
    assert!(
        !after.contains(&"--expired".into()) && !after.contains(&"--expiring".into()),
        "{after:?}"
    );
    // Some may be repeated, and some stand before the command.
    assert!(options(&["list", "--status", "valid", "--"]).contains(&"--status".into()));
    assert!(options(&["--"]).contains(&"--no-input".into()));
    assert!(!options(&["sign", "-y", "--"]).contains(&"--yes".into()));
    // Where nothing else can stand, they come by themselves; after -- none does.
    assert!(options(&["status", ""]).contains(&"--expiring".into()));
    assert!(options(&["status", "--", "--"]).is_empty());
    // The words of a completed line are not offered again as a command line to complete.
    assert!(!options(&["completions", "bash", ""]).contains(&"WORD".into()));
}

#[test]
fn values_come_where_they_are_known() {
    let folder = Folder::empty();
    for (words, expected) in [
        (&["newreq", "--key-type", "rsa-3"][..], &["rsa-3072"][..]),
        (&["newreq", "--key-type=rsa-3"], &["--key-type=rsa-3072"]),
        (&["revoke", "--reason", "aa"], &[]),
        (&["revoke", "--reason", "AA"], &["AACompromise"]),
        (&["export-p12", "joe", "--for", "th"], &["thunderbird"]),
        (&["sign", "--cert-mode", "06"], &["0644"]),
        (&["check", "--explain", "tls-1-3"], &["tls-1-3-missing"]),
        (&["check", "--ignore", "tls-1-0,starttls-m"], &["tls-1-0,starttls-missing"]),
        (&["config", "exim", "--role", "client,ver"], &["client,verify-peers"]),
        (&["completions", "f"], &["fish"]),
        (&["newca", "--days", ""], &[]),
    ] {
        assert_eq!(offered(&folder, words), expected, "{words:?}");
    }
}

#[test]
fn files_and_folders_are_the_shells_own() {
    let folder = Folder::with_user();
    for (words, expected) in [
        (&["restore", ""][..], "files"),
        (&["newca", "--from", "a", ""], "files"),
        (&["verify", "--ca="], "files"),
        (&["list", "--ca-dir", ""], "folders"),
        (&["crl", "--hash-dir", ""], "folders"),
        (&["newca", "--org", ""], "none"),
        // A name that is none of a folder may be that of a file.
        (&["sign", "joe"], "none"),
        (&["sign", "other"], "files"),
        (&["show", ""], "files"),
    ] {
        assert_eq!(answer(&folder, words)[0], expected, "{words:?}");
    }
}

#[test]
fn certificate_folders_are_those_with_a_certificate_or_a_request() {
    let folder = Folder::with_user();
    folder.mailca("newreq --cn mx.example.com mx").success();
    folder.mkdir("empty");
    folder.mkdir("joe\u{1b}[31m");
    folder.write("joe\u{1b}[31m/cert.pem", "");
    assert_eq!(offered(&folder, &["export-p12", ""]), ["joeuser", "mx"]);
    assert_eq!(offered(&folder, &["renew", "joe"]), ["joeuser"]);
    assert_eq!(offered(&folder, &["check", "h:25", "--client", "m"]), ["mx"]);
    // One name is enough for export-p12, and sign takes many.
    assert!(!offered(&folder, &["export-p12", "mx", ""]).contains(&"joeuser".into()));
    assert_eq!(offered(&folder, &["sign", "mx", "j"]), ["joeuser"]);
    // Names of the subject are no folders.
    assert!(offered(&folder, &["newca", "--cn", "j"]).is_empty());
}

#[test]
fn serials_come_from_the_ca_in_force() {
    let folder = Folder::with_user();
    folder.mailca("newca --ca-dir other").success();
    let serial = |text: &str| text.split('\t').nth(3).unwrap().to_owned();
    let other = serial(&folder.text("other/index.txt"));
    let mine = folder.index()[1][3].clone();
    let has = |words: &[&str], serial: &String| offered(&folder, words).contains(serial);
    assert!(has(&["show", ""], &mine) && !has(&["show", ""], &other));
    assert!(has(&["--ca-dir", "other", "show", ""], &other));
    assert!(has(&["show", "--ca-dir=other", ""], &other));
    assert!(!has(&["--ca-dir", "nowhere", "show", ""], &mine));
    let run = folder.mailca("completions bash -- mailca revoke").arg(&other[..4]);
    assert_eq!(run.env("MAILCA_DIR", "other").success().text().lines().count(), 2);
    let home = folder.mailca("completions bash -- mailca show --ca-dir ~/other").arg(&other[..4]);
    let home = home.env("HOME", &folder.root().display().to_string()).success().text();
    assert!(home.contains(&other), "{home}");
    // As it was typed, and with whose it is.
    let lower = mine.to_lowercase();
    let typed = lower.find(|digit: char| digit.is_ascii_lowercase()).unwrap() + 1;
    let text =
        folder.mailca("completions zsh -- mailca show").arg(&lower[..typed]).success().text();
    assert!(text.contains(&format!("{lower}\tjoeuser\n")), "{text}");
    assert!(!has(&["show", "xyz"], &mine));
}

#[test]
fn what_is_revoked_is_not_offered_to_be_revoked_or_renewed() {
    let folder = Folder::with_user();
    let serial = folder.index()[1][3].clone();
    folder.mailca("revoke joeuser").success();
    for command in ["revoke", "renew"] {
        assert!(!offered(&folder, &[command, &serial[..8]]).contains(&serial), "{command}");
    }
    assert_eq!(offered(&folder, &["show", &serial[..8]]), [serial]);
}

/// Of a large index the newest come, and an old one by its first digits; a line without end is passed over.
#[test]
fn of_many_serials_the_newest_come() {
    let folder = Folder::with_ca();
    let line = |number: u32| {
        let serial = number.wrapping_mul(2_654_435_761);
        format!("V\t400101000000Z\t\t{serial:08X}0000\tunknown\t/CN=user{number}\n")
    };
    let mut index: String = (0..20_000).map(line).collect();
    index.push_str("V\t400101000000Z\t\tFFFF\tunknown\t/CN=tor");
    folder.replace("demoCA/index.txt", index);
    let text = folder.mailca("completions fish -- mailca revoke").arg("").success().text();
    let titles: Vec<_> = text.lines().filter_map(|line| line.split('\t').nth(1)).collect();
    assert_eq!(titles.len(), 50);
    assert_eq!((titles[0], titles[49]), ("user19999", "user19950"));
    for number in [0, 1, 3_000, 19_999] {
        let serial = line(number).split('\t').nth(3).unwrap().to_owned();
        assert_eq!(offered(&folder, &["revoke", &serial[..8]]), [serial], "{number}");
    }
    assert!(offered(&folder, &["revoke", "FFFFF"]).is_empty());
    // What is no index offers nothing, and is no error.
    for content in ["", "\n", "nonsense", "V\t\t\t\n"] {
        folder.replace("demoCA/index.txt", content);
        assert!(offered(&folder, &["revoke", ""]).is_empty(), "{content:?}");
    }
    folder.replace("demoCA/index.txt", vec![b'x'; 3 << 20]);
    assert!(offered(&folder, &["revoke", ""]).is_empty());
}
