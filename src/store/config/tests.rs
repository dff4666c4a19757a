//! What the settings come from, and what is refused in them.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::store::atomic;

/// The files of a machine, a person and a CA, in a folder of the test's own.
struct Scene(tempfile::TempDir);

impl Scene {
    fn new(files: &[(&str, &str)]) -> Self {
        let scene = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir_all(scene.path("home/.config/mailca")).unwrap();
        std::fs::create_dir_all(scene.path("xdg/mailca")).unwrap();
        std::fs::create_dir_all(scene.path("ca")).unwrap();
        for (name, text) in files {
            atomic::create(&scene.path(name), text.as_bytes(), 0o644).unwrap();
        }
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn load(&self, named: Option<&str>, environment: &[(&str, &str)]) -> Result<Settings> {
        let home = self.path("home").display().to_string();
        let variable = |name: &str| {
            let given = environment.iter().find(|(known, _)| *known == name);
            given
                .map(|(_, value)| value.replace("{}", &self.0.path().display().to_string()))
                .or_else(|| (name == "HOME").then(|| home.clone()))
        };
        let (machine, named) = (self.path("etc"), named.map(|name| self.path(name)));
        Settings::load_over(
            &self.path("ca"),
            &Files { machine: &machine, named: named.as_deref(), variable: &variable },
        )
    }
}

const PERSONAL: &str = "home/.config/mailca/mailca.toml";

fn load(text: &str, environment: &[(&str, &str)]) -> Result<Settings> {
    Scene::new(&[("ca/mailca.toml", text)]).load(None, environment)
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
fn the_cas_file_goes_before_the_personal_one_and_that_before_the_machines() {
    let (etc, personal, ca) = (
        ("etc", "leaf-days = 1"),
        (PERSONAL, "leaf-days = 2"),
        ("ca/mailca.toml", "leaf-days = 3"),
    );
    for (files, expected, source) in [
        (vec![etc], 1, "machine"),
        (vec![etc, personal], 2, "personal"),
        (vec![etc, personal, ca], 3, "ca"),
        (vec![personal, ca], 3, "ca"),
    ] {
        let settings = Scene::new(&files).load(None, &[]).unwrap();
        assert_eq!(settings.leaf_days(), expected);
        assert_eq!(settings.origin("leaf-days").unwrap().layer.name(), source);
    }
    let scene = Scene::new(&[etc, personal, ca]);
    let settings = scene.load(None, &[("MAILCA_LEAF_DAYS", "4")]).unwrap();
    assert_eq!(settings.leaf_days(), 4);
    let origin = settings.origin("leaf-days").unwrap();
    assert_eq!(
        (origin.layer.name(), origin.place.to_string()),
        ("environment", "MAILCA_LEAF_DAYS".into())
    );
    assert!(settings.origin("crl-days").is_none());
}

#[test]
fn layers_are_merged_key_by_key_and_each_value_has_its_line() {
    let scene = Scene::new(&[
        (
            "etc",
            "# ours\n\ncountry = \"DE\"\norganizational-unit = [\n  \"A\",\n  \"B\"]\ncrl-days = 9\n",
        ),
        (PERSONAL, "organizational-unit = [\"C\"]"),
    ]);
    let settings = scene.load(None, &[]).unwrap();
    assert_eq!(settings.country.as_deref(), Some("DE"));
    assert_eq!(settings.organizational_unit, ["C"]);
    let place = |key| settings.origin(key).unwrap().place.to_string();
    assert!(place("country").ends_with("/etc:3"));
    assert!(place("organizational-unit").ends_with("mailca.toml:1"));
    assert!(place("crl-days").ends_with("/etc:7"));
}

#[test]
fn a_named_file_takes_the_place_of_both_and_nothing_of_all() {
    let scene = Scene::new(&[
        ("etc", "leaf-days = 1"),
        (PERSONAL, "crl-days = 2"),
        ("mine", "country = \"DE\""),
    ]);
    let settings = scene.load(Some("mine"), &[]).unwrap();
    assert_eq!((settings.leaf_days(), settings.crl_days()), (365, 30));
    assert_eq!(settings.origin("country").unwrap().layer.name(), "config");
    assert!(scene.load(Some("/dev/null"), &[]).unwrap().origins.is_empty());
    assert!(scene.load(Some("gone"), &[]).unwrap_err().to_string().contains("not there"));
    assert!(scene.load(Some("home"), &[]).unwrap_err().to_string().contains("a folder"));
}

#[test]
fn the_personal_file_is_in_the_folder_of_the_variable_which_is_absolute() {
    let scene =
        Scene::new(&[(PERSONAL, "leaf-days = 1"), ("xdg/mailca/mailca.toml", "leaf-days = 2")]);
    let days = |environment| scene.load(None, environment).unwrap().leaf_days();
    assert_eq!(days(&[]), 1);
    assert_eq!(days(&[("XDG_CONFIG_HOME", "{}/xdg")]), 2);
    assert_eq!(days(&[("XDG_CONFIG_HOME", "xdg")]), 1);
    assert_eq!(days(&[("XDG_CONFIG_HOME", "")]), 1);
    assert_eq!(days(&[("HOME", "home")]), 365);
    assert_eq!(days(&[("HOME", "{}/xdg")]), 365);
}

#[test]
fn what_belongs_to_one_ca_stands_in_its_own_file_alone() {
    let values = [
        ("crl-publish", "[\"a\"]"),
        ("crl-hash-dir", "[\"a\"]"),
        ("access-maps", "[\"exim:a\"]"),
        ("own-backup", "true"),
    ];
    for (key, value) in values {
        let line = format!("\n{key} = {value}\n");
        for name in ["etc", PERSONAL, "mine"] {
            let named = (name == "mine").then_some(name);
            let error = Scene::new(&[(name, &line)]).load(named, &[]).unwrap_err();
            assert!(error.to_string().contains(":2: "), "{error}");
            assert!(error.to_string().contains("belongs to one CA: "), "{error}");
        }
        assert!(load(&line, &[]).is_ok());
    }
    let refused = keys::KEYS.iter().filter(|key| key.of_one_ca.is_some());
    assert!(refused.map(|key| key.name).eq(values.map(|(key, _)| key)));
}

#[test]
fn a_relative_folder_of_templates_begins_where_its_file_is() {
    let scene = Scene::new(&[("mine", "template-dir = \"templates\"")]);
    let settings = scene.load(Some("mine"), &[]).unwrap();
    assert_eq!(settings.template_dir, Some(scene.path("templates")));
    // In the CA's file it begins at the CA's folder, wherever that is then.
    let settings = load("template-dir = \"templates\"", &[]).unwrap();
    assert_eq!(settings.template_dir, Some("templates".into()));
}

#[test]
fn a_file_that_others_may_write_is_refused() {
    for name in ["etc", PERSONAL, "mine"] {
        let scene = Scene::new(&[(name, "leaf-days = 1")]);
        let mode = std::fs::Permissions::from_mode(0o666);
        std::fs::set_permissions(scene.path(name), mode).unwrap();
        let error = scene.load((name == "mine").then_some(name), &[]).unwrap_err();
        assert!(error.to_string().contains("0666"), "{error}");
    }
}

#[test]
fn newca_leaves_days_to_the_file_beside_the_ca_and_writes_down_what_certificates_say() {
    let text =
        "leaf-days = 90\ncrl-days = 9\ncrl-url = \"http://a.example/\"\npermit = [\"a.example\"]\n";
    let settings = Scene::new(&[("etc", text)]).load(None, &[]).unwrap();
    let written = settings.to_toml(&Parts::default()).unwrap();
    assert!(written.contains("\n# leaf-days = 365\n# crl-days = 30\n"), "{written}");
    assert!(written.contains("\ncrl-url = \"http://a.example/\"\n"), "{written}");
    assert!(written.contains("\npermit = [\"a.example\"]\n"), "{written}");
    let chosen = settings.clone().chosen(Some(77), None, &["b.example".into()], &[]);
    let written = chosen.to_toml(&Parts::default()).unwrap();
    assert!(written.contains("\nleaf-days = 77\n# crl-days = 30\n"), "{written}");
    assert!(chosen.origin("permit").is_none() && chosen.origin("crl-url").is_some());
    let written = settings.without_limits().to_toml(&Parts::default()).unwrap();
    assert!(written.contains("\n# permit = "), "{written}");
}

#[test]
fn the_defaults_that_are_shown_are_those_that_hold() {
    let settings = Settings::default();
    for key in keys::KEYS {
        let holds = match key.name {
            "ca-key-type" => Some(format!("{:?}", settings.ca_key_type().unwrap().name())),
            "host-key-type" => Some(format!("{:?}", settings.host_key_type().unwrap().name())),
            "user-key-type" => Some(format!("{:?}", settings.user_key_type().unwrap().name())),
            "leaf-days" => Some(settings.leaf_days().to_string()),
            "crl-days" => Some(settings.crl_days().to_string()),
            "own-backup" => Some(settings.own_backup.to_string()),
            "cert-mode" => Some(format!("\"{:04o}\"", settings.cert_mode().unwrap())),
            _ => None,
        };
        assert_eq!(holds.as_deref(), key.default, "{}", key.name);
    }
}

#[test]
fn newca_writes_every_key_or_names_it_in_a_comment() {
    let text = Settings::default().to_toml(&Parts::default()).unwrap();
    for key in keys::KEYS {
        assert!(text.contains(&format!("\n# {} = ", key.name)), "{}", key.name);
    }
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_name() {
    let error = load("\n\nleaf-day = 90", &[]).unwrap_err();
    assert!(error.to_string().contains("mailca.toml:3: the key \"leaf-day\""), "{error}");
    assert!(error.hints()[0].contains("leaf-days"));
}

#[test]
fn values_of_the_wrong_kind_are_refused_with_their_line() {
    for text in [
        "leaf-days = \"x\"",
        "leaf-days = 0",
        "leaf-days = -1",
        "host-key-type = \"rsa\"",
        "cert-mode = \"0777\"",
        "country",
        "permit = \"a\"",
    ] {
        let error = load(&format!("crl-days = 3\n{text}\nsmtp = \"a\""), &[]).unwrap_err();
        assert!(error.to_string().contains("mailca.toml:2: "), "{error}");
    }
    assert!(load("", &[("MAILCA_LEAF_DAYS", "soon")]).is_err());
}
