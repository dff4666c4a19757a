use super::merge::merged;
use super::*;

const SNIPPET: &str = "\
dnl # a comment
define(`CERT_DIR', `/etc/mail/certs')dnl
define(`confCACERT', `CERT_DIR/cacert.pem')dnl
FEATURE(`access_db')dnl
DAEMON_OPTIONS(`Family=inet, Name=MTA, Port=25')dnl
DAEMON_OPTIONS(`Family=inet, Name=MSA, Port=587, M=Ea')dnl
define(`confAUTH_OPTIONS', `A p')dnl
TRUST_AUTH_MECH(`LOGIN PLAIN')dnl
";

/// The merged text; a second time there is nothing to do.
fn merge(text: &str) -> String {
    let new = merged(text, SNIPPET).unwrap();
    assert_eq!(merged(&new, SNIPPET).unwrap(), new, "not the same twice");
    new
}

#[test]
fn what_is_missing_goes_before_the_mailers_and_their_comment() {
    let new = merge("OSTYPE(`linux')dnl\ndnl #\ndnl # Mailers\nMAILER(`smtp')dnl\n");
    let expected = SNIPPET.replace("dnl # a comment\n", &format!("{HEADING}\n"));
    assert_eq!(
        new,
        format!("OSTYPE(`linux')dnl\n{expected}dnl #\ndnl # Mailers\nMAILER(`smtp')dnl\n")
    );
    let new = merge("OSTYPE(`linux')dnl");
    assert_eq!(new, format!("OSTYPE(`linux')dnl\n{expected}"));
}

#[test]
fn lines_that_are_commented_out_are_taken_in_where_they_are() {
    let new = merge(
        "dnl define(`confCACERT', `/etc/pki/tls/certs/ca-bundle.crt')dnl why\n\
         dnl # define(`confAUTH_OPTIONS', `A')dnl\n\
         dnl #define(`confAUTH_OPTIONS', `A p')dnl\n\
         dnl TRUST_AUTH_MECH(`EXTERNAL LOGIN PLAIN')dnl\n\
         dnl FEATURE(access_db, `hash -T<TMPF> /etc/mail/access')\n\
         dnl DAEMON_OPTIONS(`Family=inet6, Port=submission, M=Ea')dnl\n\
         dnl DAEMON_OPTIONS(`Port=submission, Name=MSA')dnl\n\
         dnl MAILER(`cyrus')dnl\n\
         MAILER(`smtp')dnl\n",
    );
    for line in [
        "define(`confCACERT', `CERT_DIR/cacert.pem')dnl why\n",
        "\ndnl # define(`confAUTH_OPTIONS', `A')dnl\ndefine(`confAUTH_OPTIONS', `A p')dnl\n",
        "\nTRUST_AUTH_MECH(`LOGIN PLAIN')dnl\n",
        "\nFEATURE(`access_db', `hash -T<TMPF> /etc/mail/access')dnl\n",
        "\ndnl DAEMON_OPTIONS(`Family=inet6, Port=submission, M=Ea')dnl\n",
        "\nDAEMON_OPTIONS(`Port=submission, Name=MSA, M=Ea')dnl\n",
    ] {
        assert!(new.contains(line), "{line} in {new}");
    }
    assert_eq!(new.matches("confCACERT'").count(), 1);
    assert_eq!(new.matches("access_db").count(), 1);
}

#[test]
fn other_values_are_replaced_also_over_several_lines() {
    let new = merge(
        "define(`confCACERT',dnl the CA's\n`/old/cacert.pem')dnl # <= EDIT\n\
         define(`confAUTH_OPTIONS', `A')dnl\n\
         dnl define(`confAUTH_OPTIONS', `A p')dnl\n\
         TRUST_AUTH_MECH(`EXTERNAL')\n\
         TRUST_AUTH_MECH(`EXTERNAL PLAIN')dnl\nMAILER(`smtp')dnl\n",
    );
    assert!(
        new.starts_with(
            "define(`confCACERT', `CERT_DIR/cacert.pem')dnl # <= EDIT\n\
         define(`confAUTH_OPTIONS', `A p')dnl\n\
         dnl define(`confAUTH_OPTIONS', `A p')dnl\n\
         dnl TRUST_AUTH_MECH(`EXTERNAL')\n\
         TRUST_AUTH_MECH(`LOGIN PLAIN')dnl\n"
        ),
        "{new}"
    );
}

#[test]
fn a_daemon_opens_to_the_network_and_keeps_what_is_its_own() {
    for (line, expected) in [
        (
            "Family=inet,  Name=MTA-v4, Port=smtp, Addr=127.0.0.1",
            "Family=inet, Name=MTA-v4, Port=smtp",
        ),
        ("Name=MTA, Addr=192.0.2.1", "Name=MTA, Addr=192.0.2.1"),
        ("Port=25, M=hS", "Port=25, M=h"),
        ("Port=submission, M=E, Addr=::1", "Port=submission, M=Ea"),
        ("Port=587, M=aE", "Port=587, M=aE"),
        ("Port=587, M=bAS", "Port=587, M=bEa"),
    ] {
        let new = merge(&format!("DAEMON_OPTIONS(`{line}')dnl\nMAILER(`smtp')dnl\n"));
        assert!(new.starts_with(&format!("DAEMON_OPTIONS(`{expected}')dnl\n")), "{line}: {new}");
        assert_eq!(new.matches("DAEMON_OPTIONS").count(), 2);
    }
}

#[test]
fn definitions_go_after_files_that_are_included() {
    let old = "include(`/x/m4/cf.m4')dnl\ndefine(`confAUTH_OPTIONS', `A')dnl\n\
               include(`/etc/mail/tls/starttls.m4')dnl\nMAILER(`smtp')dnl\n";
    let new = merge(old);
    assert!(
        new.starts_with("include(`/x/m4/cf.m4')dnl\ndefine(`confAUTH_OPTIONS', `A')dnl\ninclude")
    );
    let at = |text| new.rfind(text).unwrap();
    assert!(at("starttls.m4") < at("confAUTH_OPTIONS', `A p'") && at("`A p'") < at("MAILER"));
}

#[test]
fn the_map_comes_before_the_feature_that_looks_into_it() {
    let new = merge("FEATURE(`greet_pause', `1000')dnl\nMAILER(`smtp')dnl\n");
    assert!(
        new.starts_with("FEATURE(`access_db')dnl\nFEATURE(`greet_pause', `1000')dnl\n"),
        "{new}"
    );
}

#[test]
fn what_is_within_other_macros_and_comments_stays() {
    let old = "divert(-1)\n# define(`confCACERT', `prose')\nifdef(`_X_',\n\
               `define(`confCACERT', `inner')')dnl\nMAILER(`smtp')dnl\n";
    let new = merge(old);
    for line in old.lines() {
        assert!(new.contains(line), "{line}");
    }
}

#[test]
fn bytes_come_out_as_they_went_in_and_nothing_changed_is_no_difference() {
    let old = [b"OSTYPE(`J\xFCrgen')\n".as_slice(), b"MAILER(`smtp')dnl\n"].concat();
    let diff = diff("x", &old, "define(`A', `\u{e9}')dnl\n").unwrap();
    let shown = String::from_utf8_lossy(&diff);
    assert!(diff.contains(&0xFC), "{shown}");
    assert!(shown.starts_with("--- x\n+++ x\n@@ "), "{shown}");
    assert!(diff.windows(8).any(|bytes| bytes == b"rgen')\n+"), "{shown}");
    assert!(diff.windows(4).any(|bytes| bytes == "`\u{e9}'".as_bytes()), "{shown}");
    assert!(super::diff("x", b"define(`A', `b')\n", "define(`A', `b')dnl\n").unwrap().is_empty());
}

#[test]
fn a_map_beside_the_own_one_is_read() {
    let snippet = "LOCAL_CONFIG\nKaccess_own hash /etc/mail/access\ndivert(0)dnl\n\
                   FEATURE(`access_db', `sequence access_own access_mailca')dnl\n";
    for (feature, expected) in [
        ("FEATURE(`access_db', , `skip')dnl\n", ", `skip')dnl\n"),
        ("FEATURE(`access_db', `hash -o /etc/mail/access.db')dnl\n", ")dnl\n"),
        ("dnl FEATURE(`access_db')dnl\n", ")dnl\n"),
        ("", ")dnl\n"),
    ] {
        let old = format!("{feature}FEATURE(`greet_pause')dnl\nMAILER(`smtp')dnl\n");
        let new = merged(&old, snippet).unwrap();
        let greet_pause = new.find("FEATURE(`greet_pause')").unwrap();
        let expected =
            format!("FEATURE(`access_db', `sequence access_own access_mailca'{expected}");
        assert!(new[..greet_pause].ends_with(&expected), "{new}");
        assert!(new.find("Kaccess_own") < new.find("\nFEATURE(`access_db'"), "{new}");
        assert_eq!(merged(&new, snippet).unwrap(), new);
    }
    let error = merged("FEATURE(`access_db', `LDAP')dnl\n", snippet).unwrap_err();
    assert!(error.contains("LDAP"), "{error}");
}

#[test]
fn what_would_not_be_found_again_is_refused() {
    let text = include_bytes!("../../../fuzz/corpus/sendmail_mc/quotes-without-end");
    let snippet = "define(`confCACERT', `/etc/mail/tls/cacert.pem')dnl\n\
                   define(`confSERVER_KEY', `/etc/mail/tls/key.pem')dnl\n\
                   define(`confAUTH_OPTIONS', `A p')dnl\n\
                   TRUST_AUTH_MECH(`LOGIN PLAIN')dnl\n\
                   DAEMON_OPTIONS(`Name=MTA, Port=25')dnl\n\
                   DAEMON_OPTIONS(`Name=MSA, Port=587, M=Ea')dnl\n\
                   FEATURE(`access_db', `sequence access_own access_mailca')dnl\n";
    let error = super::merged(text, snippet).unwrap_err();
    assert!(error.to_string().contains("quotes"), "{error}");
    let long = format!("define(`a', `{}')dnl\nMAILER(`smtp')dnl\n", "x".repeat(20_000));
    assert!(super::merged(long.as_bytes(), SNIPPET).unwrap().starts_with(b"define(`a', `xx"));
}

#[test]
fn a_line_that_is_no_macro_is_refused() {
    let error = diff("x", b"", "LOCAL_RULESETS\nR$* $: $1\n").unwrap_err();
    assert!(error.to_string().contains("LOCAL_RULESETS"), "{error}");
}

#[test]
fn the_runner_is_told_from_the_daemon() {
    assert!(is_submit(b"FEATURE(`msp', `[127.0.0.1]')dnl\n"));
    assert!(is_submit(b"FEATURE(msp)\n"));
    assert!(!is_submit(b"dnl FEATURE(`msp')dnl\nMAILER(`smtp')dnl\n"));
}
