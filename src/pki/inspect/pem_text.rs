//! The PEM blocks of a text, one at a time, so that a broken one does not hide the others.

use zeroize::Zeroizing;

use crate::pki::pem;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// A block as it stands in the text.
pub(super) struct Block {
    /// The label of its BEGIN line.
    pub label: String,
    /// The decoded content, or what is wrong with it.
    pub content: Result<Zeroizing<Vec<u8>>, &'static str>,
    /// The header lines (RFC 1421 4.6).
    pub headers: Vec<String>,
    /// OpenSSL's own old encryption.
    pub is_legacy_encrypted: bool,
    /// What is odd about it.
    pub notes: Vec<String>,
}

struct Open {
    label: String,
    headers: Vec<String>,
    base64: Zeroizing<Vec<u8>>,
    notes: Vec<String>,
}

/// Every block, in order.
pub(super) fn blocks(content: &[u8]) -> Vec<Block> {
    let content = content.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(content);
    let mut blocks = Vec::new();
    let mut open: Option<Open> = None;
    for line in content.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        if let Some(label) = label(line, BEGIN) {
            blocks.extend(open.replace(begin(&label, content.len())).map(torn));
        } else if line.starts_with(END) {
            let Some(block) = open.take() else { continue };
            blocks.push(close(block, line));
            // Files put together with cat, the first of which has no line end.
            if let Some(position) = find(line, BEGIN)
                && let Some(label) = label(&line[position..], BEGIN)
            {
                let mut next = begin(&label, content.len());
                next.notes.push(
                    "its BEGIN line follows the END of the block before it without a line end, \
                     which other programs refuse"
                        .into(),
                );
                open = Some(next);
            }
        } else if let Some(block) = &mut open {
            if line.contains(&b':') {
                block.headers.push(String::from_utf8_lossy(line).into_owned());
            } else {
                let visible = line.iter().filter(|byte| !byte.is_ascii_whitespace());
                block.base64.extend(visible);
            }
        }
    }
    blocks.extend(open.map(torn));
    blocks
}

fn begin(label: &str, room: usize) -> Open {
    Open {
        label: label.to_owned(),
        headers: Vec::new(),
        // More than any key needs, so that growing leaves no copy of one behind.
        base64: Zeroizing::new(Vec::with_capacity(room.min(1 << 14))),
        notes: Vec::new(),
    }
}

fn close(mut open: Open, line: &[u8]) -> Block {
    if let Some(end) = label(line, END).filter(|end| *end != open.label) {
        open.notes.push(format!(
            "its END line says {}, which other programs refuse",
            crate::pki::printable::printable(&end)
        ));
    }
    let content = decode(&open.base64);
    finish(open, content)
}

fn torn(open: Open) -> Block {
    finish(open, Err("it breaks off: the END line is missing"))
}

fn finish(open: Open, content: Result<Zeroizing<Vec<u8>>, &'static str>) -> Block {
    let is_legacy_encrypted = open
        .headers
        .iter()
        .any(|header| header.starts_with("Proc-Type:") && header.contains("ENCRYPTED"));
    Block {
        label: open.label,
        content,
        headers: open.headers,
        is_legacy_encrypted,
        notes: open.notes,
    }
}

/// Has the owner of PEM decode the one block.
fn decode(base64: &[u8]) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    if base64.is_empty() {
        return Err("there is nothing between its BEGIN and END lines");
    }
    let mut text = Zeroizing::new(Vec::with_capacity(base64.len() + 32));
    text.extend_from_slice(b"-----BEGIN X-----\n");
    text.extend_from_slice(base64);
    text.extend_from_slice(b"\n-----END X-----\n");
    match pem::blocks(&text).as_deref_mut() {
        Ok([block]) => Ok(std::mem::take(&mut block.der)),
        _ => Err("it is damaged: what stands in it is not base64"),
    }
}

/// The label of a line that begins with `mark`.
fn label(line: &[u8], mark: &[u8]) -> Option<String> {
    let rest = line.strip_prefix(mark)?;
    let end = find(rest, DASHES)?;
    Some(String::from_utf8_lossy(&rest[..end]).into_owned())
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

/// What Windows PowerShell makes of a PEM file: UTF-16 with a byte order mark, as UTF-8.
pub(super) fn from_utf16(content: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let unit: fn([u8; 2]) -> u16 = match content.get(..2)? {
        [0xFF, 0xFE] => u16::from_le_bytes,
        [0xFE, 0xFF] => u16::from_be_bytes,
        _ => return None,
    };
    let mut text = Zeroizing::new(Vec::with_capacity(content.len() / 2));
    for pair in content[2..].as_chunks::<2>().0 {
        text.push(u8::try_from(unit(*pair)).ok().filter(u8::is_ascii).unwrap_or(b'?'));
    }
    Some(text)
}
