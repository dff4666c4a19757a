//! What a terminal would be told.

use crate::support::Folder;

/// What moves the cursor, hides, or reverses its neighbours, in a terminal that reads UTF-8 or Latin-1.
fn is_bad(character: char) -> bool {
    (character.is_control() && !matches!(character, '\n' | '\t'))
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}' | '\u{fffd}')
}

/// What was written is UTF-8, and all of it is seen.
pub fn assert_clean(written: &[u8], label: &str) {
    let text = std::str::from_utf8(written).unwrap_or_else(|error| panic!("{label}: {error}"));
    if let Some((at, bad)) = text.char_indices().find(|(_, character)| is_bad(*character)) {
        let from = text[..at].char_indices().rev().nth(60).map_or(0, |(from, _)| from);
        panic!("{label}: {bad:?} after {:?}", &text[from..at]);
    }
}

/// The same for a terminal, to which mailca itself says a few things.
pub fn assert_clean_screen(screen: &str, label: &str) {
    let mut text = screen.replace("\r\n", "\n");
    for own in [
        "\x1b[2K",
        "\x1b[0m",
        "\x1b[1m",
        "\x1b[4m",
        "\x1b[1;31m",
        "\x1b[1;33m",
        "\x1b[1;36m",
        "\x1b[31m",
        "\x1b[32m",
        "\x1b[33m",
        "\x1b[?25l",
        "\x1b[?25h",
        "\x1b[1A",
        "\r",
    ] {
        text = text.replace(own, "");
    }
    assert_clean(text.as_bytes(), label);
}

/// The files of the CA that are text.
pub fn assert_clean_folder(folder: &Folder) {
    for name in [
        "index.txt",
        "index.txt.attr",
        "serial",
        "crlnumber",
        "openssl.cnf",
        "mailca.toml",
        "crl.pem",
    ] {
        assert_clean(&folder.read(&format!("demoCA/{name}")), name);
    }
}
