//! What a certificate and its bundle are made of, each measured by itself.

use std::fs::File;
use std::hint::black_box;
use std::io::{self, Write};
use std::num::NonZeroU32;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Instant;

use aws_lc_rs::pbkdf2 as aws_lc;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, RsaKeyPair};
use pkcs12::kdf::{Pkcs12KeyType, derive_key};

use crate::sides::{Kind, number};

/// Of a generated password.
const ROUNDS: u32 = 2_048;
/// Persons that wait for the disk together.
const GROUP: usize = 256;
/// Files of a person: key, request, certificate, chain, bundle, the copy in newcerts/, and the intent.
const FILES: usize = 7;

/// Milliseconds on one processor.
pub struct Parts {
    key: f64,
    signature: f64,
    own_signature: f64,
    encryption: f64,
    encryption_by_aws_lc: f64,
    mac: f64,
    disk: f64,
}

impl Parts {
    pub fn measure(folder: &Path, kind: Kind, times: usize) -> io::Result<Self> {
        let failed = |_| io::Error::other("no key can be made");
        let random = SystemRandom::new();
        let ca = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(failed)?;
        let message = [7; 500];
        let sign = || {
            let _ = black_box(ca.sign(&random, &message));
        };
        let key = match kind {
            Kind::P256 => each(times, || {
                drop(black_box(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)));
            }),
            Kind::Rsa2048 => {
                each(times, || drop(black_box(RsaKeyPair::generate(KeySize::Rsa2048))))
            }
        };
        let signature = each(times, sign);
        let own_signature = match kind {
            Kind::P256 => signature,
            Kind::Rsa2048 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
                let mut signed = vec![0; pair.public_modulus_len()];
                let scheme = &aws_lc_rs::signature::RSA_PKCS1_SHA256;
                each(times, || {
                    let _ = black_box(pair.sign(scheme, &random, &message, &mut signed));
                })
            }
        };
        let (password, salt) = (b"abcd-efgh-ijkm-npqr-stuv-wxyz", [9; 16]);
        let mut derived = [0; 32];
        let encryption = each(times, || {
            pbkdf2::pbkdf2_hmac::<sha2::Sha256>(password, &salt, ROUNDS, black_box(&mut derived));
        });
        let rounds = NonZeroU32::MIN.saturating_add(ROUNDS - 1);
        let encryption_by_aws_lc = each(times, || {
            let algorithm = aws_lc::PBKDF2_HMAC_SHA256;
            aws_lc::derive(algorithm, rounds, &salt, password, black_box(&mut derived));
        });
        let wide: Vec<u8> = password.iter().flat_map(|octet| [0, *octet]).chain([0, 0]).collect();
        let rounds = i32::try_from(ROUNDS).map_err(io::Error::other)?;
        let mac = each(times, || {
            let purpose = Pkcs12KeyType::Mac;
            drop(black_box(derive_key::<sha2::Sha256>(&wide, &salt, purpose, rounds, 32)));
        });
        let disk = disk(folder)?;
        Ok(Self { key, signature, own_signature, encryption, encryption_by_aws_lc, mac, disk })
    }

    pub fn rows(&self) -> [(&'static str, f64); 6] {
        [
            ("a new key", self.key),
            ("a signature of the CA", self.signature),
            ("key derivation for the encryption (PBKDF2)", self.encryption),
            ("the same by aws-lc", self.encryption_by_aws_lc),
            ("key derivation for the MAC (PKCS#12)", self.mac),
            ("a person's share of a wait for the disk", self.disk),
        ]
    }

    /// Persons a second, if nothing else took any time: a key, the signature of the request, that of the
    /// certificate, and the derivations of a bundle, once to write it and once to read it back.
    pub fn bound(&self, processors: usize) -> f64 {
        let derivations = 2.0 * (self.encryption + self.mac);
        let milliseconds = self.key + self.signature + self.own_signature + derivations;
        1e3 * number(processors) / milliseconds
    }
}

/// Milliseconds a time.
fn each(times: usize, mut run: impl FnMut()) -> f64 {
    run();
    let begin = Instant::now();
    (0..times).for_each(|_| run());
    begin.elapsed().as_secs_f64() * 1e3 / number(times)
}

/// Writes the files of a group and waits once.
fn disk(folder: &Path) -> io::Result<f64> {
    let begin = Instant::now();
    for person in 0..GROUP {
        for file in 0..FILES {
            let path = folder.join(format!("{person}.{file}"));
            let mut file = File::options().write(true).create_new(true).mode(0o400).open(path)?;
            file.write_all(&[b'x'; 900])?;
        }
    }
    rustix::fs::syncfs(File::open(folder)?)?;
    Ok(begin.elapsed().as_secs_f64() * 1e3 / number(GROUP))
}
