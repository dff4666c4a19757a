//! Distinguished names in DER, and what index.txt and Sendmail make of them.

use mailca::pki::name::sendmail::encoded_text;
use mailca::pki::name::{Name, Oneline};

/// The bytes stay what they are; what is written on one line is plain, and read as the same name.
pub fn check(input: &[u8]) {
    check_oneline(input);
    let Ok(name) = Name::from_der(input) else { return };
    assert_eq!(name.as_der(), input);
    assert!(name.same_as(&name));
    super::assert_is_plain(&name.to_string());
    let _ = name.openssl_hash();
    let line = name.oneline();
    assert!(line.bytes().all(|byte| matches!(byte, b' '..=b'~')));
    let key = encoded_text(line.as_bytes());
    assert!(key.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>()\\\"".contains(&byte)));
    // Longer ones are cut off by OpenSSL, and not signed.
    if name.rdns().iter().flatten().any(|attribute| attribute.oid.len() > 64) {
        return;
    }
    let values = name.rdns().iter().flatten().map(|attribute| attribute.bytes.as_slice());
    if !values.clone().any(is_ambiguous) {
        let read = Oneline::parse(line.as_bytes());
        assert_eq!(read.to_text(), line);
        let wanted: Vec<Vec<_>> = name
            .rdns()
            .iter()
            .map(|rdn| {
                rdn.iter().map(|one| (one.short_name().to_owned(), one.bytes.clone())).collect()
            })
            .filter(|rdn: &Vec<_>| !rdn.is_empty())
            .collect();
        assert_eq!(read.rdns(), wanted);
    }
}

/// Any subject column, ours or not.
fn check_oneline(text: &[u8]) {
    let read = Oneline::parse(text);
    super::assert_is_plain(&read.to_string());
    let again = Oneline::parse(read.to_text().as_bytes());
    if !read.rdns().iter().flatten().any(|(_, value)| is_ambiguous(value)) {
        assert_eq!(again, read);
    }
}

/// OpenSSL writes a backslash as it is, so that what follows may be taken for an escape.
fn is_ambiguous(value: &[u8]) -> bool {
    value.contains(&b'\\')
}
