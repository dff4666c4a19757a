//! Tests of the index as a file.

use super::*;
use time::macros::datetime;

fn index(content: &str) -> (tempfile::TempDir, Index) {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::of(folder.path());
    let mut file = fs::File::create_new(&index.path).unwrap();
    file.write_all(content.as_bytes()).unwrap();
    (folder, index)
}

const ROW: &str = "V\t270101000000Z\t\t0A\tunknown\t/CN=a\n";

fn mended(content: &str, about_to_write: &str) -> (String, Vec<String>, tempfile::TempDir) {
    let (folder, index) = index(content);
    let mut said = Vec::new();
    let mut file = index.open_to_append().unwrap();
    let serial = Serial::parse(about_to_write).unwrap();
    index.mend_end(&mut file, &[&serial], &mut |text| said.push(text)).unwrap();
    (fs::read_to_string(&index.path).unwrap(), said, folder)
}

#[test]
fn serials_compare_without_leading_zeros_and_half_lines_do_not_count() {
    let (_folder, index) = index(&format!("{ROW}V\t270101000000Z\t\t0B\tunknown\t/CN=b"));
    assert!(index.contains(&Serial::parse("000A").unwrap()).unwrap());
    assert!(!index.contains(&Serial::parse("0B").unwrap()).unwrap());
}

#[test]
fn a_revocation_is_found_with_its_reason() {
    let (_folder, index) =
        index(&format!("{ROW}R\t270101000000Z\t261122132859Z,keyCompromise\t0B\tunknown\t/CN=b\n"));
    let revocation = |serial| index.revocation(&Serial::parse(serial).unwrap()).unwrap();
    assert_eq!(revocation("0B").as_deref(), Some("on 2026-11-22, keyCompromise"));
    assert_eq!(revocation("0A"), None);
    assert_eq!(revocation("0C"), None);
}

#[test]
fn a_half_line_is_taken_off_and_kept() {
    let (content, said, folder) = mended(&format!("{ROW}V\t2701"), "0C");
    assert_eq!(content, ROW);
    assert_eq!(said.len(), 1);
    assert_eq!(fs::read_to_string(folder.path().join("index.txt.torn")).unwrap(), "V\t2701\n");
}

#[test]
fn a_whole_row_without_a_newline_is_completed_unless_it_is_our_own() {
    let row = ROW.trim_end();
    assert_eq!(mended(row, "0C").0, ROW);
    assert_eq!(mended(row, "0A").0, "");
}

#[test]
fn a_sound_file_is_left_alone() {
    assert_eq!(mended(ROW, "0C").0, ROW);
    assert!(mended("", "0C").1.is_empty());
}

#[test]
fn one_row_is_revoked_and_the_old_file_kept() {
    let content = format!("# a comment\n{ROW}\nV\t270101000000Z\t\t0B\tunknown\t/CN=b\n");
    let (folder, index) = index(&content);
    let date = datetime!(2026-11-22 0:00 UTC);
    let serial = Serial::parse("0a").unwrap();
    index.revoke(&serial, &Revocation::new(date, Reason::PrivilegeWithdrawn)).unwrap();
    let row = "R\t270101000000Z\t261122000000Z\t0A\tunknown\t/CN=a\n";
    assert_eq!(fs::read_to_string(&index.path).unwrap(), content.replace(ROW, row));
    let old = folder.path().join("index.txt.old");
    assert_eq!(fs::read_to_string(old).unwrap(), content);
    assert_eq!(reasons::read(folder.path()).unwrap()[&serial], Reason::PrivilegeWithdrawn);
}
