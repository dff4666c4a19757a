//! PEM labels: what they say, and where that and the content disagree.

use zeroize::Zeroizing;

use super::pem_text::Block;
use super::{Body, Item, PrivateKeyView, body, parameters, shape};
use crate::pki::printable::printable;

/// The item in a block. The label decides only where the content is ambiguous.
pub(super) fn of_pem(block: Block) -> Item {
    let label = printable(&block.label);
    let body = match &block.content {
        _ if block.is_legacy_encrypted => {
            Body::PrivateKey(Box::new(PrivateKeyView::legacy(&label, &block.headers)))
        }
        Err(reason) => Body::Unreadable { name: label.clone(), reason: (*reason).to_owned() },
        Ok(der) => labelled(&block.label, der),
    };
    let mut notes = block.notes;
    if let (Some(found), Some(said)) = (kind(&body), kind_of_label(&block.label))
        && found != said
    {
        notes.push(format!("its PEM label is {label}, but it is a {found}"));
    }
    Item { label: Some(label), body, notes }
}

fn labelled(label: &str, der: &Zeroizing<Vec<u8>>) -> Body {
    match label {
        "TRUSTED CERTIFICATE" => trusted_certificate(der).body,
        "DH PARAMETERS" | "X9.42 DH PARAMETERS" => parameters::dh_parameters(der),
        "DSA PARAMETERS" => parameters::dsa_parameters(der),
        "EC PARAMETERS" => parameters::ec_parameters(der),
        "RSA PUBLIC KEY" => parameters::rsa_public_key(der),
        "OPENSSH PRIVATE KEY" => Body::Other {
            name: "private key of OpenSSH".into(),
            facts: vec![("Note", "ssh's own form, which no mail program reads".into())],
        },
        _ => match body(der) {
            Body::Unreadable { .. } if kind_of_label(label).is_none() => {
                Body::Unknown(printable(label))
            }
            Body::Unreadable { reason, .. } => Body::Unreadable { name: printable(label), reason },
            body => body,
        },
    }
}

/// OpenSSL's own form: a certificate, and which uses it is trusted for.
pub(super) fn trusted_certificate(der: &[u8]) -> Item {
    let mut item = Item::of_der(shape::split_first(der).map_or(der, |(first, _)| first));
    if let Body::Certificate(certificate) = &mut item.body {
        certificate.warnings.push(
            "this is OpenSSL's TRUSTED CERTIFICATE form, which other programs do not read".into(),
        );
    }
    item
}

/// The kinds that a PEM label can contradict.
pub(super) fn kind(body: &Body) -> Option<&'static str> {
    match body {
        Body::Certificate(_) => Some("certificate"),
        Body::Request(_) => Some("certificate request"),
        Body::Crl(_) => Some("revocation list"),
        Body::PrivateKey(_) => Some("private key"),
        Body::PublicKey(_) => Some("public key"),
        Body::Pkcs12(_) => Some("PKCS#12 file"),
        Body::Pkcs7(_) => Some("PKCS#7 bundle"),
        Body::Other { .. } | Body::Unknown(_) | Body::Unreadable { .. } => None,
    }
}

fn kind_of_label(label: &str) -> Option<&'static str> {
    match label {
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => Some("certificate"),
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => Some("certificate request"),
        "X509 CRL" => Some("revocation list"),
        "PRIVATE KEY"
        | "ENCRYPTED PRIVATE KEY"
        | "RSA PRIVATE KEY"
        | "EC PRIVATE KEY"
        | "DSA PRIVATE KEY" => Some("private key"),
        "PUBLIC KEY" | "RSA PUBLIC KEY" => Some("public key"),
        "PKCS12" => Some("PKCS#12 file"),
        "PKCS7" | "CMS" | "PKCS #7 SIGNED DATA" => Some("PKCS#7 bundle"),
        _ => None,
    }
}
