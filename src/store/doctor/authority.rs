//! The CA's certificate and its key.

use time::Duration;

use crate::error::{Error, Result};
use crate::pki::key::PrivateKey;
use crate::store::doctor::{Finding, Scene};
use crate::store::{input, layout};

/// How long before its end the CA wants a new one.
const NEAR: Duration = Duration::days(90);

/// What becomes of an intermediate CA near its end.
const ABOVE: &str = "at the CA above it, `mailca renew --profile ca` makes a new certificate; here, \
                     `mailca rekey-ca --cert FILE` puts it into its place";

fn is_intermediate(scene: &Scene<'_>) -> bool {
    !scene.ca.certificate().is_self_issued()
}

/// What the certificate says.
pub(super) fn examine(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let certificate = scene.ca.certificate();
    let title = certificate.title();
    let end = certificate.not_after;
    if end < scene.now {
        let what =
            format!("the CA {title} ended on {}: nothing that it signed verifies", end.date());
        let mend = if is_intermediate(scene) {
            ABOVE
        } else {
            "`mailca rekey-ca --same-key` gives it new dates; clients need the new certificate"
        };
        findings.push(Finding::problem("ca-expired", what, mend));
    } else if end - scene.now < NEAR {
        let what = format!("the CA {title} ends on {}", end.date());
        let mend = if is_intermediate(scene) {
            ABOVE
        } else {
            "`mailca rekey-ca` gives it new dates or a new key; clients need the new certificate \
             before that day"
        };
        findings.push(Finding::problem("ca-near-its-end", what, mend));
    }
    if let Some(weakness) = certificate.weakness() {
        let what = format!("the CA {title} is weak: {weakness}");
        // Nobody verifies the signature of a root.
        let only_signature = !weakness.contains("bits");
        findings.push(if only_signature && certificate.is_self_signed() {
            let mend =
                "`mailca rekey-ca --same-key` signs it anew; most programs do not mind in a root";
            Finding::advice("ca-weak", what, mend)
        } else {
            Finding::problem("ca-weak", what, "`mailca rekey-ca` gives it a new key")
        });
    }
    if !certificate.is_ca || !certificate.may_sign {
        let what = format!("the certificate of {title} is not a CA's");
        findings.push(Finding::problem(
            "ca-not-a-ca",
            what,
            "put the CA's own certificate into cacert.pem, from newcerts/ or a backup",
        ));
    } else if !certificate.may_sign_crls {
        let what =
            format!("the key usages of the CA {title} lack cRLSign: its CRLs are not accepted");
        let mend = "`mailca rekey-ca --same-key` makes a certificate that has it";
        findings.push(Finding::advice("ca-may-not-sign-crls", what, mend));
    }
    if scene.ca.chain().last().is_some_and(|last| !last.is_self_signed()) {
        let what = "cacert.pem does not hold the chain up to its root";
        findings.push(Finding::advice(
            "chain-incomplete",
            what,
            "append the certificates of the CAs above it, the root last",
        ));
    }
}

/// Whether the key is the certificate's.
pub(super) fn examine_key(scene: &Scene<'_>, findings: &mut Vec<Finding>) -> Result<()> {
    let path = scene.ca.path().join(layout::CA_KEY.name);
    let from_backup = "take the key from a backup; it cannot be made again";
    let Some(content) = input::read_if_there(&path)? else {
        // What is away on purpose is told from what was lost by the administrator.
        let what = format!("{} is missing: nothing can be signed", path.display());
        findings.push(Finding::problem("ca-key-missing", what, from_backup));
        return Ok(());
    };
    let mut asked = false;
    let key = PrivateKey::from_file_content(&content, || {
        asked = true;
        scene.passphrase.cloned().ok_or_else(|| Error::refused("it is encrypted"))
    });
    match key {
        Err(_) if asked && scene.passphrase.is_none() => {
            let what = format!(
                "{} has a passphrase: whether it is the certificate's was not looked at",
                path.display()
            );
            let mend = "--ca-passphrase-file lets it be looked at";
            findings.push(Finding::advice("ca-key-unchecked", what, mend));
        }
        Err(error) if asked => return Err(error.at(path.display())),
        Err(error) => {
            let what = format!("{}: {error}", path.display());
            let mend = error.hints().first().map_or(from_backup, String::as_str);
            findings.push(Finding::problem("ca-key-unreadable", what, mend));
        }
        Ok(key) if key.public_key() != scene.ca.certificate().public_key => {
            let what = format!(
                "{} is not the key of {}",
                path.display(),
                scene.ca.path().join(layout::CA_CERTIFICATE.name).display()
            );
            let mend =
                "take the pair that belongs together from a backup, or from the copies beside them";
            findings.push(Finding::problem("ca-key-not-of-certificate", what, mend));
        }
        Ok(_) => {}
    }
    Ok(())
}
