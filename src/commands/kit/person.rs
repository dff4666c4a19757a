//! Whose kit it is.

use crate::cli::Kit;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::general_name::GeneralName;
use crate::pki::profile::Profile;
use crate::store::folder::FolderName;

/// The names of a person.
pub(super) struct Person {
    /// As one writes it on a letter; the name in the certificate where no other is known.
    pub(super) name: String,
    /// At the mail servers.
    pub(super) login: String,
    /// The address of the account; the certificate has it.
    pub(super) email: String,
    /// Under which programs list the certificate.
    pub(super) friendly_name: String,
}

impl Person {
    /// From the certificate and the options. Refuses a certificate that is not a person's, and an address that is not
    /// the certificate's.
    pub(super) fn of(certificate: &Certificate, args: &Kit, name: &FolderName) -> Result<Self> {
        if let Some(profile @ (Profile::Server | Profile::Ca)) = Profile::of(certificate) {
            let whose = if profile == Profile::Ca { "a CA" } else { "a server" };
            return Err(Error::refused(format!(
                "the certificate of {} is that of {whose}, and a kit is for a person",
                certificate.title()
            ))
            .hint("make a person's with `mailca issue --user LOGIN --email ADDRESS LOGIN`")
            .hint("`mailca install` puts a server's where the server reads it"));
        }
        let email = email(certificate, args.email.as_deref())?;
        let common_name = certificate.subject.common_name();
        let local = email.rsplit_once('@').map_or("", |(local, _)| local).to_owned();
        // Foreign certificates have a name with spaces there, which is nobody's login.
        let in_certificate = common_name.clone().filter(|name| !name.contains(char::is_whitespace));
        let given = |text: &Option<String>, option| not_empty(text.as_deref(), option);
        let person = given(&args.person, "--name")?;
        Ok(Self {
            login: given(&args.login, "--login")?.or(in_certificate).unwrap_or(local),
            friendly_name: args
                .friendly_name
                .clone()
                .or_else(|| person.clone())
                .unwrap_or_else(|| name.as_str().to_owned()),
            name: person.or(common_name).unwrap_or_else(|| email.clone()),
            email,
        })
    }
}

fn not_empty(text: Option<&str>, option: &str) -> Result<Option<String>> {
    match text.map(str::trim) {
        Some(text) if text.is_empty() || text.contains(char::is_control) => {
            Err(Error::usage(format!("{option} is empty, or has a control character in it")))
        }
        text => Ok(text.map(ToOwned::to_owned)),
    }
}

/// The address of the account: the one that was asked for, or the certificate's first.
fn email(certificate: &Certificate, wanted: Option<&str>) -> Result<String> {
    let addresses: Vec<_> = certificate
        .alternative_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::Email(address) => Some(address.as_str()),
            _ => None,
        })
        .collect();
    let Some(first) = addresses.first() else {
        return Err(Error::refused(format!(
            "the certificate of {} has no mail address",
            certificate.title()
        ))
        .hint("make one that has, with `mailca issue --user LOGIN --email ADDRESS LOGIN`"));
    };
    let Some(wanted) = wanted else { return Ok((*first).to_owned()) };
    let wanted = GeneralName::email(wanted).map_err(Error::as_usage)?.value();
    if addresses.contains(&wanted.as_str()) {
        return Ok(wanted);
    }
    Err(Error::refused(format!(
        "the certificate of {} is not for {wanted}, but for {}",
        certificate.title(),
        crate::pki::printable::printable(&addresses.join(", "))
    ))
    .hint("programs would not sign mail from that address with it"))
}
