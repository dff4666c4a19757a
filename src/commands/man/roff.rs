//! The language of manual pages, as much of it as is needed: man(7), which groff and mandoc read alike.

/// A page that is being written.
#[derive(Default)]
pub(super) struct Page(String);

impl Page {
    /// Begins a page: its title, section and day, and what it belongs to.
    pub(super) fn titled(title: &str, section: &str) -> Self {
        let mut page = Self::default();
        let version = env!("CARGO_PKG_VERSION");
        let day = env!("MAILCA_DATE");
        let title = title.to_uppercase();
        page.line(&format!(".TH {title} {section} {day} \"mailca {version}\" \"mailca manual\""));
        page
    }

    /// A line as it stands.
    pub(super) fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// Begins a section.
    pub(super) fn section(&mut self, heading: &str) {
        self.line(&format!(".SH {heading}"));
    }

    /// Begins a paragraph; after a heading there is one already.
    pub(super) fn paragraph(&mut self) {
        if !self.0.lines().next_back().is_some_and(|line| line.starts_with(".SH")) {
            self.line(".PP");
        }
    }

    /// Prose.
    pub(super) fn text(&mut self, text: &str) {
        self.line(&prose(text));
    }

    /// Paragraphs of prose.
    pub(super) fn paragraphs<'t>(&mut self, all: impl IntoIterator<Item = &'t str>) {
        for text in all {
            self.paragraph();
            self.text(text);
        }
    }

    /// Lines that stay as they are, indented.
    pub(super) fn verbatim<'t>(&mut self, lines: impl IntoIterator<Item = &'t str>) {
        self.paragraph();
        self.line(".RS 4");
        self.line(".nf");
        for line in lines {
            self.line(&plain(line));
        }
        self.line(".fi");
        self.line(".RE");
    }

    /// A term, or several, and what it means.
    pub(super) fn item<'t>(&mut self, terms: impl IntoIterator<Item = &'t str>, text: &str) {
        for (at, term) in terms.into_iter().enumerate() {
            self.line(if at == 0 { ".TP" } else { ".TQ" });
            self.line(&format!("\\fB{}\\fR", escaped(term)));
        }
        self.text(text);
    }

    /// The sections that `clap_mangen` writes, without the lines that it puts before each.
    pub(super) fn generated(&mut self, text: &[u8]) {
        for line in String::from_utf8_lossy(text).lines() {
            let is_preamble = line.starts_with(".ie \\n(.g") || line.starts_with(".el .ds Aq");
            // It breaks lines twice, and leaves them empty.
            let is_twice = line == ".br" && self.0.ends_with("\n.br\n");
            if is_preamble || is_twice || line.is_empty() {
                continue;
            }
            let line = line.replace("\\*(Aq", "\\(aq");
            let line = if line.starts_with('.') { line } else { with_bold(&line) };
            self.line(line.trim_end());
        }
    }

    /// The whole page.
    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// Text in which nothing is taken for a request or an escape.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' => safe.push_str("\\e"),
            '-' => safe.push_str("\\-"),
            '\'' => safe.push_str("\\(aq"),
            '`' => safe.push_str("\\(ga"),
            '^' => safe.push_str("\\(ha"),
            '~' => safe.push_str("\\(ti"),
            other => safe.push(other),
        }
    }
    safe
}

/// A line as it stands.
fn plain(line: &str) -> String {
    let guard = if line.starts_with('.') { "\\&" } else { "" };
    format!("{guard}{}", escaped(line))
}

/// Prose, in which what is between back quotes is bold.
fn prose(text: &str) -> String {
    let mut out = String::new();
    for (at, part) in text.split('`').enumerate() {
        let part = escaped(part);
        let is_bold = at % 2 == 1;
        out.push_str(if is_bold { "\\fB" } else { "" });
        out.push_str(&part);
        out.push_str(if is_bold { "\\fR" } else { "" });
    }
    if out.starts_with('.') { format!("\\&{out}") } else { out }
}

/// The same for what is escaped already.
fn with_bold(line: &str) -> String {
    if line.matches('`').count() % 2 == 1 {
        return line.replace('`', "\\(ga");
    }
    let parts = line.split('`').enumerate();
    parts
        .map(|(at, part)| if at % 2 == 1 { format!("\\fB{part}\\fR") } else { part.to_owned() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_a_request() {
        assert_eq!(plain(".SH 'x'"), "\\&.SH \\(aqx\\(aq");
        assert_eq!(plain("'x' a\\b"), "\\(aqx\\(aq a\\eb");
        assert_eq!(prose("run `mailca -q` now"), "run \\fBmailca \\-q\\fR now");
        assert_eq!(prose(".x"), "\\&.x");
        assert_eq!(with_bold("a `b` c"), "a \\fBb\\fR c");
        assert_eq!(with_bold("a ` c"), "a \\(ga c");
    }
}
