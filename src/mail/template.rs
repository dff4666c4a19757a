//! The texts in templates/, and how values get into them.
//!
//! The language is that of Jinja. A name that a template uses and nobody gave is an error, in ours and in
//! those of an administrator alike: a server that starts with half a configuration is worse.
//!
//! In a template whose name ends in `.html`, every value is escaped; in the others values stay as they are.

use std::borrow::Cow;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};
use serde::Serialize;

use crate::error::{Error, Result};

/// The templates that an administrator's own may take the place of, by their file names.
const ALL: [(&str, &str); 30] = [
    ("dovecot-2.3.conf", include_str!("../../templates/dovecot-2.3.conf")),
    ("dovecot-2.4.conf", include_str!("../../templates/dovecot-2.4.conf")),
    ("exim-auth.conf", include_str!("../../templates/exim-auth.conf")),
    ("exim-rcpt.acl", include_str!("../../templates/exim-rcpt.acl")),
    ("exim.conf", include_str!("../../templates/exim.conf")),
    ("exim.sh", include_str!("../../templates/exim.sh")),
    ("hardening.txt", include_str!("../../templates/hardening.txt")),
    ("kit-afterwards.html", include_str!("../../templates/kit-afterwards.html")),
    ("kit-android.html", include_str!("../../templates/kit-android.html")),
    ("kit-apple-mail.html", include_str!("../../templates/kit-apple-mail.html")),
    ("kit-drawings.html", include_str!("../../templates/kit-drawings.html")),
    ("kit-evolution.html", include_str!("../../templates/kit-evolution.html")),
    ("kit-ios.html", include_str!("../../templates/kit-ios.html")),
    ("kit-kmail.html", include_str!("../../templates/kit-kmail.html")),
    ("kit-msmtp.html", include_str!("../../templates/kit-msmtp.html")),
    ("kit-mutt.html", include_str!("../../templates/kit-mutt.html")),
    ("kit-outlook.html", include_str!("../../templates/kit-outlook.html")),
    ("kit-style.html", include_str!("../../templates/kit-style.html")),
    ("kit-thunderbird.html", include_str!("../../templates/kit-thunderbird.html")),
    ("kit.html", include_str!("../../templates/kit.html")),
    ("postfix-main.cf", include_str!("../../templates/postfix-main.cf")),
    ("postfix-master.cf", include_str!("../../templates/postfix-master.cf")),
    ("postfix.sh", include_str!("../../templates/postfix.sh")),
    ("report-drawings.html", include_str!("../../templates/report-drawings.html")),
    ("report-style.html", include_str!("../../templates/report-style.html")),
    ("report.html", include_str!("../../templates/report.html")),
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

/// The text of a template: ours, or an administrator's.
#[derive(Clone, Debug)]
pub struct Text {
    /// What errors call it: a name of ours, or a path.
    pub called: String,
    /// The text itself.
    pub text: Cow<'static, str>,
}

/// Looks for an administrator's own template by the file name that ours has.
pub type Own<'a> = &'a dyn Fn(&str) -> Result<Option<Text>>;

/// An administrator's own template where there is one, else ours.
fn chosen(name: &str, own: Own<'_>) -> Result<Text> {
    match own(name)? {
        Some(text) => Ok(text),
        None => Ok(Text { called: name.to_owned(), text: Cow::Borrowed(built_in(name)?) }),
    }
}

/// Fills a template in. Its parts are those whose names begin as its own does, with `-` after it: what `include`
/// and `import` of kit.html may name is kit-mutt.html and the like.
pub fn fill(name: &str, own: Own<'_>, values: &impl Serialize) -> Result<String> {
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    let is_part = |known: &str| {
        let rest = known.strip_prefix(stem).filter(|rest| rest.starts_with('-'));
        rest.is_some_and(|rest| rest.rsplit_once('.').is_some_and(|(_, other)| other == ending))
    };
    let mut texts = vec![(name, chosen(name, own)?)];
    for known in names() {
        if is_part(known) {
            texts.push((known, chosen(known, own)?));
        }
    }
    fill_texts(&texts, values)
}

/// Fills in the first of these templates; the others are its parts.
fn fill_texts(texts: &[(&str, Text)], values: &impl Serialize) -> Result<String> {
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
        let innermost = innermost(&error);
        let place = innermost.name().unwrap_or_default();
        let called = texts.iter().find(|(name, _)| *name == place).or(texts.first());
        let called = called.map_or(place, |(_, text)| text.called.as_str());
        let line = innermost.line().map(|line| format!(" line {line}")).unwrap_or_default();
        let detail = innermost.detail().map_or_else(|| innermost.kind().to_string(), str::to_owned);
        let mut known: Vec<_> =
            values.try_iter().into_iter().flatten().map(|key| key.to_string()).collect();
        known.sort();
        Error::refused(format!("{called}{line}: {detail}"))
            .hint(format!("a template may use these names: {}", known.join(", ")))
    };
    for (name, text) in texts {
        check_without_key(text, &text.text)?;
        environment.add_template(name, &text.text).map_err(failed)?;
    }
    let (first, _) = texts.first().ok_or_else(|| Error::bug("no template was given"))?;
    let filled = environment
        .get_template(first)
        .and_then(|template| template.render(&values))
        .map_err(failed)?;
    for (_, text) in texts {
        check_without_key(text, &filled)?;
    }
    Ok(filled)
}

/// Refuses what holds a private key, be it a template or what was made of it: everybody reads that. In ours alone no
/// key can be, whatever the values say.
fn check_without_key(template: &Text, text: &str) -> Result<()> {
    if matches!(template.text, Cow::Borrowed(_)) || !text.contains("PRIVATE KEY-----") {
        return Ok(());
    }
    Err(Error::refused(format!(
        "{}: with this template a private key would be in what everybody may read",
        template.called
    ))
    .hint("look whether it is a template, or a link to a key"))
}

/// The error in a part of a template, below the one that says which part was being included.
fn innermost(error: &minijinja::Error) -> &minijinja::Error {
    let below = std::error::Error::source(error).and_then(|source| source.downcast_ref());
    below.map_or(error, innermost)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_put_in_as_they_are() {
        let template = "{% if on %}\na {{ b }}\n{% endif %}\nc\n";
        let text = fill_text("t.conf", template, &json!({"on": true, "b": "<&>"}));
        assert_eq!(text.unwrap(), "a <&>\nc\n");
    }

    #[test]
    fn values_in_html_are_escaped() {
        let text = fill_text("t.html", "<b>{{ b }}</b>", &json!({"b": "<i>&\"'"}));
        assert_eq!(text.unwrap(), "<b>&lt;i&gt;&amp;&quot;&#x27;</b>");
    }

    #[test]
    fn no_key_is_in_what_is_made_of_another_template_than_ours() {
        let key = "-----BEGIN PRIVATE KEY-----\n";
        let words = json!({"a": "PRIVATE", "b": " KEY-----"});
        let hidden = "{% set x %}{% include 't-a.html' %}{% endset %}{{ x|replace('E', 'e') }}";
        for texts in [
            vec![text("t.html", key)],
            vec![text("t.html", "{{ a }}{{ b }}")],
            vec![text("t.html", hidden), text("t-a.html", key)],
        ] {
            let error = fill_texts(&texts, &words).unwrap_err();
            assert!(error.to_string().contains("a private key"), "{error}");
        }
        // A name in a request is no reason for ours to fail.
        let ours = Text { called: "t.html".into(), text: Cow::Borrowed("{{ a }}{{ b }}") };
        assert_eq!(fill_texts(&[("t.html", ours)], &words).unwrap(), "PRIVATE KEY-----");
    }

    #[test]
    fn an_error_in_a_part_names_the_part() {
        let texts = [text("t.html", "{% include 't-a.html' %}"), text("t-a.html", "\n{{ tpyo }}")];
        let error = fill_texts(&texts, &json!({"known": 1})).unwrap_err();
        assert!(error.to_string().contains("called t-a.html line 2"), "{error}");
    }

    fn text<'a>(name: &'a str, text: &str) -> (&'a str, Text) {
        (name, Text { called: format!("called {name}"), text: Cow::Owned(text.to_owned()) })
    }

    fn fill_text(name: &str, template: &str, values: &serde_json::Value) -> Result<String> {
        fill_texts(&[text(name, template)], values)
    }

    #[test]
    fn an_unknown_name_is_an_error_that_names_the_place_and_the_known_ones() {
        for template in ["x\n{{ tpyo }}", "x\n{% if tpyo %}y{% endif %}", "x\n{{ a.tpyo }}"] {
            let error =
                fill_text("mine", template, &json!({"a": {"b": 1}, "other": 2})).unwrap_err();
            assert!(error.to_string().contains("mine line 2"), "{error}");
            assert!(error.hints()[0].ends_with("a, other"), "{:?}", error.hints());
        }
    }
}
