//! What is looked for: the parts of a secret, in each form in which a program may hold them.

use data_encoding::BASE64;

use crate::support::tlv;

/// The length of a part. Less than it is chance, and more would miss what is half overwritten.
const PART: usize = 16;

/// A secret, cut into parts.
#[derive(Clone)]
pub struct Secret {
    pub name: String,
    /// The form, and the bytes.
    pub parts: Vec<(&'static str, Vec<u8>)>,
}

impl Secret {
    /// A password: as it is typed, and as PKCS#12 has it.
    pub fn password(name: &str, text: &str) -> Self {
        assert!(text.len() >= 12, "too short to be found for certain: {text}");
        let utf16 = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let parts = vec![("text", text.as_bytes()[..12].to_vec()), ("UTF-16", utf16)];
        Self { name: name.to_owned(), parts }
    }

    /// An unencrypted private key: its secret numbers in both byte orders, and the lines of its PEM.
    pub fn key(name: &str, pem: &str) -> Self {
        let der = BASE64
            .decode(
                pem.lines().filter(|line| !line.starts_with("---")).collect::<String>().as_bytes(),
            )
            .unwrap();
        let mut parts = Vec::new();
        for number in numbers(&der) {
            let reversed: Vec<u8> = number.iter().rev().copied().collect();
            for (form, bytes) in [("bytes", &number), ("words", &reversed)] {
                parts.extend(bytes.chunks_exact(PART).map(|part| (form, part.to_vec())));
            }
            let at = der.windows(number.len()).position(|window| window == number).unwrap();
            parts.extend(base64_parts(pem, at, number.len()));
        }
        Self { name: name.to_owned(), parts }
    }
}

/// The parts of the lines of the PEM that hold these octets and no others.
fn base64_parts(pem: &str, at: usize, length: usize) -> Vec<(&'static str, Vec<u8>)> {
    let lines: Vec<_> = pem.lines().filter(|line| !line.starts_with("---")).collect();
    let (from, to) = ((at * 4).div_ceil(3), (at + length) * 4 / 3);
    let mut parts = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let start = (number * 64).max(from);
        let end = (number * 64 + line.len()).min(to);
        if start < end {
            let digits = &line.as_bytes()[start - number * 64..end - number * 64];
            parts.extend(digits.chunks_exact(PART).map(|part| ("base64", part.to_vec())));
        }
    }
    parts
}

/// The secret numbers of a key in PKCS#8: the scalar of an elliptic curve, the seed of Ed25519, and of
/// RSA the exponents and factors.
fn numbers(pkcs8: &[u8]) -> Vec<Vec<u8>> {
    let fields = tlv::children(pkcs8);
    let (_, inner) = tlv::split(fields[2]);
    match tlv::split(inner) {
        (0x30, _) if tlv::children(inner).len() == 9 => tlv::children(inner)[3..9]
            .iter()
            .map(|field| {
                let number = tlv::split(field).1;
                number[usize::from(number[0] == 0)..].to_vec()
            })
            .collect(),
        (0x30, _) => vec![tlv::split(tlv::children(inner)[1]).1.to_vec()],
        (_, seed) => vec![seed.to_vec()],
    }
}
