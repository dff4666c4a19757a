//! A CA folder whose index has as many lines as are wanted.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::program::Program;

/// A CA and a request in a folder.
pub fn ca(folder: &Path) -> io::Result<PathBuf> {
    Program::mailca("newca --no-input").explain(folder)?;
    Program::openssl(
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout request.key \
         -out request.csr -subj /CN=mail.example.com",
    )
    .explain(folder)?;
    Ok(folder.to_owned())
}

/// Adds rows to the index. Serials and dates are spread over their range, and the same every time.
pub fn fabricate(folder: &Path, lines: usize, revoked: bool) -> io::Result<()> {
    let index = OpenOptions::new().append(true).open(folder.join("demoCA/index.txt"))?;
    let mut index = BufWriter::new(index);
    let status = if revoked { "R" } else { "V" };
    let revocation = if revoked { "261101120000Z,superseded" } else { "" };
    for number in 0..lines as u64 {
        // An odd factor runs through all residues, so that no two serials are the same.
        let serial = u128::from(number.wrapping_mul(0x9E37_79B9_7F4A_7C15)) << 62 | 1 << 125;
        let (month, day) = (number % 12 + 1, number / 12 % 28 + 1);
        writeln!(
            index,
            "{status}\t28{month:02}{day:02}120000Z\t{revocation}\t{serial:032X}\tunknown\t\
             /C=US/ST=Oregon/L=Portland/O=Example Incorporated/OU=Mail/CN=user{number:07}@example.com"
        )?;
    }
    index.flush()
}
