//! What an existing folder of CA.pl's lacks to be used with mailca, and what mailca does about it by
//! itself. Nothing is changed.

use std::path::Path;

use crate::error::Result;
use crate::pki::certificate::Certificate;
use crate::pki::pem;
use crate::store::doctor::crls::Published;
use crate::store::doctor::survey::Survey;
use crate::store::doctor::{Depth, Finding, Scene, configuration, counted, examine, numbers, sort};
use crate::store::import::{self, Kind};
use crate::store::{input, layout};

/// What `examine` finds, and what is different from a folder of mailca's own.
pub fn preview(scene: &Scene<'_>) -> Result<Vec<Finding>> {
    let folder = scene.ca.path();
    let mut findings = examine(scene, Depth::Full)?;
    // What the first signature does anyway.
    findings.retain(|finding| !["folder-open", "attributes-missing"].contains(&finding.id));
    let mut advice = |id, what: String, mend: &str| findings.push(Finding::advice(id, what, mend));
    if !folder.join(layout::CONFIGURATION.name).exists() {
        let what = format!("there is no {}", folder.join(layout::CONFIGURATION.name).display());
        advice("adopt-no-settings", what, "nothing is to be done: the defaults hold, and options");
    }
    if configuration::subjects_are_unique(folder)? {
        let what = format!(
            "{} does not let two valid certificates share a subject, as renewed ones do",
            folder.join(layout::INDEX_ATTRIBUTES.name).display()
        );
        let mend = "nothing is to be done: mailca sets unique_subject = no when it first signs, keeps \
                    the old file, and says so";
        advice("adopt-unique-subject", what, mend);
    }
    if let Some(content) = input::read_if_there(&folder.join(layout::CA_KEY.name))?
        && is_encrypted(&content)
    {
        let what = "the CA's key has a passphrase".to_owned();
        let mend = "it is asked for when something is signed; without a terminal name a file that holds \
                    it with --ca-passphrase-file or MAILCA_CA_PASSPHRASE_FILE";
        advice("adopt-encrypted-key", what, mend);
    }
    let published = Published::read(scene, &mut Vec::new())?;
    let survey = Survey::of(scene, &published)?;
    if survey.leaves.purposeless > 0 {
        let what = format!(
            "{} of {} without extended key usage, as `openssl ca` makes them",
            survey.leaves.purposeless,
            counted(survey.leaves.count, "valid certificate")
        );
        let mend = "they go on working; those that mailca signs say what they are for";
        advice("adopt-no-purpose", what, mend);
    }
    if numbers::has_no_list(&published) {
        let what = "no CRL was made yet".to_owned();
        advice("adopt-no-crl", what, "`mailca crl` makes it, when something was revoked");
    }
    sort(&mut findings);
    Ok(findings)
}

/// For a folder of another program's that is to be taken over with `newca --from`: what it is, and what
/// comes along. `None` where it is nothing of the kind.
pub fn foreign(folder: &Path) -> Result<Option<Finding>> {
    let Some(source) = import::recognize(folder)? else { return Ok(None) };
    if source.kind == Kind::DemoCa {
        return Ok(None);
    }
    let title = match Certificate::from_file_content(&input::read_plain(&source.certificate)?) {
        Ok(found) => found.first().map(Certificate::title).unwrap_or_default(),
        Err(error) => return Err(error.at(source.certificate.display())),
    };
    let what = format!("{} is {} of the CA {title}", folder.display(), source.kind.name());
    let mut mend = format!("`mailca newca --from {}` takes it over", folder.display());
    if source.kind == Kind::EasyRsa {
        let (rows, revoked) = source.count_rows()?;
        let rows = counted(rows, "row");
        mend = format!("{mend}, with {rows} ({revoked} revoked), their certificates, and the CRL");
    }
    mend.push_str("; that folder stays as it is");
    Ok(Some(Finding::advice("adopt-by-newca", what, mend)))
}

fn is_encrypted(content: &[u8]) -> bool {
    pem::has_legacy_encryption(content)
        || pem::blocks(content)
            .is_ok_and(|blocks| blocks.iter().any(|b| b.label == "ENCRYPTED PRIVATE KEY"))
}
