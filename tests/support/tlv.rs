//! DER as it is on the wire: put together, right or wrong, and taken apart.

/// An element with its length as DER wants it.
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match content.len() {
        length @ 0..0x80 => bytes.push(u8::try_from(length).unwrap()),
        length => {
            let octets = length.to_be_bytes();
            let skipped = octets.iter().take_while(|octet| **octet == 0).count();
            bytes.push(0x80 | u8::try_from(octets.len() - skipped).unwrap());
            bytes.extend_from_slice(&octets[skipped..]);
        }
    }
    bytes.extend_from_slice(content);
    bytes
}

/// An element with those elements in it.
pub fn of(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    element(tag, &parts.concat())
}

/// The tag and the content of the first element.
pub fn split(bytes: &[u8]) -> (u8, &[u8]) {
    let (tag, content, _) = first(bytes);
    (tag, content)
}

/// The elements in an element.
pub fn children(bytes: &[u8]) -> Vec<&[u8]> {
    let mut rest = split(bytes).1;
    let mut children = Vec::new();
    while !rest.is_empty() {
        let (one, after) = rest.split_at(first(rest).2);
        children.push(one);
        rest = after;
    }
    children
}

/// The tag, the content and the whole length of the first element; only tags of one octet.
fn first(bytes: &[u8]) -> (u8, &[u8], usize) {
    let (header, length) = match bytes[1] {
        short @ 0..0x80 => (2, usize::from(short)),
        long => {
            let count = usize::from(long & 0x7F);
            let octets = &bytes[2..2 + count];
            (2 + count, octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)))
        }
    };
    (bytes[0], &bytes[header..header + length], header + length)
}
