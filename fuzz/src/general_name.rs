//! Names as people type them, and as an extension has them: the first byte says which.

use mailca::net::service::Service;
use mailca::net::target::Target;
use mailca::pki::general_name::GeneralName;
use mailca::pki::identity::Identity;

/// A name that was read is the same once it is written, as text and as DER.
pub fn check(input: &[u8]) {
    let Some((kind, rest)) = input.split_first() else { return };
    if kind & 1 == 0 {
        return extension(rest);
    }
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let typed = [
        GeneralName::parse(text),
        GeneralName::dns(text),
        GeneralName::email(text),
        GeneralName::ip(text),
        GeneralName::host(text),
    ];
    for name in typed {
        match name {
            Ok(name) => check_name(&name),
            Err(error) => super::assert_error_is_plain(&error),
        }
    }
    if let Err(error) = Identity::host(text).and_then(|_| Identity::email(text)) {
        super::assert_error_is_plain(&error);
    }
    match Target::parse(text, Service::Smtp) {
        Ok(target) => {
            let again = Target::parse(&target.to_string(), Service::Smtp);
            assert_eq!(again.ok().map(|again| again.to_string()), Some(target.to_string()));
        }
        Err(error) => super::assert_error_is_plain(&error),
    }
}

/// A name that was checked: it stays what it is, however it is written.
fn check_name(name: &GeneralName) {
    let text = name.to_string();
    super::assert_is_plain(&text);
    assert!(text.is_ascii());
    assert_eq!(GeneralName::parse(&text).ok().as_ref(), Some(name));
    assert_eq!(name.validated().ok().as_ref(), Some(name));
    let der = GeneralName::subject_alt_name_der(std::slice::from_ref(name)).unwrap_or_default();
    assert_eq!(GeneralName::of_extension(&der).ok(), Some(vec![name.clone()]));
}

fn extension(der: &[u8]) {
    let Ok(names) = GeneralName::of_extension(der) else { return };
    for name in &names {
        super::assert_is_plain(&name.to_string());
    }
    // What is not ASCII is not written.
    let Ok(again) = GeneralName::subject_alt_name_der(&names) else { return };
    assert_eq!(GeneralName::of_extension(&again).ok(), Some(names));
}
