use super::label::kind;
use super::*;
use crate::pki::key::{KeyType, PrivateKey};

/// A request whose signature is wrong: no signer is needed for a request of this shape.
fn request_der(key: &PrivateKey, signature: &[u8]) -> Vec<u8> {
    use crate::pki::tlv::{bit_string, element, sequence};
    let name =
        crate::pki::name::Parts { common_name: Some("a.example".into()), ..Default::default() };
    let attributes =
        element(der::Tag::ContextSpecific { constructed: true, number: der::TagNumber(0) }, &[]);
    let info = sequence(&[
        &[2, 1, 0],
        name.build().unwrap().as_der(),
        key.public_key(),
        &attributes.unwrap(),
    ]);
    let algorithm = sequence(&[b"\x06\x08\x2A\x86\x48\xCE\x3D\x04\x03\x02"]).unwrap();
    let signature = if signature.is_empty() {
        key.sign(info.as_ref().unwrap()).unwrap()
    } else {
        signature.to_vec()
    };
    sequence(&[&info.unwrap(), &algorithm, &bit_string(&signature).unwrap()]).unwrap()
}

fn key() -> PrivateKey {
    PrivateKey::generate(KeyType::EcdsaP256).unwrap()
}

fn pem_of(label: &str, der: &[u8]) -> String {
    pem::encode(label, der).unwrap().to_string()
}

fn kinds(content: &[u8]) -> Vec<&'static str> {
    let name = |item: &Item| match &item.body {
        Body::Other { .. } => "other",
        Body::Unknown(_) => "unknown",
        Body::Unreadable { .. } => "unreadable",
        body => kind(body).unwrap(),
    };
    inspect(content).unwrap().iter().map(name).collect()
}

fn refusal(content: &[u8]) -> String {
    inspect(content).err().unwrap().to_string()
}

#[test]
fn a_key_is_told_in_every_form_and_its_secret_is_dropped() {
    let key = key();
    let encrypted = key.to_encrypted_pem("secret", [1; 16], [2; 16]).unwrap();
    let der = &pem::blocks(encrypted.as_bytes()).unwrap()[0].der;
    for content in [key.as_pkcs8(), key.to_pem().unwrap().as_bytes(), encrypted.as_bytes(), der] {
        assert_eq!(kinds(content), ["private key"]);
    }
    for content in [key.public_key(), pem_of("PUBLIC KEY", key.public_key()).as_bytes()] {
        assert_eq!(kinds(content), ["public key"]);
    }
    let mut items = inspect(encrypted.as_bytes()).unwrap();
    assert!(items[0].is_locked());
    let wrong = items[0].unlock("wrong").unwrap_err();
    assert!(wrong.to_string().contains("password"), "{wrong}");
    assert!(items[0].is_locked());
    items[0].unlock("secret").unwrap();
    let Body::PrivateKey(view) = &items[0].body else { panic!("not a key") };
    assert!(!view.is_locked());
    assert_eq!(view.public_key.as_ref().unwrap().spki, key.public_key());
    assert_eq!(view.algorithm.as_deref(), Some("EC P-256"));
}

#[test]
fn a_request_is_shown_whether_or_not_its_signature_is_right() {
    let key = key();
    for (signature, right) in [(&[][..], true), (&[0x30, 6, 2, 1, 1, 2, 1, 1], false)] {
        let items = inspect(&request_der(&key, signature)).unwrap();
        let Body::Request(view) = &items[0].body else { panic!("not a request") };
        assert_eq!(view.title(), "a.example");
        assert_eq!(view.signature_problem.is_none(), right, "{:?}", view.signature_problem);
        assert!(!right || view.refusal.is_none(), "{:?}", view.refusal);
    }
}

#[test]
fn blocks_are_shown_in_order_and_broken_ones_do_not_hide_the_others() {
    let key = key();
    let request = pem_of("CERTIFICATE REQUEST", &request_der(&key, &[]));
    let public = pem_of("PUBLIC KEY", key.public_key());
    let torn = "-----BEGIN CERTIFICATE-----\nMAA=\n";
    let text = format!("\u{FEFF}some text\n{torn}{request}junk\r\n{public}");
    assert_eq!(kinds(text.as_bytes()), ["unreadable", "certificate request", "public key"]);
    assert_eq!(kinds(text.replace('\n', "\r\n  ").as_bytes()).len(), 3);
    let glued = format!("{}{public}", request.trim_end());
    assert_eq!(kinds(glued.as_bytes()), ["certificate request", "public key"]);
    assert!(inspect(glued.as_bytes()).unwrap()[1].notes[0].contains("without a line end"));
    let wide: Vec<u8> =
        "\u{FEFF}".chars().chain(public.chars()).flat_map(|c| (c as u16).to_le_bytes()).collect();
    assert_eq!(kinds(&wide), ["public key"]);
}

#[test]
fn the_content_counts_and_a_wrong_label_is_said() {
    let text = pem_of("CERTIFICATE", &request_der(&key(), &[]));
    assert_eq!(kinds(text.as_bytes()), ["certificate request"]);
    let items = inspect(text.as_bytes()).unwrap();
    assert!(items[0].notes[0].contains("CERTIFICATE"), "{:?}", items[0].notes);
}

#[test]
fn unknown_and_encrypted_blocks_are_named() {
    let poem = "-----BEGIN POEM-----\nAAAA\n-----END POEM-----\n";
    assert!(refusal(poem.as_bytes()).contains("POEM"));
    let public = pem_of("PUBLIC KEY", key().public_key());
    assert_eq!(kinds(format!("{poem}{public}").as_bytes()), ["unknown", "public key"]);
    let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\
        DEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    let items = inspect(old.as_bytes()).unwrap();
    let Body::PrivateKey(view) = &items[0].body else { panic!("not a key") };
    assert!(!view.is_locked() && view.warnings[0].contains("openssl pkcs8"));
    assert!(view.encryption.as_ref().unwrap().algorithm.contains("AES-256-CBC"));
    // 2^127 - 1 and 2.
    let mut dh = vec![0x30, 21, 2, 16, 0x7F];
    dh.extend([0xFF; 15]);
    dh.extend([2, 1, 2]);
    dh[1] = u8::try_from(dh.len() - 2).unwrap();
    let text = pem_of("DH PARAMETERS", &dh);
    let items = inspect(text.as_bytes()).unwrap();
    let Body::Other { name, facts } = &items[0].body else { panic!("not parameters") };
    assert!(name.contains("Diffie-Hellman") && facts[0].1 == "127 bits", "{facts:?}");
}

#[test]
fn what_is_nothing_we_know_is_described() {
    let key = key();
    for (content, words) in [
        (&b""[..], "empty"),
        (b" \n\t\r\n", "spaces"),
        (b"just words", "text without a PEM block"),
        (b"\x7FELF\0\0\0", "binary data"),
        (b"\xFE\xED\xFE\xED\0\0", "Java key store"),
        (b"MIIBszCCAVmgAwIBAgIUQ\nabc=", "base64 without"),
        (&key.as_pkcs8()[..40], "breaks off: 40 bytes of"),
        (&[0x30, 0x82, 0xff, 0xff, 0, 1, 2, 3], "breaks off"),
        (&[0x30, 3, 1, 1, 0], "nothing that is known here"),
        (&[0x30, 0], "nothing that is known here"),
        (&[0x30], "text without"),
        (&[0x30, 0x80], "binary data"),
        (b"-----BEGIN X-----\n", "END line is missing"),
        (b"-----BEGIN X-----\n-----END X-----\n", "nothing between"),
        (b"-----BEGIN X-----\n!!!!\n-----END X-----\n", "not base64"),
        (b"x -----BEGIN X", "not at the beginning of a line"),
    ] {
        let found = refusal(content);
        assert!(found.contains(words), "{words}: {found}");
    }
}

#[test]
fn no_truncation_and_no_changed_byte_panics() {
    let key = key();
    let encrypted = key.to_encrypted_pem("secret", [1; 16], [2; 16]).unwrap();
    let locked = pem::blocks(encrypted.as_bytes()).unwrap()[0].der.to_vec();
    for der in [request_der(&key, &[]), key.as_pkcs8().to_vec(), locked] {
        for length in 0..der.len() {
            let _ = inspect(&der[..length]);
            for value in [0, 0x30, 0x7F, 0x80, 0xFF] {
                let mut changed = der.clone();
                changed[length] = value;
                let _ = inspect(&changed);
            }
        }
    }
}
