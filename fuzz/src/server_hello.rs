//! The first flight of a server: the first byte chooses the version that was asked for, the second where the
//! bytes are cut.

use mailca::net::hello::server::{Flight, TOTAL};
use mailca::net::hello::{Answer, Version};

/// The answer is the same whatever pieces it comes in, small, and plain.
pub fn check(input: &[u8]) {
    let [version, cut, bytes @ ..] = input else { return };
    let version = Version::ALL[usize::from(*version) % Version::ALL.len()];
    let (head, tail) = bytes.split_at(usize::from(*cut).min(bytes.len()));
    let whole = answer(version, [bytes]);
    assert_eq!(answer(version, [head, tail]), whole);
    assert_eq!(answer(version, bytes.chunks(1)), whole);
    match &whole.0 {
        Answer::Accepted(accepted) => {
            assert!(accepted.chain.iter().map(Vec::len).sum::<usize>() <= TOTAL);
            let names = accepted.suites.iter().map(ToString::to_string);
            names.for_each(|name| super::assert_is_plain(&name));
        }
        Answer::Refused(refusal) => super::assert_is_plain(&refusal.to_string()),
        Answer::Strange(words) => {
            super::assert_is_plain(words);
            assert!(words.len() < 1024);
        }
    }
}

/// The answer where the server closes, and where it only falls silent.
fn answer<'a>(
    version: Version,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Answer, Option<Answer>) {
    let (mut closed, mut silent) = (Flight::new(version), Flight::new(version));
    for piece in pieces {
        closed.feed(piece);
        silent.feed(piece);
    }
    (closed.closed(), silent.silent())
}
