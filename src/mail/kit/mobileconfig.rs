//! Apple's configuration profile: the CA, the certificate with its key, and the mail account, taken in at one tap.
//!
//! The keys are those of Apple's documentation of profiles (Configuration Profile Reference; payloads
//! `com.apple.security.root`, `.pkcs1`, `.pkcs12` and `com.apple.mail.managed`). No password is in it: the device
//! asks for that of the PKCS#12, and for that of the account.
//!
//! A device tells profiles apart by their identifier. That is the person's, so that the profile of a renewed certificate
//! takes the place of the one before. The UUIDs follow from the content: the same content has the same ones.

use plist::{Dictionary, Value};

use super::{Authentication, Servers};
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::digest;
use crate::pki::profile::Profile as Purpose;

/// What the profile is made of.
#[derive(Debug)]
pub struct Profile<'a> {
    /// The person's name, as sent mail has it.
    pub person: &'a str,
    /// The login at the mail servers.
    pub login: &'a str,
    /// The mail address.
    pub email: &'a str,
    /// The CA's name.
    pub ca_name: &'a str,
    /// The person's certificate.
    pub certificate: &'a Certificate,
    /// The CA certificates above it.
    pub chain: &'a [Certificate],
    /// The PKCS#12, in the form that Apple's keychain reads.
    pub pkcs12: &'a [u8],
    /// Its file name.
    pub pkcs12_name: &'a str,
    /// The mail account, where there is one.
    pub servers: Option<&'a Servers>,
}

/// The identifier of a person's profile: the mail domain backwards, and the login.
pub fn identifier(email: &str, login: &str) -> String {
    let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
    let mut labels: Vec<_> = domain.split('.').filter(|label| !label.is_empty()).collect();
    labels.reverse();
    format!("{}.mailca.{}", labels.join("."), plain(login))
}

/// The UUID of the payload with this certificate and its key.
pub fn identity_uuid(certificate: &Certificate) -> String {
    uuid("pkcs12", &[certificate.as_der()])
}

/// The profile, as an XML property list.
pub fn write(profile: &Profile<'_>) -> Result<Vec<u8>> {
    let identifier = identifier(profile.email, profile.login);
    let mut payloads: Vec<_> =
        profile.chain.iter().map(|one| Value::from(authority(one, &identifier))).collect();
    payloads.push(Value::from(identity(profile, &identifier)));
    if let Some(servers) = profile.servers {
        payloads.push(Value::from(account(profile, servers, &identifier)));
    }
    let whole = xml(&Value::Array(payloads.clone()))?;
    let mut outer = payload("Configuration", &identifier, &uuid("profile", &[&whole]));
    put(&mut outer, "PayloadDisplayName", format!("Mail of {}", profile.person));
    put(
        &mut outer,
        "PayloadDescription",
        format!(
            "The certificate of {}, valid until {}, and the certificate of {}",
            profile.email,
            profile.certificate.not_after.date(),
            profile.ca_name
        ),
    );
    put(&mut outer, "PayloadOrganization", profile.ca_name);
    put(&mut outer, "PayloadScope", "User");
    put(&mut outer, "PayloadRemovalDisallowed", false);
    put(&mut outer, "PayloadContent", payloads);
    xml(&Value::from(outer))
}

fn xml(value: &Value) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    value
        .to_writer_xml(&mut text)
        .map_err(|error| Error::bug("a property list cannot be written").caused_by(error))?;
    if !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    Ok(text)
}

/// A CA certificate. One that is not its own issuer is no root, and only helps to build a chain.
fn authority(certificate: &Certificate, identifier: &str) -> Dictionary {
    let kind = if certificate.is_self_signed() { "root" } else { "pkcs1" };
    // The person is part of it: two people of one CA may share a Mac.
    let uuid = uuid(kind, &[identifier.as_bytes(), certificate.as_der()]);
    // During a change of the CA's key there are several of one name.
    let short = uuid.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let name = format!("{identifier}.{kind}.{short}");
    let mut entry = payload(&format!("com.apple.security.{kind}"), &name, &uuid);
    put(&mut entry, "PayloadDisplayName", certificate.title());
    put(&mut entry, "PayloadCertificateFileName", "cacert.crt");
    put(&mut entry, "PayloadContent", Value::Data(certificate.as_der().to_vec()));
    entry
}

fn identity(profile: &Profile<'_>, identifier: &str) -> Dictionary {
    let uuid = identity_uuid(profile.certificate);
    let name = format!("{identifier}.pkcs12");
    let mut entry = payload("com.apple.security.pkcs12", &name, &uuid);
    put(&mut entry, "PayloadDisplayName", format!("Certificate of {}", profile.email));
    put(&mut entry, "PayloadCertificateFileName", profile.pkcs12_name);
    put(&mut entry, "PayloadContent", Value::Data(profile.pkcs12.to_vec()));
    entry
}

fn account(profile: &Profile<'_>, servers: &Servers, identifier: &str) -> Dictionary {
    let name = format!("{identifier}.mail");
    let settings = format!("{servers:?} {} {}", profile.person, profile.login);
    let uuid = uuid("mail", &[settings.as_bytes(), profile.email.as_bytes()]);
    let mut entry = payload("com.apple.mail.managed", &name, &uuid);
    let authentication = match servers.authentication {
        Authentication::Password => "EmailAuthPassword",
        // There is no word for a certificate: the device shows it in the TLS handshake, and asks for no password.
        Authentication::Certificate => "EmailAuthNone",
    };
    put(&mut entry, "PayloadDisplayName", profile.email);
    put(&mut entry, "EmailAccountDescription", profile.email);
    put(&mut entry, "EmailAccountName", profile.person);
    put(&mut entry, "EmailAccountType", "EmailTypeIMAP");
    put(&mut entry, "EmailAddress", profile.email);
    for (side, server) in [("Incoming", &servers.imap), ("Outgoing", &servers.smtp)] {
        let key = |what: &str| format!("{side}MailServer{what}");
        put(&mut entry, &key("Authentication"), authentication);
        put(&mut entry, &key("HostName"), server.host.as_str());
        put(&mut entry, &key("PortNumber"), u64::from(server.port));
        // Also with STARTTLS: which of the two it is, the device tells from the port and tries.
        put(&mut entry, &key("UseSSL"), true);
        put(&mut entry, &key("Username"), profile.login);
    }
    if servers.authentication == Authentication::Password {
        put(&mut entry, "OutgoingPasswordSameAsIncomingPassword", true);
    }
    // A certificate for the login alone signs no mail.
    if Purpose::of(profile.certificate) != Some(Purpose::Client) {
        smime(&mut entry, identity_uuid(profile.certificate));
    }
    entry
}

fn smime(entry: &mut Dictionary, identity: String) {
    put(entry, "SMIMESigningEnabled", true);
    put(entry, "SMIMESigningUserOverrideable", true);
    put(entry, "SMIMESigningCertificateUUID", identity.as_str());
    put(entry, "SMIMEEncryptionCertificateUUID", identity);
    // Encrypted is what the person says: the others have to have a certificate.
    put(entry, "SMIMEEncryptByDefault", false);
    put(entry, "SMIMEEncryptByDefaultUserOverrideable", true);
    put(entry, "SMIMEEnableEncryptionPerMessageSwitch", true);
}

fn payload(kind: &str, identifier: &str, uuid: &str) -> Dictionary {
    let mut entry = Dictionary::new();
    put(&mut entry, "PayloadType", kind);
    put(&mut entry, "PayloadVersion", 1_u64);
    put(&mut entry, "PayloadIdentifier", identifier);
    put(&mut entry, "PayloadUUID", uuid);
    entry
}

fn put(entry: &mut Dictionary, key: &str, value: impl Into<Value>) {
    entry.insert(key.to_owned(), value.into());
}

/// A name-based UUID of version 8, whose bits are the maker's to choose (RFC 9562 section 5.8): of SHA-256.
fn uuid(label: &str, parts: &[&[u8]]) -> String {
    let mut all = format!("mailca {label}\n").into_bytes();
    for part in parts {
        all.extend_from_slice(&digest::sha256(part));
    }
    let mut octets = digest::sha256(&all);
    octets[6] = octets[6] & 0x0F | 0x80;
    octets[8] = octets[8] & 0x3F | 0x80;
    let text = digest::hex(&octets[..16]);
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

/// In letters that an identifier may have; another stands there as its code, so that no two logins become one.
fn plain(login: &str) -> String {
    let mut name = String::new();
    for octet in login.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' => name.push(char::from(octet)),
            other => {
                name.push('_');
                name.push_str(&digest::lower_hex(&[other]));
            }
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_the_domain_backwards_and_the_login() {
        assert_eq!(identifier("joe@mail.example.com", "joe"), "com.example.mail.mailca.joe");
        assert_eq!(identifier("joe@example.com", "joe+x"), "com.example.mailca.joe_2bx");
        assert_ne!(identifier("a@b.example", "a+b"), identifier("a@b.example", "a_b"));
    }

    #[test]
    fn a_uuid_follows_from_its_content_and_its_label() {
        let one = uuid("a", &[b"x"]);
        assert_eq!(one, uuid("a", &[b"x"]));
        assert_ne!(one, uuid("b", &[b"x"]));
        assert_ne!(uuid("a", &[b"x", b"y"]), uuid("a", &[b"xy"]));
        assert_eq!(one.len(), 36);
        assert_eq!((&one[14..15], one.split('-').count()), ("8", 5));
    }
}
