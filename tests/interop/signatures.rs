//! Signatures on requests that openssl made, with every key and digest.

use std::process::Command;

use mailca::pki::signature::{algorithm_name, key_description, verify};
use x509_parser::prelude::{FromDer as _, X509CertificationRequest};

struct Case {
    key: &'static [&'static str],
    sign: &'static [&'static str],
    key_name: &'static str,
    algorithm: &'static str,
    /// Empty where it must verify.
    refused: &'static str,
}

const P256: &[&str] = &["EC", "ec_paramgen_curve:P-256"];
const P384: &[&str] = &["EC", "ec_paramgen_curve:P-384"];
const P521: &[&str] = &["EC", "ec_paramgen_curve:P-521"];
const RSA: &[&str] = &["RSA", "rsa_keygen_bits:2048"];
const PSS: &[&str] = &["RSA-PSS", "rsa_keygen_bits:2048"];
const DIGEST_SALT: &[&str] =
    &["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"];
const MAX_SALT: &[&str] = &["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:max"];

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (key, key_name) in [(P256, "EC P-256"), (P384, "EC P-384"), (P521, "EC P-521")] {
        for (sign, algorithm) in [
            (&["-sha256"][..], "ECDSA with SHA-256"),
            (&["-sha384"], "ECDSA with SHA-384"),
            (&["-sha512"], "ECDSA with SHA-512"),
        ] {
            cases.push(Case { key, sign, key_name, algorithm, refused: "" });
        }
    }
    for (sign, algorithm, refused) in [
        (&["-sha256"][..], "RSA with SHA-256", ""),
        (&["-sha384"], "RSA with SHA-384", ""),
        (&["-sha512"], "RSA with SHA-512", ""),
        (&["-sha1"], "RSA with SHA-1", "RSA with SHA-1, which is broken"),
        (&["-md5"], "RSA with MD5", "RSA with MD5, which is broken"),
        (&["-sha224"], "RSA with SHA-224", "mailca cannot verify"),
        (&["-sha3-256"], "RSA with SHA3-256", "mailca cannot verify"),
        (DIGEST_SALT, "RSA-PSS with SHA-256", ""),
        (MAX_SALT, "RSA-PSS with SHA-256", "a salt of 222 octets"),
    ] {
        cases.push(Case { key: RSA, sign, key_name: "RSA 2048 bits", algorithm, refused });
    }
    let single = [
        (PSS, DIGEST_SALT, "RSA-PSS 2048 bits", "RSA-PSS with SHA-256", ""),
        (
            &["RSA", "rsa_keygen_bits:1024"][..],
            &["-sha256"][..],
            "RSA 1024 bits",
            "RSA with SHA-256",
            "too small",
        ),
        (
            &["RSA", "rsa_keygen_bits:2047"],
            &["-sha256"],
            "RSA 2047 bits",
            "RSA with SHA-256",
            "too small",
        ),
        (&["ED25519"], &[], "Ed25519", "Ed25519", ""),
        (&["ED448"], &[], "Ed448", "Ed448", "Ed448, which mailca cannot verify"),
        (P256, &["-sha1"], "EC P-256", "ECDSA with SHA-1", "broken"),
        (
            &["EC", "ec_paramgen_curve:secp256k1"],
            &["-sha256"],
            "EC secp256k1",
            "ECDSA with SHA-256",
            "EC secp256k1, which mailca cannot use",
        ),
        (
            &["EC", "ec_paramgen_curve:P-256", "ec_param_enc:explicit"],
            &["-sha256"],
            "EC with explicit curve parameters",
            "ECDSA with SHA-256",
            "mailca cannot use",
        ),
    ];
    cases.extend(single.map(|(key, sign, key_name, algorithm, refused)| Case {
        key,
        sign,
        key_name,
        algorithm,
        refused,
    }));
    cases
}

#[test]
fn requests_of_openssl_verify() {
    let dir = tempfile::tempdir().unwrap();
    let openssl = |arguments: &[&str]| {
        let output =
            Command::new("openssl").current_dir(dir.path()).args(arguments).output().unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    for case in cases() {
        let mut line = vec!["genpkey", "-out", "key", "-algorithm", case.key[0]];
        for option in &case.key[1..] {
            line.extend(["-pkeyopt", option]);
        }
        openssl(&line);
        let mut line =
            vec!["req", "-new", "-subj", "/CN=x", "-outform", "DER", "-key", "key", "-out", "csr"];
        line.extend(case.sign);
        openssl(&line);
        check(&case, &std::fs::read(dir.path().join("csr")).unwrap());
    }
}

fn check(case: &Case, der: &[u8]) {
    let (_, request) = X509CertificationRequest::from_der(der).unwrap();
    let info = &request.certification_request_info;
    assert_eq!(key_description(info.subject_pki.raw), case.key_name);
    assert_eq!(algorithm_name(&request.signature_algorithm), case.algorithm);
    let with = |message: &[u8]| {
        verify(
            info.subject_pki.raw,
            &request.signature_algorithm,
            message,
            &request.signature_value.data,
        )
    };
    match with(info.raw) {
        Ok(()) => {
            assert!(case.refused.is_empty(), "{} {} verified", case.key_name, case.algorithm);
            let mut changed = info.raw.to_vec();
            changed[10] ^= 1;
            assert!(with(&changed).unwrap_err().to_string().contains("does not verify"));
        }
        Err(error) => {
            let message = error.to_string();
            assert!(
                !case.refused.is_empty() && message.contains(case.refused),
                "{}: {message}",
                case.key_name
            );
        }
    }
}
