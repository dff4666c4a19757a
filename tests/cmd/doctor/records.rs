//! index.txt and newcerts/ in every state of disrepair.

use std::fs;

use super::{CA, copies, edit, found, lived, repaired, serial, sound, without};
use crate::support::{Folder, Snapshot, need};

const INDEX: &str = "demoCA/index.txt";

#[test]
fn a_lost_certificate_comes_back_from_its_folder() {
    need!("openssl");
    let folder = lived();
    let kept = format!("demoCA/newcerts/{}.pem", serial(&folder, "joe"));
    let before = folder.read(&kept);
    fs::remove_file(folder.path(&kept)).unwrap();
    repaired(&folder, "certificates-found");
    assert_eq!(folder.read(&kept), before);
}

#[test]
fn a_lost_certificate_that_is_nowhere_is_told_and_left() {
    need!("openssl");
    let folder = lived();
    fs::remove_file(folder.path(&format!("demoCA/newcerts/{}.pem", serial(&folder, "joe"))))
        .unwrap();
    fs::remove_file(folder.path("joe/cert.pem")).unwrap();
    found(&folder, "certificates-lost");
    folder.mailca("doctor --fix").verdict(&["certificates-lost", "1 problem is left"]);
}

#[test]
fn lost_rows_come_back_and_what_was_revoked_stays_revoked() {
    need!("openssl");
    let folder = lived();
    let before = folder.text(INDEX);
    let mut rows: Vec<_> = folder.index();
    let first = before.lines().next().unwrap().to_owned() + "\n";
    folder.write(INDEX, &first);
    // What is known to be revoked comes back at once, the others when somebody says that they are valid.
    let outcome = folder.mailca("doctor --fix").exits(3);
    outcome.says(&["[certificates-unrecorded]", "[revocation-unknown]", "--assume-valid"]);
    assert_eq!(copies(&folder, INDEX), [first.as_bytes()]);
    assert_eq!(folder.index().iter().filter(|row| row[0] == "R").count(), 1);
    folder.mailca("doctor --fix --assume-valid").success().says(&["[certificates-unrecorded]"]);
    sound(&folder);
    let mut again = folder.index();
    again.truncate(rows.len());
    rows.sort();
    again.sort();
    assert_eq!(again, rows, "the same rows, revocation and reason included");
}

#[test]
fn an_index_that_is_gone_is_made_anew() {
    need!("openssl");
    for with_old in [false, true] {
        let folder = lived();
        let mut rows = folder.index();
        if with_old {
            // A row without a certificate is known from the former index alone.
            let row = "V\t360101000000Z\t\t4242\tunknown\t/CN=from before\n";
            folder.write("demoCA/index.txt.old", folder.text(INDEX) + row);
            fs::remove_file(folder.path("demoCA/crl.pem")).unwrap();
        } else {
            fs::remove_file(folder.path("demoCA/index.txt.old")).unwrap();
        }
        fs::remove_file(folder.path(INDEX)).unwrap();
        found(&folder, "index-missing");
        let _ = folder.mailca("doctor --fix --assume-valid").output();
        let mut again = folder.index();
        assert_eq!(again.iter().any(|row| row[3] == "4242"), with_old);
        again.retain(|row| row[3] != "4242");
        rows.sort();
        again.sort();
        assert_eq!(again, rows);
        if !with_old {
            sound(&folder);
            super::works_on(&folder);
        }
    }
}

#[test]
fn rebuilt_rows_are_in_the_order_of_their_first_day() {
    need!("openssl");
    let folder = lived();
    for (name, start) in [("late", "20300101000000Z"), ("early", "20010101000000Z")] {
        folder.simple_request(name, &format!("/CN={name}"), "DNS:host.example.com");
        folder
            .openssl(&format!("{CA} -startdate {start} -enddate 20310101000000Z"))
            .args(&["-in", &format!("{name}.csr"), "-out", &format!("{name}.pem")])
            .success();
    }
    for name in ["index.txt", "index.txt.old"] {
        fs::remove_file(folder.path("demoCA").join(name)).unwrap();
    }
    folder.mailca("doctor --fix").success();
    let rows = folder.index();
    assert_eq!(rows.first().unwrap()[5], "/CN=early");
    assert_eq!(rows.last().unwrap()[5], "/CN=late");
}

#[test]
fn newcerts_that_is_gone_is_made_from_the_folders() {
    need!("openssl");
    let folder = lived();
    let serials = ["mx", "joe", "lost"].map(|name| serial(&folder, name));
    fs::remove_dir_all(folder.path("demoCA/newcerts")).unwrap();
    found(&folder, "newcerts-missing");
    let outcome = folder.mailca("doctor --fix").output();
    for serial in serials {
        assert!(folder.exists(&format!("demoCA/newcerts/{serial}.pem")), "{outcome}");
    }
    // The CA's own comes from cacert.pem.
    assert_eq!(outcome.status, Some(0), "{outcome}");
    sound(&folder);
}

#[test]
fn a_half_line_goes_to_the_torn_ones_and_a_whole_one_is_completed() {
    need!("openssl");
    let folder = lived();
    edit(&folder, INDEX, |text| text + "V\t3601010000");
    repaired(&folder, "torn-last-line");
    assert_eq!(folder.text("demoCA/index.txt.torn"), "V\t3601010000\n");

    let folder = lived();
    let before = folder.text(INDEX);
    edit(&folder, INDEX, |text| text.trim_end().to_owned());
    repaired(&folder, "torn-last-line");
    assert!(folder.text(INDEX).starts_with(&before));
}

#[test]
fn blank_lines_and_lines_that_are_no_rows_go_and_a_copy_stays() {
    need!("openssl");
    let folder = lived();
    edit(&folder, INDEX, |text| text.replacen('\n', "\n\n", 1) + "  \n");
    let damaged = folder.read(INDEX);
    repaired(&folder, "blank-lines").says(&["2 blank lines"]);
    assert_eq!(copies(&folder, INDEX)[0], damaged);

    let folder = lived();
    edit(&folder, INDEX, |text| format!("hello\tworld\n{text}"));
    found(&folder, "unreadable-lines");
    folder.mailca("doctor --fix").success();
    assert!(folder.text(INDEX).starts_with("# hello\tworld\n"));
}

#[test]
fn a_serial_number_with_half_an_octet_is_spelled_out() {
    need!("openssl");
    let folder = lived();
    edit(&folder, INDEX, |text| text + "E\t200101000000Z\t\tABC\tunknown\t/CN=old\n");
    found(&folder, "serial-spelling");
    folder.mailca("doctor --fix").success();
    assert_eq!(folder.index()[4][3], "0ABC");
}

#[test]
fn line_ends_of_windows_are_taken_away() {
    need!("openssl");
    let folder = lived();
    let before = folder.text(INDEX);
    edit(&folder, INDEX, |text| text.replace('\n', "\r\n"));
    folder.mailca("doctor").success().says(&["advice", "[line-ends]"]);
    folder.mailca("doctor --fix").success().says(&["repaired"]);
    assert_eq!(folder.text(INDEX), before);
}

#[test]
fn subjects_as_old_openssl_spelled_them_are_spelled_anew() {
    need!("openssl");
    let folder = lived();
    folder.mailca("issue --cn slash.example.com slash --org").arg("A/B + C").success();
    let before = folder.text(INDEX);
    assert!(before.contains(r"/O=A\/B \+ C/"), "{before}");
    edit(&folder, INDEX, |text| text.replace(r"A\/B \+ C", "A/B + C"));
    // It works all the same: advice.
    folder.mailca("doctor").success().says(&["advice", "[old-spelling]"]);
    folder.mailca("doctor --fix").success().says(&["repaired", "[old-spelling]"]);
    assert_eq!(folder.text(INDEX), before);
    sound(&folder);
}

#[test]
fn of_two_rows_with_one_serial_number_the_revoked_one_counts() {
    need!("openssl");
    let folder = lived();
    let joe = folder.text(INDEX).lines().nth(2).unwrap().to_owned();
    edit(&folder, INDEX, |text| format!("{text}{joe}\n"));
    found(&folder, "duplicate-serials");
    folder.mailca("doctor --fix").success();
    assert_eq!(folder.text(INDEX).matches(&format!("\n{joe}")).count(), 1);
    assert!(folder.text(INDEX).contains(&format!("# {joe}\n")));
    // openssl leaves comments out when it writes the file anew; the copy has all.
    super::works_on(&folder);
    assert_eq!(copies(&folder, INDEX).len(), 1);

    for first in [true, false] {
        let folder = lived();
        let lost = folder.text(INDEX).lines().nth(3).unwrap().to_owned();
        let mut fields: Vec<_> = lost.split('\t').collect();
        (fields[0], fields[2]) = ("V", "");
        let valid = fields.join("\t");
        edit(&folder, INDEX, |text| {
            if first { format!("{valid}\n{text}") } else { format!("{text}{valid}\n") }
        });
        found(&folder, "duplicate-serials");
        folder.mailca("doctor --fix").success();
        let rows = folder.index();
        let rows: Vec<_> = rows.iter().filter(|row| row.contains(&fields[3].to_owned())).collect();
        assert_eq!(rows.len(), 2, "{rows:?}");
        assert_eq!(rows.iter().filter(|row| row[0] == "R").count(), 1, "{rows:?}");
        assert_eq!(rows.iter().filter(|row| row[0].starts_with('#')).count(), 1, "{rows:?}");
        super::works_on(&folder);
    }
}

#[test]
fn of_two_other_rows_the_one_with_the_certificates_subject_counts() {
    need!("openssl");
    let folder = lived();
    let joe = serial(&folder, "joe");
    edit(&folder, INDEX, |text| {
        format!("V\t360101000000Z\t\t{joe}\tunknown\t/CN=somebody else\n{text}")
    });
    found(&folder, "duplicate-serials");
    folder.mailca("doctor --fix").success();
    assert!(folder.text(INDEX).starts_with("# V\t360101000000Z"));
}

#[test]
fn a_certificate_in_a_folder_is_taken_in_only_where_this_ca_signed_it() {
    need!("openssl");
    let folder = lived();
    let joe = serial(&folder, "joe");
    let rows = folder.index();
    edit(&folder, INDEX, |text| without(&text, &joe));
    fs::remove_file(folder.path(&format!("demoCA/newcerts/{joe}.pem"))).unwrap();
    // A CA of the same name has signed this one.
    folder.mailca("newca --ca-dir other --org Example --cn").arg("Test CA ecdsa-p256").success();
    folder.mailca("issue --ca-dir other --cn stranger.example.com stranger").success();
    fs::remove_dir_all(folder.path("other")).unwrap();
    folder.mailca("doctor --fix").verdict(&["[revocation-unknown]", "joe"]);
    folder.mailca("doctor --fix --assume-valid").success().says(&["[certificates-unknown]"]);
    sound(&folder);
    super::works_on(&folder);
    assert!(folder.exists(&format!("demoCA/newcerts/{joe}.pem")));
    let serials: Vec<_> = folder.index().iter().map(|row| row[3].clone()).collect();
    assert!(rows.iter().all(|row| serials.contains(&row[3])));
    assert!(!serials.contains(&serial(&folder, "stranger")));
}

#[test]
fn a_strangers_certificate_in_newcerts_is_left_alone() {
    need!("openssl");
    let folder = lived();
    folder.mailca("newca --ca-dir other --cn Other").success();
    folder.mailca("issue --ca-dir other --cn stranger.example.com stranger").success();
    let stranger = serial(&folder, "stranger");
    fs::copy(
        folder.path("stranger/cert.pem"),
        folder.path(&format!("demoCA/newcerts/{stranger}.pem")),
    )
    .unwrap();
    let text = folder.text(INDEX);
    folder.mailca("doctor").success().says(&["advice", "[strangers-in-newcerts]"]);
    folder.mailca("doctor --fix").success();
    assert_eq!(folder.text(INDEX), text);
}

#[test]
fn a_file_with_another_certificate_than_its_name_says_is_told() {
    need!("openssl");
    let folder = lived();
    let kept = format!("demoCA/newcerts/{}.pem", serial(&folder, "joe"));
    folder.replace(&kept, folder.read("mx/cert.pem"));
    found(&folder, "certificates-mixed-up");
    folder.mailca("doctor --fix").verdict(&["certificates-mixed-up"]);
}

#[test]
fn what_a_published_list_revokes_is_revoked_known_or_not() {
    need!("openssl");
    let folder = lived();
    folder.openssl(&format!("{CA} -revoke joe/cert.pem -crl_reason superseded")).success();
    folder.openssl(&format!("{CA} -gencrl -out public.crl")).success();
    let (joe, lost) = (serial(&folder, "joe"), serial(&folder, "lost"));
    // As if restored from a backup of before.
    edit(&folder, INDEX, |text| {
        let lines = text.lines().filter(|line| !line.contains(&lost)).map(|line| {
            if line.contains(&joe) {
                let mut fields: Vec<_> = line.split('\t').collect();
                (fields[0], fields[2]) = ("V", "");
                fields.join("\t") + "\n"
            } else {
                format!("{line}\n")
            }
        });
        lines.collect()
    });
    for name in [format!("demoCA/newcerts/{lost}.pem"), "lost/cert.pem".into()] {
        fs::remove_file(folder.path(&name)).unwrap();
    }
    fs::remove_file(folder.path("demoCA/crl.pem")).unwrap();
    let line = "doctor --crl public.crl";
    folder.mailca(line).verdict(&["[revocations-missing]", "[revocations-unknown]"]);
    let outcome = folder.mailca(&format!("{line} --fix")).output();
    let rows = folder.index();
    let row = |serial: &str| rows.iter().find(|row| row[3] == serial).unwrap();
    assert!(row(&joe)[2].ends_with("Z,superseded"), "{outcome}");
    assert!(row(&lost)[2].ends_with("Z,keyCompromise"), "{outcome}");
    assert_eq!(row(&lost)[0], "R");
    folder.openssl(&format!("{CA} -gencrl -out probe.crl")).success();
    let text = folder.openssl("crl -noout -text -in probe.crl").success().text();
    assert!(text.contains(&joe) && text.contains(&lost), "{text}");
    // The next number is beyond the published one.
    assert!(text.contains("X509v3 CRL Number: \n                3"), "{text}");
}

#[test]
fn a_revoked_row_without_a_date_gets_it_from_the_list() {
    need!("openssl");
    let folder = lived();
    let before = folder.text(INDEX);
    edit(&folder, INDEX, |text| {
        let mut lines: Vec<_> = text.lines().map(String::from).collect();
        let mut fields: Vec<_> = lines[3].split('\t').collect();
        fields[2] = "";
        lines[3] = fields.join("\t");
        lines.join("\n") + "\n"
    });
    found(&folder, "revocations-missing");
    folder.mailca("doctor --fix").success();
    assert_eq!(folder.text(INDEX), before);

    edit(&folder, INDEX, |text| text + "R\t360101000000Z\tyesterday\t4242\tunknown\t/CN=x\n");
    found(&folder, "revocations-undated").says(&["4242"]);
}

#[test]
fn several_damages_at_once_are_mended_in_one_go() {
    need!("openssl");
    let folder = lived();
    edit(&folder, INDEX, |text| {
        let lines: Vec<_> = text.lines().collect();
        format!("\nnonsense\n{}\n{}\n{}\nV\t36", lines[0], lines[3], lines[0])
    });
    fs::remove_file(folder.path("demoCA/serial")).unwrap();
    fs::remove_file(folder.path("demoCA/crlnumber")).unwrap();
    folder.chmod("demoCA/private/cakey.pem", 0o644);
    folder.mailca("doctor --fix --assume-valid").success().says(&["8 repaired"]);
    sound(&folder);
    super::works_on(&folder);
}

#[test]
fn many_rows_are_no_trouble() {
    let folder = Folder::with_ca();
    let mut text = folder.text(INDEX);
    for number in 0..20_000 {
        let row = format!("E\t200101000000Z\t\t{:032X}\tunknown\t/CN=h{number}\n", number + 4096);
        text.push_str(&row);
    }
    folder.write(INDEX, text.clone() + "\n");
    folder.mailca("doctor --fix").success().says(&["[blank-lines]", "20000 certificates"]);
    assert_eq!(folder.text(INDEX), text);
}

#[test]
fn what_a_spoiled_line_says_is_revoked_is_not_valid_again() {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn gone.example.com gone").success();
    let serial = serial(&folder, "gone");
    folder.mailca("revoke gone").success();
    for spoil in ["\t", "\tunknown"] {
        let folder = Folder::copy_of(&Snapshot::of(folder.root()));
        let text = folder.text("demoCA/index.txt");
        let row = text.lines().find(|line| line.starts_with("R\t")).unwrap();
        let spoiled = if spoil == "\t" {
            row.replace('\t', " ")
        } else {
            row.split(spoil).next().unwrap().to_owned()
        };
        folder.write("demoCA/index.txt", text.replace(row, &spoiled));
        folder.mailca("doctor --fix").output();
        let rows = folder.index();
        let row = rows.iter().find(|row| row.len() == 6 && row[3] == serial).unwrap();
        assert_eq!(row[0], "R", "{spoiled}");
    }
}

/// The reason and the moment are in the spoiled line, and the whole subject is in the certificate.
#[test]
fn what_a_spoiled_line_says_of_a_revocation_is_kept() {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn gone.example.com gone").success();
    folder.mailca("revoke gone --reason keyCompromise").success();
    let text = folder.text(INDEX);
    let row = text.lines().find(|line| line.starts_with("R\t")).unwrap();
    for spoiled in [row.replace('\t', " ") + "\n", row[..row.len() - 8].to_owned()] {
        let folder = Folder::copy_of(&Snapshot::of(folder.root()));
        folder.write(INDEX, text.replace(&format!("{row}\n"), &spoiled));
        folder.mailca("doctor --fix").output();
        assert!(folder.text(INDEX).contains(&format!("{row}\n")), "{spoiled:?}");
    }
}

/// `openssl ca` stops at such a line; left out of a list, its certificate would be let in.
#[test]
fn a_spoiled_line_of_a_revoked_one_is_no_valid_certificate() {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn gone.example.com gone").success();
    folder.mailca("revoke gone --reason keyCompromise --crl").success();
    edit(&folder, INDEX, |text| {
        let row = text.lines().find(|line| line.starts_with("R\t")).unwrap();
        text.replace(row, &row.replace('\t', " "))
    });
    folder.mailca("crl").refused(&["cannot be read", "must not be left out", "mailca doctor"]);
    folder.mailca("verify gone/cert.pem").verdict(&["revoked"]);
    folder.mailca("list").success().says(&["1 line", "cannot be read", "mailca doctor"]);
    // A revoked row that lost its line end counts everywhere.
    let folder = Folder::with_ca();
    folder.mailca("issue --cn gone.example.com gone").success();
    folder.mailca("revoke gone").success();
    edit(&folder, INDEX, |text| text.trim_end().to_owned());
    folder.mailca("list --revoked").success().says(&["gone.example.com"]);
    folder.mailca("verify gone/cert.pem").verdict(&["revoked"]);
}

/// What was revoked cannot be told from certificates: that is said, and is a problem where no list tells it.
#[test]
fn an_index_made_anew_says_what_it_cannot_know() {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn gone.example.com gone").success();
    folder.mailca("revoke gone").success();
    let revoked = Snapshot::of(folder.root());
    fs::remove_file(folder.path(INDEX)).unwrap();
    for _ in 0..2 {
        folder.mailca("doctor --fix").exits(3).says(&["[revocation-unknown]"]);
        assert!(!folder.exists(INDEX), "it would look as if nobody had been revoked");
        folder.mailca("crl").exits(1);
    }
    folder.mailca("doctor --fix --assume-valid").exits(3).says(&[
        "[revocations-in-doubt]",
        "no revocation list",
        "--crl",
    ]);

    let folder = Folder::copy_of(&revoked);
    folder.write(INDEX, "");
    folder.mailca("status").exits(3).says(&["newcerts/ has more", "mailca doctor"]);
    folder.mailca("doctor --fix").exits(3).says(&["[revocation-unknown]"]);
    assert_eq!(folder.text(INDEX), "");
    folder.mailca("doctor --fix --assume-valid").exits(3).says(&["[revocations-in-doubt]"]);

    // The last list is there: what it says is taken over, and only what came later is in doubt.
    let folder = Folder::copy_of(&revoked);
    folder.mailca("crl").success();
    fs::remove_file(folder.path(INDEX)).unwrap();
    folder.mailca("doctor --fix").success().says(&["advice", "[revocations-in-doubt]", "list 1 "]);
    assert_eq!(folder.index().iter().filter(|row| row[0] == "R").count(), 1);

    // A later list was made, and is gone.
    let folder = Folder::copy_of(&revoked);
    folder.mailca("crl").success();
    folder.mailca("crl").success();
    folder.write("demoCA/crlnumber", "05\n");
    fs::remove_file(folder.path(INDEX)).unwrap();
    folder.mailca("doctor --fix --assume-valid").exits(3).says(&["may not be the last"]);
}

/// Wherever the row of a revoked certificate was cut, its certificate is not valid again.
#[test]
fn a_revoked_row_that_was_cut_anywhere_revokes() {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn gone.example.com gone").success();
    folder.mailca("revoke gone").success();
    let serial = serial(&folder, "gone");
    let text = folder.text(INDEX);
    let row = text.lines().find(|line| line.starts_with("R\t")).unwrap();
    let at = row.find(&serial).unwrap();
    for (length, end) in
        [(row.len() - 3, ""), (at + 36, "\n"), (at + 34, ""), (at + 20, "\n"), (at + 9, "")]
    {
        let folder = Folder::copy_of(&Snapshot::of(folder.root()));
        let cut = format!("{}{end}", &row[..length]);
        folder.write(INDEX, text.replace(&format!("{row}\n"), &cut));
        if length < row.len() - 3 {
            folder.mailca("crl").refused(&["must not be left out"]);
            if end.is_empty() {
                folder.mailca("issue --cn other.example.com b").exits(1).says(&["doctor --fix"]);
                assert!(!folder.exists("b/cert.pem"));
            }
        }
        folder.mailca("doctor --fix").output();
        let rows = folder.index();
        let row = rows.iter().find(|row| row.len() == 6 && row[3] == serial).unwrap();
        assert_eq!(row[0], "R", "{cut:?}");
        folder.mailca("verify gone/cert.pem").verdict(&["revoked"]);
    }
    // Cut before the number, it is the one that has no row any more.
    for length in [at + 3, at, at - 1, at - 5, 20, 15, 8, 2, 1] {
        let folder = Folder::copy_of(&Snapshot::of(folder.root()));
        folder.write(INDEX, text.replace(&format!("{row}\n"), &row[..length]));
        folder.mailca("verify gone/cert.pem").success().says(&["not known whether it was revoked"]);
        folder.mailca("doctor --fix").output().says(&["[certificates-unrecorded]"]);
        let rows = folder.index();
        let row = rows.iter().find(|row| row.len() == 6 && row[3] == serial).unwrap();
        assert_eq!(row[0], "R", "{length}");
        folder.mailca("verify gone/cert.pem").verdict(&["revoked"]);
        folder.mailca("crl").success();
    }
}

/// Whose the half row was cannot be told where two rows are gone.
#[test]
fn what_may_have_been_revoked_is_valid_only_where_somebody_says_so() {
    let folder = Folder::with_ca();
    for name in ["a", "b"] {
        folder.mailca(&format!("issue --cn {name}.example.com {name}")).success();
    }
    folder.mailca("revoke b").success();
    let text = folder.text(INDEX);
    let own = text.lines().find(|line| !line.contains("/CN=a") && line.starts_with('V'));
    let own = own.map(|line| format!("{line}\n")).unwrap_or_default();
    for end in ["R\t", ""] {
        let folder = Folder::copy_of(&Snapshot::of(folder.root()));
        folder.write(INDEX, format!("{own}{end}"));
        fs::remove_file(folder.path("demoCA/index.txt.old")).unwrap();
        for name in ["a", "b"] {
            let outcome = folder.mailca(&format!("verify {name}/cert.pem")).success();
            outcome.says(&["not known whether it was revoked"]);
        }
        for _ in 0..2 {
            let outcome = folder.mailca("doctor --fix").exits(3);
            outcome.says(&["[revocation-unknown]", "a.example.com", "b.example.com"]);
            assert_eq!(folder.text(INDEX), format!("{own}{end}"));
        }
        if !end.is_empty() {
            folder.mailca("crl").refused(&["must not be left out"]);
        }
        folder.mailca("doctor --assume-valid").exits(2);
        folder.mailca("doctor --fix --assume-valid").output();
        folder.mailca("verify a/cert.pem").success().says_nothing_of(&["not known"]);
        folder.mailca("revoke b").success();
        folder.mailca("crl").success();
    }
}

/// A line may be damaged at its beginning too.
#[test]
fn only_what_begins_as_a_valid_row_is_none_of_a_revoked_certificate() {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn gone.example.com gone").success();
    folder.mailca("revoke gone").success();
    let text = folder.text(INDEX);
    let row = text.lines().find(|line| line.starts_with("R\t")).unwrap();
    for damaged in [format!("\u{feff}{row}"), format!(" {row}"), row.replacen('R', "r", 1)] {
        let folder = Folder::copy_of(&Snapshot::of(folder.root()));
        folder.write(INDEX, text.replace(row, &damaged));
        folder.mailca("crl").refused(&["must not be left out"]);
        folder.mailca("newca --ca-dir new --from demoCA").refused(&["may be the row of a revoked"]);
        folder.mailca("doctor --fix").output();
        folder.mailca("verify gone/cert.pem").verdict(&["revoked"]);
        folder.mailca("crl").success();
    }
}

/// A list that was made after an old backup was restored is newer, and knows less.
#[test]
fn a_list_that_is_named_counts_though_a_newer_one_knows_less() {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn gone.example.com gone").success();
    folder.mailca("backup b.tar").success();
    folder.mailca("revoke gone --crl").success();
    folder.mailca("crl --publish published.pem").success();
    fs::rename(folder.path("demoCA"), folder.path("lost")).unwrap();
    folder.mailca("restore b.tar").success();
    // Somebody takes away what keeps a list from being made.
    fs::remove_file(folder.path("demoCA/restored.txt")).unwrap();
    folder.mailca("crl").success();
    folder.mailca("doctor --fix --crl published.pem").output();
    folder.mailca("verify gone/cert.pem").verdict(&["revoked"]);
    folder.mailca("crl --publish published.pem").success();
}

/// Nobody else's certificate is revoked or renewed in the place of the one that was meant.
#[test]
fn a_certificate_under_the_number_of_another_is_not_taken_for_it() {
    let folder = Folder::with_ca();
    for name in ["a", "b"] {
        folder.mailca(&format!("issue --cn {name}.example.com {name}")).success();
    }
    let (one, other) = (serial(&folder, "a"), serial(&folder, "b"));
    let path = folder.path(&format!("demoCA/newcerts/{one}.pem"));
    fs::remove_file(&path).unwrap();
    fs::copy(folder.path(&format!("demoCA/newcerts/{other}.pem")), &path).unwrap();
    for line in [format!("revoke {one}"), format!("renew {one} -o new.pem")] {
        folder.mailca(&line).refused(&["holds another certificate", "b.example.com"]);
    }
}

/// Whoever says when it was revoked says that it is; and the list says it where the index does not.
#[test]
fn a_row_that_contradicts_itself_is_that_of_a_revoked_certificate() {
    for letter in ["V", "E"] {
        let folder = Folder::with_ca();
        folder.mailca("issue --cn gone.example.com gone").success();
        folder.mailca("revoke gone").success();
        let before = folder.text(INDEX);
        let row = before.lines().find(|line| line.starts_with("R\t")).unwrap();
        folder.write(INDEX, before.replace(row, &row.replacen('R', letter, 1)));
        folder.mailca("verify gone/cert.pem").verdict(&["revoked"]);
        folder.mailca("list --revoked").success().says(&["gone.example.com"]);
        folder.mailca("newca --ca-dir new --from demoCA").success();
        folder.mailca("list --ca-dir new --revoked").success().says(&["gone.example.com"]);
        found(&folder, "valid-and-revoked").says(&["gone.example.com"]);
        folder.mailca("crl").success();
        let list = folder.mailca("show demoCA/crl.pem --text").success().text();
        assert!(list.contains(&serial(&folder, "gone")), "{list}");
        folder.mailca("doctor --fix").success().says(&["[valid-and-revoked]"]);
        assert_eq!(folder.text(INDEX), before);
        // The date gone too: the list still says it.
        folder.write(
            INDEX,
            before.replace(
                row,
                &row.replacen('R', "V", 1).replacen(row.split('\t').nth(2).unwrap(), "", 1),
            ),
        );
        folder.mailca("verify gone/cert.pem").verdict(&["revoked", "crl.pem"]);
    }
}

#[test]
fn a_row_that_lost_its_beginning_or_has_a_wrong_number_still_revokes() {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn gone.example.com gone").success();
    folder.mailca("revoke gone").success();
    let text = folder.text(INDEX);
    let row = text.lines().find(|line| line.starts_with("R\t")).unwrap();
    let serial = serial(&folder, "gone");
    let at = row.find(&serial).unwrap();
    for damaged in [row[at + 4..].to_owned(), row.replace(&serial, &format!("x{}", &serial[1..]))] {
        let folder = Folder::copy_of(&Snapshot::of(folder.root()));
        folder.write(INDEX, text.replace(row, &damaged));
        folder.mailca("crl").refused(&["must not be left out"]);
        folder.mailca("doctor --fix").output();
        folder.mailca("verify gone/cert.pem").verdict(&["revoked"]);
        folder.mailca("crl").success();
    }
}
