//! The texts in templates/, and how values get into them.
//!
//! The language is that of Jinja. A name that a template uses and nobody gave is an error, in ours and in
//! those of an administrator alike: a server that starts with half a configuration is worse.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};
use serde::Serialize;

use crate::error::{Error, Result};

/// The templates that an administrator's own may take the place of, by their file names.
const ALL: [(&str, &str); 14] = [
    ("dovecot-2.3.conf", include_str!("../../templates/dovecot-2.3.conf")),
    ("dovecot-2.4.conf", include_str!("../../templates/dovecot-2.4.conf")),
    ("exim-auth.conf", include_str!("../../templates/exim-auth.conf")),
    ("exim-rcpt.acl", include_str!("../../templates/exim-rcpt.acl")),
    ("exim.conf", include_str!("../../templates/exim.conf")),
    ("exim.sh", include_str!("../../templates/exim.sh")),
    ("hardening.txt", include_str!("../../templates/hardening.txt")),
    ("postfix-main.cf", include_str!("../../templates/postfix-main.cf")),
    ("postfix-master.cf", include_str!("../../templates/postfix-master.cf")),
    ("postfix.sh", include_str!("../../templates/postfix.sh")),
    ("sendmail.mc", include_str!("../../templates/sendmail.mc")),
    ("smtpd.conf", include_str!("../../templates/smtpd.conf")),
    ("submit.mc", include_str!("../../templates/submit.mc")),
    ("timer.txt", include_str!("../../templates/timer.txt")),
];

/// The names of all templates.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|(name, _)| *name)
}

/// The text of a template of ours.
pub fn built_in(name: &str) -> Result<&'static str> {
    let found = ALL.iter().find(|(known, _)| *known == name);
    found.map(|(_, text)| *text).ok_or_else(|| Error::bug(format!("no template is called {name}")))
}

/// Fills a template in. `name` is what errors call it.
pub fn fill(name: &str, template: &str, values: &impl Serialize) -> Result<String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()
            .map_err(|error| Error::bug("the language of templates is wrong").caused_by(error))?,
    );
    let values = Value::from(Serde(values));
    let failed = |error: minijinja::Error| {
        let line = error.line().map(|line| format!(" line {line}")).unwrap_or_default();
        let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
        let mut known: Vec<_> =
            values.try_iter().into_iter().flatten().map(|key| key.to_string()).collect();
        known.sort();
        Error::refused(format!("{name}{line}: {detail}"))
            .hint(format!("a template may use these names: {}", known.join(", ")))
    };
    let parsed = environment.template_from_named_str(name, template).map_err(failed)?;
    parsed.render(&values).map_err(failed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_put_in_as_they_are() {
        let text =
            fill("t", "{% if on %}\na {{ b }}\n{% endif %}\nc\n", &json!({"on": true, "b": "<&>"}));
        assert_eq!(text.unwrap(), "a <&>\nc\n");
    }

    #[test]
    fn an_unknown_name_is_an_error_that_names_the_place_and_the_known_ones() {
        for template in ["x\n{{ tpyo }}", "x\n{% if tpyo %}y{% endif %}", "x\n{{ a.tpyo }}"] {
            let error = fill("mine", template, &json!({"a": {"b": 1}, "other": 2})).unwrap_err();
            assert!(error.to_string().contains("mine line 2"), "{error}");
            assert!(error.hints()[0].ends_with("a, other"), "{:?}", error.hints());
        }
    }
}
