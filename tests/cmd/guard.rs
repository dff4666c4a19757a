//! A mistyped name must not mail out a server's key.

use crate::support::Folder;

fn server_and_user() -> Folder {
    let folder = Folder::with_user();
    folder.mailca("issue --cn mail.example.com").success();
    folder.write("pw", "correct horse\n");
    folder
}

#[test]
fn a_mistyped_name_beside_certificate_folders_is_refused() {
    let folder = server_and_user();
    folder.mailca("export-p12 jouser --password-file pw").refused(&["jouser", "joeuser", "--from"]);
}

#[test]
fn from_dot_says_that_the_current_folder_is_meant() {
    let folder = server_and_user();
    let outcome = folder.mailca("export-p12 jouser --from . --password-file pw").success();
    assert!(outcome.stderr.contains("mail.example.com"), "{outcome}");
    assert!(folder.exists("jouser.p12"));
}

#[test]
fn the_fallback_names_what_it_exports_and_warns_of_a_server() {
    let folder = Folder::with_request();
    folder.mailca("sign").success();
    folder.write("pw", "correct horse\n");
    let outcome = folder.mailca("export-p12 joeuser --password-file pw").success();
    let said = outcome.stderr.to_lowercase();
    assert!(said.contains("mail.example.com"), "the subject is not named: {outcome}");
    assert!(said.contains("warning") && said.contains("server"), "no warning: {outcome}");
}

#[test]
fn the_fallback_does_not_warn_of_a_person() {
    let folder = Folder::with_ca();
    folder.mailca("issue --user joeuser --email joe@example.com").success();
    folder.write("pw", "correct horse\n");
    let outcome = folder.mailca("export-p12 joeuser --password-file pw").success();
    let said = outcome.stderr.to_lowercase();
    assert!(said.contains("joe"), "the subject is not named: {outcome}");
    assert!(!said.contains("server"), "{outcome}");
}

#[test]
fn a_folder_of_the_name_is_used_before_the_current_one() {
    let folder = server_and_user();
    folder
        .mailca("export-p12 joeuser --password-file pw")
        .success()
        .says_nothing_of(&["mail.example"]);
}

#[test]
fn names_are_one_plain_path_component() {
    let folder = server_and_user();
    for name in ["../x", "a/b", ".hidden", "demoCA", "a b", "ü", ""] {
        for command in ["newreq --cn a.example.com", "issue --cn a.example.com"] {
            let before = crate::support::Snapshot::of(folder.root());
            let outcome = folder.mailca(command).arg(name).output();
            assert!(matches!(outcome.status, Some(1 | 2)), "{name:?}: {outcome}");
            let after = crate::support::Snapshot::of(folder.root());
            assert_eq!(after.changes_since(&before), "", "{name:?}");
        }
    }
    folder.mailca("newreq --cn a.example.com -- -x").usage(&["-x"]);
}
