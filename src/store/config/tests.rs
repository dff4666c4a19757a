//! What the settings come from, and what is refused in them.

use super::*;

fn load(text: &str, environment: &[(&str, &str)]) -> Result<Settings> {
    let folder = tempfile::tempdir().unwrap();
    crate::store::atomic::create(&folder.path().join("mailca.toml"), text.as_bytes(), 0o644)?;
    Settings::load(folder.path(), |name| {
        environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into())
    })
}

#[test]
fn the_environment_goes_before_the_file_and_the_file_before_the_default() {
    assert_eq!(load("", &[]).unwrap().leaf_days(), 365);
    assert_eq!(load("leaf-days = 90", &[]).unwrap().leaf_days(), 90);
    let environment = [("MAILCA_LEAF_DAYS", "30"), ("MAILCA_PERMIT", "a.example, b.example")];
    let settings = load("leaf-days = 90\ncountry = \"US\"", &environment).unwrap();
    assert_eq!(settings.leaf_days(), 30);
    assert_eq!(settings.permit, ["a.example", "b.example"]);
    assert_eq!(settings.country.as_deref(), Some("US"));
    assert_eq!(load("leaf-days = 90", &[("MAILCA_LEAF_DAYS", "")]).unwrap().leaf_days(), 90);
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_name() {
    let error = load("leaf-day = 90", &[]).unwrap_err();
    assert!(error.to_string().contains("leaf-day"), "{error}");
    assert!(error.hints()[0].contains("leaf-days"));
}

#[test]
fn values_of_the_wrong_kind_are_refused() {
    for text in [
        "leaf-days = \"x\"",
        "leaf-days = 0",
        "leaf-days = -1",
        "host-key-type = \"rsa\"",
        "cert-mode = \"0777\"",
        "country",
        "permit = \"a\"",
    ] {
        assert!(load(text, &[]).is_err(), "{text}");
    }
    assert!(load("", &[("MAILCA_LEAF_DAYS", "soon")]).is_err());
}
