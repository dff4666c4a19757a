//! The password of a kit: where it comes from, and that it goes another way.

use super::with_joe;
use crate::support::{Folder, need};

fn opens(folder: &Folder, kit: &str, password: &str) {
    for (file, more) in [("joe.p12", ""), ("joe-apple.p12", "-legacy")] {
        let line = format!("pkcs12 -noout {more} -in {kit}/{file} -passin");
        folder.openssl(&line).arg(&format!("pass:{password}")).success();
    }
}

#[test]
fn one_is_made_where_none_is_given() {
    let folder = with_joe();
    folder.mailca("kit joe").usage(&["generated password", "--password-out"]);
    folder.mailca("kit joe --no-input --generate-password").usage(&["--password-out"]);
    folder.mailca("kit joe --generate-password --password-out pw").success();
    assert_eq!(folder.text("pw").len(), 30);
}

#[test]
fn it_can_be_chosen() {
    need!("openssl");
    let folder = with_joe();
    folder.write("pw", "correct horse\n");
    folder
        .mailca("kit joe --password-file pw --iterations 2048")
        .success()
        .says(&["warning", "3DES", "--generate-password"])
        .says_nothing_of(&["correct horse"]);
    opens(&folder, "joe-kit", "correct horse");
    let run = folder.mailca("kit joe --password-stdin --iterations 2048 -o two");
    run.stdin("from stdin\n").success();
    opens(&folder, "two", "from stdin");
    folder.write("empty", "\n");
    folder.mailca("kit joe --password-file empty -o x").refused(&["--allow-empty-password"]);
    let line = "kit joe --password-file empty --allow-empty-password --iterations 1 -o three";
    folder.mailca(line).success().says(&["the password is empty"]);
}

#[test]
fn a_chosen_one_costs_more_rounds() {
    need!("openssl");
    let folder = with_joe();
    let rounds = |kit: &str, password: &str| {
        let line = format!("pkcs12 -info -noout -in {kit}/joe.p12 -passin file:{password}");
        folder.openssl(&line).success().stderr
    };
    folder.write("pw", "correct horse\n");
    folder.mailca("kit joe --password-file pw").success();
    assert!(rounds("joe-kit", "pw").contains("Iteration 600000"));
    folder.mailca("kit joe --password-out made -o two").success();
    assert!(rounds("two", "made").contains("Iteration 2048"));
    folder.mailca("kit joe --password-out made2 -o three --iterations 4000").success();
    assert!(rounds("three", "made2").contains("Iteration 4000"));
    folder.mailca("kit joe --password-out x -o x --iterations 600001").usage(&["600001"]);
}

#[test]
fn it_never_travels_with_the_kit() {
    let folder = with_joe();
    for line in [
        "kit joe --password-out joe-kit/pw",
        "kit joe --password-out joe-kit",
        "kit joe -o out --password-out out/pw",
        "kit joe -o out.zip --password-out out.zip",
        "kit joe -o ./out.zip --password-out out.zip",
    ] {
        folder.mailca(line).usage(&["--password-out"]);
    }
    // Also where the kit is there already.
    folder.mailca("kit joe --password-out pw").success();
    folder.mailca("kit joe --force --password-out joe-kit/pw").usage(&["would be in the kit"]);
    std::os::unix::fs::symlink("joe-kit", folder.path("link")).unwrap();
    folder.mailca("kit joe --force --password-out link/pw").usage(&["would be in the kit"]);
}

#[test]
fn only_one_source_of_it() {
    let folder = with_joe();
    folder.write("pw", "correct horse\n");
    for line in [
        "--password-file pw --password-stdin",
        "--password-file pw --generate-password",
        "--password-file pw --password-out new",
        "--password-stdin --password-out new",
    ] {
        folder.mailca(&format!("kit joe {line}")).usage(&["does not go together with"]);
    }
    folder.mailca("kit joe --password secret").usage(&["--password"]);
    folder.mailca("export-p12 joe --password-out new").usage(&["--generate-password"]);
}

#[test]
fn a_file_that_is_there_is_not_overwritten() {
    let folder = with_joe();
    folder.write("pw", "something else\n");
    folder.mailca("kit joe --password-out pw").refused(&["pw is there already"]);
    folder.mailca("kit joe --password-out missing/pw").refused(&["missing"]);
    folder.mailca("kit joe --password-out demoCA/pw").refused(&["CA's folder"]);
}
