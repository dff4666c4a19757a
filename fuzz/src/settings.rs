//! mailca.toml.

use mailca::store::config::Settings;

/// Settings that were read say the same once newca has written them.
pub fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let settings: Settings = match text.parse() {
        Ok(settings) => settings,
        Err(error) => return super::assert_error_is_plain(&error),
    };
    let subject = settings.subject();
    let _ = subject.build().expect("its subject was looked at");
    let written = settings.to_toml(&subject).expect("it can be written");
    let again: Settings = written.parse().expect("it can be read again");
    assert_eq!(again.subject(), subject);
    assert_eq!(again.leaf_days(), settings.leaf_days());
    assert_eq!(again.crl_days(), settings.crl_days());
    assert_eq!(again.crl_url, settings.crl_url);
    assert_eq!((again.permit, again.permit_ip), (settings.permit, settings.permit_ip));
}
