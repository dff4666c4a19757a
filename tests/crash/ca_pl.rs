//! The calls of CA.pl, struck: they put new files in the place of old ones, and keep those.

use std::fs;

use crate::job::serials;
use crate::look;
use crate::more::contents;
use crate::strike::{Case, Struck, plain};
use crate::support::{Certificate, Folder, Snapshot};

/// A call of CA.pl. It puts new files in the place of old ones as well, and keeps those.
pub fn call(line: &'static str, before: fn() -> Folder, done: fn(&Folder)) -> Case {
    let look = move |struck: &Struck<'_>| {
        let Struck { folder, context, .. } = struck;
        let is_key = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).contains("END PRIVATE KEY");
        let files = Snapshot::of(folder.root()).files();
        let named = files.iter().filter(|name| !name.split('/').any(|it| it.starts_with('.')));
        let known = named.filter_map(|name| fs::read(folder.path(name)).ok()).filter(is_key);
        let known: Vec<_> = known.collect();
        let recorded = serials(folder);
        let outcome = plain(folder, line);
        assert!(matches!(outcome.status, Some(0 | 1)), "{context}: {outcome}");
        let kept = contents(folder);
        assert!(known.iter().all(|key| kept.contains(key)), "{context}: a key is lost: {outcome}");
        assert!(recorded.is_subset(&serials(folder)), "{context}: a row is lost: {outcome}");
        let files = Snapshot::of(folder.root()).files();
        let hidden = |name: &&String| name.split('/').any(|part| part.starts_with('.'));
        assert_eq!(files.iter().find(hidden), None, "{context}: left behind: {outcome}");
        done(folder);
        let outcome = plain(folder, "CA.pl -crl");
        assert_eq!(outcome.status, Some(0), "{context}: {outcome}");
        folder.mailca("doctor").success();
    };
    Case { line, before, look: Box::new(look) }
}

const ANSWERS: &str = "DE\n\n.\nExample\n\nmail.example.com\n\n\n\n";

pub fn with_answers() -> Folder {
    let folder = Folder::with_ca();
    folder.write("answers", ANSWERS);
    folder.write("yes", "y\ny\n");
    folder
}

pub fn with_request() -> Folder {
    let folder = with_answers();
    let outcome = plain(&folder, "CA.pl -newreq-nodes < answers");
    assert_eq!(outcome.status, Some(0), "{outcome}");
    folder
}

pub fn with_certificate() -> Folder {
    let folder = with_request();
    let outcome = plain(&folder, "CA.pl -sign < yes");
    assert_eq!(outcome.status, Some(0), "{outcome}");
    folder
}

pub fn request_is_whole(folder: &Folder) {
    assert_eq!(look::key(&folder.path("newkey.pem")), look::request(&folder.path("newreq.pem")));
}

pub fn certificate_is_whole(folder: &Folder) {
    assert_eq!(
        look::key(&folder.path("newkey.pem")),
        look::certificate(&folder.path("newcert.pem"))
    );
    let serial = Certificate::read(&folder.path("newcert.pem")).serial;
    assert!(serials(folder).contains(&serial));
}

pub fn revocation_is_whole(folder: &Folder) {
    let serial = Certificate::read(&folder.path("newcert.pem")).serial;
    let row = folder.index().into_iter().find(|row| row[3] == serial).unwrap();
    assert_eq!(row[0], "R");
}

pub fn list_is_whole(folder: &Folder) {
    let _ = look::list(&folder.path("demoCA/crl/crl.pem"), &folder.path("demoCA/cacert.pem"));
}

/// `-newcert` needs no CA, and asks for no passphrase with `-nodes`.
pub fn self_signed_is_whole(folder: &Folder) {
    assert_eq!(
        look::key(&folder.path("newkey.pem")),
        look::certificate(&folder.path("newcert.pem"))
    );
}

pub fn with_password() -> Folder {
    let folder = with_certificate();
    folder.write("password", "exported\nexported\n");
    folder
}

pub fn bundle_opens(folder: &Folder) {
    assert!(look::opens(&folder.path("newcert.p12"), "exported"));
}

/// Where there is a CA already, `-newca` refuses.
pub fn newca() -> Case {
    let line = "CA.pl -newca < ca";
    let look = move |struck: &Struck<'_>| {
        let Struck { folder, context, .. } = struck;
        let is_there = folder.exists("demoCA");
        let kept = is_there.then(|| folder.read("demoCA/private/cakey.pem"));
        let outcome = plain(folder, line);
        assert_eq!(outcome.status, Some(i32::from(is_there)), "{context}: {outcome}");
        let key = folder.read("demoCA/private/cakey.pem");
        assert!(kept.is_none_or(|kept| kept == key), "{context}: another key: {outcome}");
        let files = Snapshot::of(folder.root()).files();
        let hidden = |name: &&String| name.split('/').any(|part| part.starts_with('.'));
        assert_eq!(files.iter().find(hidden), None, "{context}: left behind: {outcome}");
        for line in ["CA.pl -newreq-nodes < answers", "CA.pl -sign < signing"] {
            let outcome = plain(folder, line);
            assert_eq!(outcome.status, Some(0), "{context}: {outcome}");
        }
        certificate_is_whole(folder);
        folder.mailca("doctor").success();
    };
    let before = || {
        let folder = Folder::empty();
        let passphrase = "ca secret\n";
        folder.write("answers", ANSWERS);
        folder.write("ca", format!("\n{passphrase}{passphrase}{CA_ANSWERS}{passphrase}"));
        folder.write("signing", format!("{passphrase}y\ny\n"));
        folder
    };
    Case { line, before, look: Box::new(look) }
}

const CA_ANSWERS: &str = "DE\nHessen\nBerlin\nExample\nMail\nOld CA\nca@example.com\n\n\n";
