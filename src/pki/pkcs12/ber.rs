//! BER to DER, for the files of NSS (Thunderbird's backups) and of macOS: both write indefinite
//! lengths and octet strings in pieces (X.690 sections 8.1.3.6 and 8.7.3), and the DER readers
//! below stop there. RFC 7292 section 4 allows BER.

use zeroize::Zeroizing;

const OCTET_STRING: u8 = 0x04;
const CONSTRUCTED_OCTET_STRING: u8 = 0x24;
const CONSTRUCTED: u8 = 0x20;
const INDEFINITE: u8 = 0x80;
const END_OF_CONTENTS: [u8; 2] = [0, 0];

/// PKCS#12 nests to about a dozen; a hostile file must not use up the stack.
const MAX_DEPTH: usize = 32;

/// Rewrites one value with definite lengths and whole octet strings; DER comes back as it is.
/// What stands inside primitive octet strings is not looked at. `None` where it is not BER, uses
/// tag numbers over 30, nests deeper than 32, or something follows the value.
pub(super) fn to_der(mut input: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let value = value(&mut input, MAX_DEPTH)?;
    let mut output = Zeroizing::new(Vec::with_capacity(value.body.len() + 6));
    value.append_to(&mut output)?;
    input.is_empty().then_some(output)
}

struct Value {
    tag: u8,
    body: Zeroizing<Vec<u8>>,
}

impl Value {
    fn append_to(&self, output: &mut Vec<u8>) -> Option<()> {
        let length = u32::try_from(self.body.len()).ok()?;
        output.push(self.tag);
        if let Some(short) = u8::try_from(length).ok().filter(|length| *length < INDEFINITE) {
            output.push(short);
        } else {
            let bytes = length.to_be_bytes();
            let significant = &bytes[bytes.iter().position(|byte| *byte != 0)?..];
            output.push(INDEFINITE | u8::try_from(significant.len()).ok()?);
            output.extend_from_slice(significant);
        }
        output.extend_from_slice(&self.body);
        Some(())
    }
}

fn value(input: &mut &[u8], depth: usize) -> Option<Value> {
    let (&tag, rest) = input.split_first()?;
    if tag & 0x1f == 0x1f {
        return None;
    }
    *input = rest;
    // What is given room is wiped: not the whole rest of the input at each indefinite length.
    let (mut children, room, indefinite) = match length(input)? {
        Length::Definite(length) if tag & CONSTRUCTED == 0 => {
            return Some(Value { tag, body: take(input, length)?.to_vec().into() });
        }
        Length::Definite(length) => (take(input, length)?, length, false),
        Length::Indefinite if tag & CONSTRUCTED == 0 => return None,
        Length::Indefinite => (*input, 0, true),
    };
    let mut body = Zeroizing::new(Vec::with_capacity(room));
    loop {
        if indefinite && children.starts_with(&END_OF_CONTENTS) {
            *input = &children[END_OF_CONTENTS.len()..];
            break;
        }
        if !indefinite && children.is_empty() {
            break;
        }
        let child = value(&mut children, depth.checked_sub(1)?)?;
        if tag != CONSTRUCTED_OCTET_STRING {
            child.append_to(&mut body)?;
        } else if child.tag == OCTET_STRING {
            body.extend_from_slice(&child.body);
        } else {
            return None;
        }
    }
    Some(Value { tag: if tag == CONSTRUCTED_OCTET_STRING { OCTET_STRING } else { tag }, body })
}

enum Length {
    Definite(usize),
    Indefinite,
}

/// The length octets (X.690 section 8.1.3).
fn length(input: &mut &[u8]) -> Option<Length> {
    let (&first, rest) = input.split_first()?;
    *input = rest;
    if first == INDEFINITE {
        return Some(Length::Indefinite);
    }
    if first < INDEFINITE {
        return Some(Length::Definite(first.into()));
    }
    let bytes = take(input, usize::from(first & !INDEFINITE))?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    if bytes.len() - zeros > size_of::<u32>() {
        return None;
    }
    Some(Length::Definite(bytes.iter().fold(0, |length, byte| (length << 8) | usize::from(*byte))))
}

fn take<'a>(input: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = input.split_at_checked(length)?;
    *input = rest;
    Some(taken)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::to_der;

    #[test]
    fn pieces_and_indefinite_lengths_become_der() {
        let ber = [0x30, 0x80, 0x24, 0x80, 4, 1, 7, 0x24, 3, 4, 1, 8, 0, 0, 2, 0x81, 1, 3, 0, 0];
        assert_eq!(*to_der(&ber).unwrap(), [0x30, 7, 4, 2, 7, 8, 2, 1, 3]);
    }

    #[test]
    fn der_comes_back_as_it_is() {
        let mut long = vec![0x30, 0x82, 1, 4, 4, 0x82, 1, 0];
        long.extend([9; 256]);
        assert_eq!(*to_der(&long).unwrap(), long);
    }

    #[test]
    fn many_indefinite_lengths_take_no_time() {
        let ber = [&[0x30, 0x80][..], &[0x30, 0x80, 0, 0].repeat(250_000), &[0, 0]].concat();
        assert_eq!(to_der(&ber).unwrap().len(), 500_005);
    }

    #[test]
    fn what_is_not_ber_is_refused() {
        let deep = [[0x30, 0x80]; 40].concat();
        for bad in [
            &[][..],
            &[0x30],
            &[0x30, 2, 4],
            &[0x30, 0x80],
            &[4, 0x80, 0, 0],
            &[0x1f, 1, 0],
            &[4, 0, 0],
            &deep,
        ] {
            assert!(to_der(bad).is_none(), "{bad:?}");
        }
        assert!(to_der(&[4, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).is_none());
    }
}
