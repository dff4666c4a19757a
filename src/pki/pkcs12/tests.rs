//! Properties that need no other program. That others read our files is tested with them.
#![expect(clippy::disallowed_methods, reason = "certificates that no policy would approve")]

use der::asn1::{Any, OctetString};
use der::{Decode, Encode};
use p12_keystore::Pkcs12Archive;
use rcgen::{CertificateParams, KeyPair};

use super::{BagKind, Bundle, Form, MAX_WRITE_ITERATIONS, ReadError, describe, read, write};
use crate::error::{Error, Kind};

struct Identity {
    ca_certificates: Vec<Vec<u8>>,
    certificate: Vec<u8>,
    private_key: Vec<u8>,
}

impl Identity {
    /// Certificates that need not chain: PKCS#12 does not look into them.
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = |name: &str| {
            CertificateParams::new([name.to_owned()])
                .unwrap()
                .self_signed(&key)
                .unwrap()
                .der()
                .to_vec()
        };
        Self {
            ca_certificates: vec![certificate("intermediate.example"), certificate("root.example")],
            certificate: certificate("joe.example"),
            private_key: key.serialize_der(),
        }
    }

    fn write(
        &self,
        friendly_name: &str,
        password: &str,
        form: Form,
        iterations: u32,
    ) -> Result<Vec<u8>, Error> {
        let ca_certificates: Vec<&[u8]> = self.ca_certificates.iter().map(Vec::as_slice).collect();
        let bundle = Bundle {
            ca_certificates: &ca_certificates,
            certificate: &self.certificate,
            private_key: &self.private_key,
            friendly_name,
        };
        write(&bundle, password, form, iterations)
    }

    fn file(&self) -> Vec<u8> {
        self.write("joe", "secret", Form::Modern, 2).unwrap()
    }
}

#[test]
fn every_form_round_trips_with_every_kind_of_password() {
    let identity = Identity::new();
    for form in Form::ALL {
        for password in ["secret", "pässwörd € 日本", ""] {
            let file = identity.write("Joe Üser's", password, form, 3).unwrap();
            let contents = read(&file, password).unwrap();
            let [intermediate, root, own] = &contents.certificates[..] else {
                panic!("{contents:?}")
            };
            assert_eq!(
                [&intermediate.der, &root.der],
                [&identity.ca_certificates[0], &identity.ca_certificates[1]]
            );
            assert_eq!((&root.friendly_name, &root.local_key_id), (&None, &None));
            let [key] = &contents.private_keys[..] else { panic!("{contents:?}") };
            assert_eq!((&own.der, &*key.der), (&identity.certificate, &identity.private_key));
            assert_eq!(
                [&own.friendly_name, &key.friendly_name],
                [&Some("Joe Üser's".to_owned()); 2]
            );
            assert_eq!(own.local_key_id.as_ref().unwrap().len(), 20);
            assert_eq!(own.local_key_id, key.local_key_id);
        }
    }
}

#[test]
fn p12_keystore_agrees_about_the_whole_file_and_its_mac() {
    let identity = Identity::new();
    for form in [Form::Modern, Form::Apple] {
        for password in ["secret", "ж€", ""] {
            let file = identity.write("joe", password, form, 3).unwrap();
            let archive = Pkcs12Archive::from_pkcs12(&file, password).unwrap();
            assert_eq!((archive.certs.len(), archive.keys.len()), (3, 1));
            assert!(Pkcs12Archive::from_pkcs12(&file, "wrong").is_err());
        }
    }
}

#[test]
fn bags_are_ca_certificates_certificate_key() {
    let summary = read(&Identity::new().file(), "secret").unwrap().summary;
    let bags = summary.safes.iter().flat_map(|safe| safe.bags.iter().flatten()).map(|bag| bag.kind);
    let certificate = BagKind::Certificate;
    assert_eq!(
        bags.collect::<Vec<_>>(),
        [certificate, certificate, certificate, BagKind::PrivateKey]
    );
}

#[test]
fn algorithms_are_visible_without_the_password() {
    let identity = Identity::new();
    for (form, cipher, mac) in [
        (Form::Modern, "PBES2, PBKDF2-HMAC-SHA256, AES-256-CBC", "HMAC-SHA256"),
        (Form::Apple, "PBE-SHA1-3DES", "HMAC-SHA1"),
    ] {
        let summary = describe(&identity.write("joe", "secret", form, 4).unwrap()).unwrap();
        let shrouded = summary.safes[1].bags.as_ref().unwrap()[0].encryption.clone();
        for encryption in [summary.safes[0].encryption.clone(), shrouded] {
            let encryption = encryption.unwrap();
            assert_eq!((encryption.algorithm.as_str(), encryption.iterations), (cipher, 4));
        }
        assert_eq!(summary.mac.unwrap().algorithm, mac);
        assert_eq!(summary.safes[0].bags, None);
    }
}

#[test]
fn salts_are_never_used_twice() {
    let identity = Identity::new();
    assert_ne!(identity.file(), identity.file());
}

#[test]
fn what_the_format_cannot_hold_is_refused() {
    let identity = Identity::new();
    let refused = |name: &str, password: &str, iterations| {
        let error = identity.write(name, password, Form::Modern, iterations).unwrap_err();
        assert_eq!(error.kind(), Kind::Refused, "{error}");
        error.to_string()
    };
    assert!(refused("joe", "key 🔑", 2).contains("password contains a character outside"));
    assert!(refused("joe", "a\0b", 2).contains("zero character"));
    assert!(refused("🔑", "secret", 2).contains("outside the Basic Multilingual Plane"));
    assert!(refused("", "secret", 2).contains("is empty"));
    assert!(refused("a\nb", "secret", 2).contains("control character"));
    assert!(refused(&"é".repeat(256), "secret", 2).contains("256 characters"));
    assert!(refused("joe", "secret", 0).contains("out of range"));
    assert!(refused("joe", "secret", MAX_WRITE_ITERATIONS + 1).contains("600001"));
    identity.write(&"é".repeat(255), "secret", Form::Modern, 1).unwrap();
}

#[test]
fn what_does_not_read_back_is_a_bug() {
    let mut identity = Identity::new();
    identity.private_key = b"no PKCS#8".to_vec();
    assert_eq!(identity.write("joe", "secret", Form::Modern, 2).unwrap_err().kind(), Kind::Bug);
    let mut identity = Identity::new();
    identity.certificate.pop();
    assert_eq!(identity.write("joe", "secret", Form::Modern, 2).unwrap_err().kind(), Kind::Bug);
}

#[test]
fn wrong_password_and_other_files_are_told_apart() {
    let identity = Identity::new();
    assert_eq!(read(&identity.file(), "Secret").unwrap_err(), ReadError::WrongPassword);
    for other in
        [&[][..], b"-----BEGIN CERTIFICATE-----", &identity.certificate, &identity.private_key]
    {
        assert_eq!(read(other, "secret").unwrap_err(), ReadError::NotPkcs12);
        assert_eq!(describe(other).unwrap_err(), ReadError::NotPkcs12);
    }
}

#[test]
fn too_many_iterations_are_refused_before_they_are_done() {
    // With another first byte, 600,000 (0x0927c0) becomes 7,612,352 (0x7427c0).
    const ITERATIONS: [u8; 5] = [2, 3, 0x09, 0x27, 0xc0];
    let identity = Identity::new();
    for form in [Form::Modern, Form::Apple] {
        let file = identity.write("joe", "secret", form, 600_000).unwrap();
        let positions =
            (0..file.len()).filter(|position| file[*position..].starts_with(&ITERATIONS));
        let positions: Vec<_> = positions.collect();
        assert_eq!(positions.len(), 3);
        for position in positions {
            let mut bomb = file.clone();
            bomb[position + 2] = 0x74;
            assert!(matches!(describe(&bomb), Err(ReadError::TooManyIterations(7_612_352))));
            assert!(matches!(read(&bomb, "secret"), Err(ReadError::TooManyIterations(7_612_352))));
        }
    }
}

#[test]
fn many_keys_with_many_iterations_each_are_refused() {
    let shrouded = {
        let bag = pkcs12::safe_bag::SafeBag {
            bag_id: pkcs12::PKCS_12_PKCS8_KEY_BAG_OID,
            bag_value: pbe_bag(1_000_000),
            bag_attributes: None,
        };
        vec![bag; 11].to_der().unwrap()
    };
    let content_info = |content: &[u8]| cms::content_info::ContentInfo {
        content_type: super::read::DATA,
        content: Any::encode_from(&OctetString::new(content).unwrap()).unwrap(),
    };
    let safes = vec![content_info(&shrouded)].to_der().unwrap();
    let pfx = pkcs12::Pfx {
        version: pkcs12::pfx::Version::V3,
        auth_safe: content_info(&safes),
        mac_data: None,
    };
    assert_eq!(
        read(&pfx.to_der().unwrap(), "").unwrap_err(),
        ReadError::TooManyIterations(11_000_000)
    );
}

fn pbe_bag(iterations: i32) -> Vec<u8> {
    let parameters =
        pkcs12::pbe_params::Pkcs12PbeParams { salt: OctetString::new([1]).unwrap(), iterations };
    let encryption_algorithm = cms::cert::x509::spki::AlgorithmIdentifierOwned {
        oid: pkcs12::PKCS_12_PBE_WITH_SHAAND3_KEY_TRIPLE_DES_CBC,
        parameters: Some(Any::encode_from(&parameters).unwrap()),
    };
    let encrypted_data = OctetString::new([0; 8]).unwrap();
    pkcs12::pbe_params::EncryptedPrivateKeyInfo { encryption_algorithm, encrypted_data }
        .to_der()
        .unwrap()
}

#[test]
fn parameters_that_panic_below_are_refused() {
    use super::algorithm::Encryption;
    let pbes2 = |kdf: &[u8], cipher: &[u8]| {
        let mut parameters = vec![0x30, u8::try_from(kdf.len() + cipher.len()).unwrap()];
        parameters.extend_from_slice(kdf);
        parameters.extend_from_slice(cipher);
        let parameters = Some(Any::from_der(&parameters).unwrap());
        Encryption::parse(&cms::cert::x509::spki::AlgorithmIdentifierOwned {
            oid: pkcs5::pbes2::PBES2_OID,
            parameters,
        })
    };
    let pbkdf2 =
        b"\x30\x15\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c\x30\x08\x04\x01\x01\x02\x03\x00\xff\xff";
    let scrypt = b"\x30\x19\x06\x09\x2b\x06\x01\x04\x01\xda\x47\x04\x0b\x30\x0c\x04\x01\x01\x02\x01\x00\x02\x01\x01\x02\x01\x01";
    let aes = b"\x30\x1d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2a\x04\x10................";
    let short_iv = b"\x30\x0d\x06\x08\x2a\x86\x48\x86\xf7\x0d\x03\x07\x04\x01\x01";
    assert!(pbes2(pbkdf2, aes).is_ok());
    assert!(matches!(
        pbes2(pbkdf2, short_iv),
        Err(ReadError::Damaged("the IV has the wrong length"))
    ));
    assert!(matches!(pbes2(scrypt, aes), Err(ReadError::Unsupported(_))));
}

#[test]
fn damaged_files_are_errors_and_nothing_worse() {
    let identity = Identity::new();
    for form in [Form::Modern, Form::Apple] {
        let file = identity.write("joe", "secret", form, 2).unwrap();
        for length in 0..file.len() {
            assert!(read(&file[..length], "secret").is_err());
        }
        for position in 0..file.len() {
            for flip in [1, 0x80, 0xff] {
                let mut damaged = file.clone();
                damaged[position] ^= flip;
                // Some bytes may be anything: the algorithm parameters of the MAC.
                let _ = read(&damaged, "secret");
                let _ = describe(&damaged);
            }
        }
    }
}

#[test]
fn without_a_mac_damage_shows_or_is_harmless() {
    let mut file = pkcs12::Pfx::from_der(&Identity::new().file()).unwrap();
    file.mac_data = None;
    let file = file.to_der().unwrap();
    assert_eq!(read(&file, "secret").unwrap().summary.mac, None);
    assert!(read(&file, "wrong").is_err());
    for position in 0..file.len() {
        let mut damaged = file.clone();
        damaged[position] ^= 0x55;
        let _ = read(&damaged, "secret");
    }
}

#[test]
fn forms_have_names() {
    for form in Form::ALL {
        assert_eq!(form.to_string().parse::<Form>().unwrap(), form);
    }
    assert_eq!("java".parse::<Form>().unwrap_err().kind(), Kind::Usage);
}

#[test]
fn nothing_secret_is_printed() {
    let contents = read(&Identity::new().file(), "secret").unwrap();
    assert!(format!("{:?}", contents.private_keys[0]).ends_with(", .. }"));
}
