//! Telling what [`Survey`] found.

use crate::pki::serial::Serial;
use crate::store::doctor::crls::Published;
use crate::store::doctor::survey::Survey;
use crate::store::doctor::{Finding, Scene, counted, listed};
use crate::store::layout;

pub(super) fn examine(
    scene: &Scene<'_>,
    published: &Published,
    survey: &Survey,
    findings: &mut Vec<Finding>,
) {
    let folder = scene.ca.path();
    let index = folder.join(layout::INDEX.name);
    let index = index.display();
    let mut problem = |id, what: String, mend: &str| {
        findings.push(Finding::problem(id, what, mend).fixable());
    };
    if survey.index_missing {
        let what = format!("{index} is missing: the CA does not know what it issued");
        let mend = "makes it anew from index.txt.old, newcerts/, the certificate folders here and the \
                    published CRL";
        problem("index-missing", what, mend);
    }
    if survey.newcerts_missing {
        let what = format!("{} is missing", folder.join(layout::NEW_CERTIFICATES).display());
        problem("newcerts-missing", what, "makes it, with what the certificate folders here have");
    }
    let found = survey.found.len() - survey.unrecorded_outside.len();
    if found > 0 {
        let what = format!(
            "newcerts/ lacks {} of index.txt, which certificate folders here have",
            counted(found, "certificate")
        );
        problem("certificates-found", what, "copies them to newcerts/");
    }
    if !survey.unrecorded.is_empty() {
        let what = format!(
            "index.txt lacks {} that newcerts/ has: {}",
            counted(survey.unrecorded.len(), "certificate"),
            listed(&survey.unrecorded)
        );
        problem("certificates-unrecorded", what, "adds them; those that were revoked as revoked");
    }
    if !survey.unrecorded_outside.is_empty() {
        let what = format!(
            "the CA does not know {} in certificate folders here, which it signed: {}",
            counted(survey.unrecorded_outside.len(), "certificate"),
            listed(&survey.unrecorded_outside)
        );
        problem("certificates-unknown", what, "takes them into newcerts/ and index.txt");
    }
    if !survey.contradicting.is_empty() {
        let what = format!(
            "{index} says when {} revoked, and calls them valid or expired: {}",
            if survey.contradicting.len() == 1 { "1 row was" } else { "some rows were" },
            listed(&survey.contradicting)
        );
        problem("valid-and-revoked", what, "calls them revoked");
    }
    if !survey.revoked.is_empty() {
        let what = format!(
            "a published CRL revokes {} that index.txt does not: {}",
            counted(survey.revoked.len(), "certificate"),
            listed(&survey.revoked)
        );
        problem("revocations-missing", what, "revokes them in index.txt, as the CRL has it");
    }
    if !survey.revoked_unknown.is_empty() {
        let what = format!(
            "a published CRL revokes {} that the CA does not know: {}",
            counted(survey.revoked_unknown.len(), "serial number"),
            listed(&survey.revoked_unknown)
        );
        let mend = "adds rows for them without a name, so that they stay revoked";
        problem("revocations-unknown", what, mend);
    }
    if survey.respelled > 0 {
        let what = format!(
            "{index}: {} with the subject as OpenSSL before 3.0 spelled it, which newer ones take for \
             another subject",
            counted(survey.respelled, "row")
        );
        findings
            .push(Finding::advice("old-spelling", what, "spells them as OpenSSL 3 does").fixable());
    }
    left(published, survey, findings);
    survey.leaves.tell(findings);
}

/// What is not known any more of revocations where index.txt is made anew. It is told when that is done:
/// nothing is left that it could be seen from afterwards.
pub(super) fn revocations_in_doubt(
    published: &Published,
    survey: &Survey,
    next_number: Option<&Serial>,
) -> Option<Finding> {
    let is_emptied = !survey.has_rows && !survey.added.is_empty();
    let nameless = survey.has_nameless_revocation();
    let is_open = survey.is_untold || !survey.unknown.is_empty();
    if is_open || !survey.index_missing && !is_emptied && !nameless {
        return None;
    }
    let mend = "if any was revoked: name an old list with `mailca doctor --fix --crl FILE`, or look into a \
                backup and `mailca revoke` it again";
    if nameless {
        let what = "a damaged line of index.txt may have revoked a certificate, and is cut before it says \
                    which: it is valid again";
        return Some(Finding::problem("revocations-in-doubt", what, mend));
    }
    Some(match &published.highest {
        Some(highest) if published.is_last(next_number) => {
            let what = format!(
                "index.txt was made anew: what was revoked after revocation list {} is valid again",
                highest.to_decimal()
            );
            Finding::advice("revocations-in-doubt", what, mend)
        }
        Some(highest) => {
            let what = format!(
                "index.txt was made anew, and revocation list {}, the newest that was found, may not be the \
                 last that was made: what was revoked since is valid again",
                highest.to_decimal()
            );
            Finding::problem("revocations-in-doubt", what, mend)
        }
        None => {
            let what = "index.txt was made anew, and no revocation list was found: whatever was revoked is \
                        valid again";
            Finding::problem("revocations-in-doubt", what, mend)
        }
    })
}

/// What nobody but the administrator can mend.
fn left(published: &Published, survey: &Survey, findings: &mut Vec<Finding>) {
    if survey.is_untold {
        let what = "index.txt is missing, and what was revoked since index.txt.old is not known: no revocation \
                    list was found, or not the last one";
        let mend = "take index.txt from a backup, or name the last list with `mailca doctor --fix --crl FILE`; \
                    `mailca doctor --fix --assume-valid` takes the rest as index.txt.old has it";
        findings.push(Finding::problem("revocation-unknown", what, mend));
    } else if !survey.unknown.is_empty() {
        let what = format!(
            "index.txt lacks {} that the CA signed, and it is not known whether any was revoked: {}",
            counted(survey.unknown.len(), "certificate"),
            listed(&survey.unknown)
        );
        let mend = "take index.txt from a newer backup, and name the lists that were published with `mailca doctor --fix \
                    --crl FILE`: what they revoke stays revoked; `mailca doctor --fix --assume-valid` records the \
                    others as valid, and `mailca revoke` revokes those of them that were";
        findings.push(Finding::problem("revocation-unknown", what, mend));
    }
    if !survey.lost.is_empty() {
        let what = format!(
            "newcerts/ lacks {} of index.txt: {}",
            counted(survey.lost.len(), "valid certificate"),
            listed(&survey.lost)
        );
        let mend = "take them from a backup, or run this in the folder where the certificate folders \
                    are; they can be revoked all the same";
        findings.push(Finding::problem("certificates-lost", what, mend));
    }
    if survey.lost_of_old > 0 {
        let what = format!(
            "newcerts/ lacks {} that index.txt calls expired or revoked",
            counted(survey.lost_of_old, "certificate")
        );
        findings.push(Finding::advice("old-certificates-lost", what, "nothing needs them"));
    }
    if !survey.mixed_up.is_empty() {
        let what = format!(
            "{} in newcerts/ with no certificate in it, or one of another serial number: {}",
            counted(survey.mixed_up.len(), "file"),
            listed(&survey.mixed_up)
        );
        let mend = "take them from a backup; the serial number is the file's name";
        findings.push(Finding::problem("certificates-mixed-up", what, mend));
    }
    if !survey.strangers.is_empty() {
        let what = format!(
            "{} in newcerts/ that this CA did not sign, or that cannot be read: {}",
            counted(survey.strangers.len(), "file"),
            listed(&survey.strangers)
        );
        findings.push(Finding::advice("strangers-in-newcerts", what, "they are left alone"));
    }
    if !survey.undated.is_empty() {
        let what = format!(
            "index.txt does not say when {} revoked, at which openssl stops: {}",
            if survey.undated.len() == 1 { "1 row was" } else { "some rows were" },
            listed(&survey.undated)
        );
        let mend = "write the date into the third field, as in 261122132859Z, or name an old CRL with \
                    `mailca doctor --fix --crl FILE`";
        findings.push(Finding::problem("revocations-undated", what, mend));
    }
    if !survey.unpublished.is_empty() {
        let what = format!(
            "crl.pem lacks {} that index.txt revokes: {}",
            counted(survey.unpublished.len(), "certificate"),
            listed(&survey.unpublished)
        );
        findings.push(Finding::problem("crl-incomplete", what, "`mailca crl` makes a new one"));
    }
    if !published.is_current && survey.has_revoked {
        let what = "certificates are revoked, and there is no crl.pem that says so";
        findings.push(Finding::problem("crl-missing", what, "`mailca crl` makes it"));
    }
}
