//! The next serial number, which openssl takes, and the next CRL number.

use std::path::Path;

use crate::error::Result;
use crate::pki::serial::Serial;
use crate::store::doctor::crls::Published;
use crate::store::doctor::fix::Mending;
use crate::store::doctor::survey::Survey;
use crate::store::doctor::{Finding, Scene};
use crate::store::input;
use crate::store::layout::{self, FileKind};

/// The number in a file: `None` where there is none, or it cannot be read.
pub(super) fn number(folder: &Path, kind: FileKind) -> Result<Option<Serial>> {
    let content = input::read_if_there(&folder.join(kind.name))?;
    Ok(content.and_then(|content| {
        let text = std::str::from_utf8(&content).ok()?.trim();
        // openssl takes whole octets.
        Serial::parse(text).ok().filter(|_| text.len() % 2 == 0)
    }))
}

/// Whether they are there, and the next serial number is not one of newcerts/.
pub(super) fn examine(scene: &Scene<'_>, findings: &mut Vec<Finding>) -> Result<()> {
    let folder = scene.ca.path();
    let missing = |kind: FileKind| {
        let path = folder.join(kind.name);
        let how = if path.exists() { "holds no number" } else { "is missing" };
        format!("{} {how}, which `openssl ca` needs", path.display())
    };
    match number(folder, layout::SERIAL)? {
        None => findings.push(
            Finding::problem("serial-missing", missing(layout::SERIAL), "writes a random one")
                .fixable(),
        ),
        Some(next) if scene.ca.issued_path(&next).exists() => findings.push(used(scene, &next)),
        Some(_) => {}
    }
    if number(folder, layout::CRL_NUMBER)?.is_none() {
        let mend = "writes the number after that of every CRL it finds";
        findings.push(
            Finding::problem("crlnumber-missing", missing(layout::CRL_NUMBER), mend).fixable(),
        );
    }
    Ok(())
}

/// Whether they are beyond everything that is known.
pub(super) fn examine_full(
    scene: &Scene<'_>,
    published: &Published,
    survey: &Survey,
    findings: &mut Vec<Finding>,
) -> Result<()> {
    let folder = scene.ca.path();
    if let Some(next) = number(folder, layout::SERIAL)?
        && survey.knows(&next)
        && !findings.iter().any(|finding| finding.id == "serial-used")
    {
        findings.push(used(scene, &next));
    }
    if let (Some(next), Some(highest)) =
        (number(folder, layout::CRL_NUMBER)?, published.highest.as_ref())
        && next <= *highest
    {
        let what = format!(
            "{}: the next CRL would have the number {}, and one with {} is published already: clients may \
             keep the old one",
            folder.join(layout::CRL_NUMBER.name).display(),
            next.to_decimal(),
            highest.to_decimal()
        );
        findings.push(
            Finding::problem("crlnumber-behind", what, "moves the number beyond it").fixable(),
        );
    }
    Ok(())
}

fn used(scene: &Scene<'_>, next: &Serial) -> Finding {
    let what = format!(
        "{}: the next serial number, {next}, is one of a certificate already",
        scene.ca.path().join(layout::SERIAL.name).display()
    );
    Finding::problem("serial-used", what, "writes the next one that is free").fixable()
}

pub(super) fn repair(
    mending: &mut Mending<'_>,
    published: &Published,
    survey: &Survey,
) -> Result<()> {
    let ca = mending.scene.ca;
    let old = number(ca.path(), layout::SERIAL)?;
    let mut next = match &old {
        Some(next) => next.clone(),
        None => (mending.draw)()?,
    };
    while survey.knows(&next) || ca.issued_path(&next).exists() {
        next = next.successor();
    }
    if old.as_ref() != Some(&next) {
        mending.write(layout::SERIAL, format!("{next}\n").as_bytes())?;
    }
    let old = number(ca.path(), layout::CRL_NUMBER)?;
    let beyond = published.highest.as_ref().map(Serial::successor);
    let first = || Serial::from_bytes(&[1]);
    let next = old.clone().max(beyond).unwrap_or_else(first);
    if old.as_ref() != Some(&next) {
        mending.write(layout::CRL_NUMBER, format!("{next}\n").as_bytes())?;
    }
    Ok(())
}

/// Whether no list of this CA was found anywhere.
pub(super) fn has_no_list(published: &Published) -> bool {
    published.highest.is_none() && !published.is_current
}
