//! Both programs at the whole job.

use std::io::{self, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::program::Program;

/// The type of the keys.
#[derive(Clone, Copy)]
pub enum Kind {
    P256,
    Rsa2048,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::P256 => "ecdsa-p256",
            Self::Rsa2048 => "rsa-2048",
        }
    }

    fn for_openssl(self) -> &'static str {
        match self {
            Self::P256 => "-newkey ec -pkeyopt ec_paramgen_curve:P-256",
            Self::Rsa2048 => "-newkey rsa:2048",
        }
    }
}

/// What mailca took.
pub struct Measured {
    pub per_second: f64,
    /// Milliseconds a person.
    pub processor: f64,
    pub kernel: f64,
}

/// One run for all of them.
pub fn mailca(folder: &Path, kind: Kind, persons: usize) -> io::Result<Measured> {
    Program::mailca("newca --no-input").explain(folder)?;
    let rows = (0..persons)
        .map(|number| format!("user{number},\"User, {number}\",user{number}@example.com"));
    let list: Vec<_> = std::iter::once("login,name,email".to_owned()).chain(rows).collect();
    let list = list.join("\n");
    file(&folder.join("users.csv"), &list)?;
    rustix::fs::sync();
    let line = "issue --from users.csv --p12 --password-out passwords.csv --no-input -q --key-type";
    let before = of_children()?;
    let begin = Instant::now();
    Program::mailca(line).with(kind.name()).run(folder)?;
    let wall = begin.elapsed();
    let after = of_children()?;
    let count = number(persons);
    let each = |time: Duration| time.as_secs_f64() * 1e3 / count;
    Ok(Measured {
        per_second: count / wall.as_secs_f64(),
        processor: each((after.0 + after.1).saturating_sub(before.0 + before.1)),
        kernel: each(after.1.saturating_sub(before.1)),
    })
}

/// The commands of openssl for each person. Returns persons a second.
pub fn openssl(folder: &Path, kind: Kind, persons: usize) -> io::Result<f64> {
    Program::mailca("newca --no-input").explain(folder)?;
    let begin = Instant::now();
    for number in 0..persons {
        let extensions = format!(
            "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=clientAuth,emailProtection\n\
             subjectAltName=email:user{number}@example.com\n"
        );
        file(&folder.join("extensions"), &extensions)?;
        Program::openssl(&format!(
            "req -new {} -nodes -keyout {number}.key -out {number}.csr -subj /CN=user{number}",
            kind.for_openssl()
        ))
        .run(folder)?;
        Program::openssl(&format!(
            "x509 -req -days 365 -CA demoCA/cacert.pem -CAkey demoCA/private/cakey.pem -extfile extensions \
             -in {number}.csr -out {number}.pem"
        ))
        .run(folder)?;
        Program::openssl(&format!(
            "pkcs12 -export -in {number}.pem -inkey {number}.key -certfile demoCA/cacert.pem \
             -name user{number} -passout pass:abcd-efgh-ijkm-npqr -out {number}.p12"
        ))
        .run(folder)?;
    }
    Ok(number(persons) / begin.elapsed().as_secs_f64())
}

fn file(path: &Path, content: &str) -> io::Result<()> {
    let mut file = std::fs::File::options().write(true).create(true).truncate(true).open(path)?;
    file.write_all(content.as_bytes())
}

/// A number of persons, of which none has more than millions.
pub fn number(persons: usize) -> f64 {
    f64::from(u32::try_from(persons).unwrap_or(u32::MAX))
}

/// Ticks a second in /proc, the same on every Linux that Rust runs on.
const TICKS: u64 = 100;

/// The time of the processors that ended children have taken, outside and inside the kernel.
fn of_children() -> io::Result<(Duration, Duration)> {
    // proc(5): the fields after the name in parentheses begin with the third.
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<_> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |field: usize| {
        fields
            .get(field - 3)
            .and_then(|text| text.parse::<u64>().ok())
            .map(|ticks| Duration::from_millis(ticks * 1000 / TICKS))
    };
    ticks(16).zip(ticks(17)).ok_or_else(|| io::Error::other("/proc/self/stat is not readable"))
}
