//! A page of labelled values for a terminal.

/// Where the values begin.
const VALUE_COLUMN: usize = 15;

/// Text that is being put together.
pub(in crate::render) struct Page {
    text: String,
    indent: usize,
    width: usize,
}

impl Page {
    /// An empty page of so many columns.
    pub(in crate::render) fn new(width: usize) -> Self {
        Self { text: String::new(), indent: 0, width }
    }

    /// A heading, with an empty line before it where it is not the first thing.
    pub(in crate::render) fn heading(&mut self, heading: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.line(0, heading);
    }

    /// What follows is further in by two columns, until [`Page::outdent`].
    pub(in crate::render) fn indent(&mut self) {
        self.indent += 2;
    }

    /// Undoes one [`Page::indent`].
    pub(in crate::render) fn outdent(&mut self) {
        self.indent = self.indent.saturating_sub(2);
    }

    /// A labelled value. A long one is broken where a space is; what has none, as a fingerprint,
    /// stays whole, so that it can be copied.
    pub(in crate::render) fn row(&mut self, label: &str, value: &str) {
        self.lines(label, value, " ");
    }

    /// A labelled list, which is broken after a comma.
    pub(in crate::render) fn list(&mut self, label: &str, value: &str) {
        self.lines(label, value, ", ");
    }

    fn lines(&mut self, label: &str, value: &str, separator: &str) {
        let mut label = label;
        let room = self.width.saturating_sub(VALUE_COLUMN + self.indent);
        for line in broken(value, room, separator) {
            self.push_indent(2);
            self.text.push_str(label);
            let used = label.chars().count() + 2;
            self.spaces(VALUE_COLUMN.saturating_sub(used).max(1));
            self.text.push_str(line);
            self.text.push('\n');
            label = "";
        }
    }

    /// A labelled value, where there is one.
    pub(in crate::render) fn optional(&mut self, label: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.row(label, value);
        }
    }

    /// Values under one label.
    pub(in crate::render) fn rows<'a>(
        &mut self,
        label: &str,
        values: impl IntoIterator<Item = &'a str>,
    ) {
        let mut label = label;
        for value in values {
            self.row(label, value);
            label = "";
        }
    }

    /// A line that is further in than the labels by `indent` columns.
    pub(in crate::render) fn line(&mut self, indent: usize, line: &str) {
        self.push_indent(indent);
        self.text.push_str(line);
        self.text.push('\n');
    }

    pub(in crate::render) fn finish(self) -> String {
        self.text
    }

    fn push_indent(&mut self, more: usize) {
        self.spaces(self.indent + more);
    }

    fn spaces(&mut self, number: usize) {
        self.text.extend(std::iter::repeat_n(' ', number));
    }
}

/// The pieces of a value, each as long as fits between two separators.
pub(in crate::render) fn broken<'a>(value: &'a str, room: usize, separator: &str) -> Vec<&'a str> {
    let mut pieces = Vec::new();
    let mut rest = value;
    while let Some((limit, _)) = rest.char_indices().nth(room) {
        // A space that would be the first of the next line may stand at the limit.
        let fits = rest.get(..=limit).unwrap_or(&rest[..limit]);
        let Some(at) = fits.rfind(separator).or_else(|| rest.find(separator)) else { break };
        let (piece, next) = rest.split_at(at + separator.len());
        pieces.push(piece.trim_end_matches(' '));
        rest = next;
    }
    pieces.push(rest);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_aligned_and_long_ones_broken_after_commas() {
        let mut page = Page::new(80);
        page.heading("title");
        page.row("Key", "EC P-256");
        let names: Vec<_> = (0..6).map(|n| format!("DNS:host{n}.example.com")).collect();
        page.list("Names", &names.join(", "));
        page.row("SHA-256", &"AB:".repeat(31));
        let text = page.finish();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[1], "  Key          EC P-256");
        assert_eq!(lines[3], "               DNS:host2.example.com, DNS:host3.example.com,");
        assert!(lines.iter().filter(|line| !line.contains("AB:")).all(|line| line.len() <= 80));
        assert_eq!(lines.last().unwrap().len(), VALUE_COLUMN + 93);
    }

    #[test]
    fn what_cannot_be_broken_stays_whole() {
        assert_eq!(broken(&"x".repeat(100), 65, " "), ["x".repeat(100)]);
        assert_eq!(broken("", 65, " "), [""]);
        assert_eq!(broken("aaaa bbbb", 5, " "), ["aaaa", "bbbb"]);
        assert_eq!(broken("aaaa bbbb", 4, " "), ["aaaa", "bbbb"]);
        assert_eq!(broken("a a, b b, c", 6, ", "), ["a a,", "b b, c"]);
        assert_eq!(broken("äöü äöü", 4, " "), ["äöü", "äöü"]);
    }
}
