//! Which files a mail server is given, and what is in them.

use zeroize::Zeroizing;

use crate::error::Result;
use crate::mail::server::{Chain, Layout};
use crate::pki::bundle;
use crate::pki::certificate::Certificate;

/// The private key.
pub const KEY: &str = "key.pem";
/// The certificate, and those above it where the server sends what is in that file.
pub const CERTIFICATE: &str = "cert.pem";
/// The CA's certificates.
pub const CA: &str = "cacert.pem";
/// The revocation list.
pub const CRL: &str = "crl.pem";
/// The CA's certificates, followed by the revocation list.
pub const CA_AND_CRL: &str = "cacert-crl.pem";
/// Key and certificate in one file, as Red Hat has them for Sendmail.
pub const COMBINED: &str = "sendmail.pem";

/// A file: name, mode, content.
pub type File = (String, u32, Zeroizing<Vec<u8>>);

/// The files with the certificate and its key. `key` is in PEM.
pub fn pair(
    layout: &Layout,
    combined: bool,
    key: &[u8],
    certificate: &Certificate,
    chain: &[Certificate],
) -> Result<Vec<File>> {
    let leaf = certificate.to_pem()?;
    let above = bundle::to_pem(chain)?;
    let presented = match layout.chain {
        Chain::Leaf => leaf,
        Chain::Full => leaf + &above,
    };
    let secret = |name: &str, parts: &[&[u8]]| {
        (name.to_owned(), layout.key_mode, Zeroizing::new(parts.concat()))
    };
    let mut files = if combined {
        vec![secret(COMBINED, &[with_line_end(key), b"\n", presented.as_bytes()])]
    } else {
        vec![secret(KEY, &[key]), public(layout, CERTIFICATE, presented)]
    };
    files.push(public(layout, CA, above));
    Ok(files)
}

/// The files with the revocation list, of which `crl` is the text.
pub fn revocation(layout: &Layout, chain: &[Certificate], crl: &str) -> Result<Vec<File>> {
    let mut files = vec![public(layout, CRL, crl.to_owned())];
    if layout.joined_crl {
        files.push(public(layout, CA_AND_CRL, bundle::to_pem(chain)? + crl));
    }
    Ok(files)
}

/// A file that is no secret.
pub fn public(layout: &Layout, name: &str, text: String) -> File {
    (name.to_owned(), layout.public_mode, Zeroizing::new(text.into_bytes()))
}

fn with_line_end(pem: &[u8]) -> &[u8] {
    pem.strip_suffix(b"\n").unwrap_or(pem)
}
