//! Every kind of item in JSON; the field names are described in the parent module.

use serde_json::{Map, Value, json};

use super::certificate::{string_type, usage_words};
use super::{Context, certificates_of, key};
use crate::pki::digest::lower_hex;
use crate::pki::inspect::{
    BagView, Body, CertificateView, CrlView, Extension, Item, Pkcs12View, PrivateKeyView,
    PublicKeyView, RequestView,
};
use crate::pki::name::Name;
use crate::pki::name::sendmail::{Forms, Whose};
use crate::pki::pkcs12::{BagKind, Protection};
use crate::pki::printable::printable;
use crate::pki::profile::Profile;
use crate::render::certificate::{fingerprint, rfc3339, sha1_fingerprint};
use crate::render::words::{self, State};

pub(super) fn item(item: &Item, context: Context<'_>) -> Value {
    let (kind, mut value) = match &item.body {
        Body::Certificate(view) => ("certificate", certificate(view, context)),
        Body::Request(view) => ("request", request(view)),
        Body::Crl(view) => ("crl", crl(view, context)),
        Body::PrivateKey(view) => ("private_key", private_key(view, context)),
        Body::PublicKey(view) => {
            ("public_key", json!({ "algorithm": view.algorithm, "public_key": public_key(view) }))
        }
        Body::Pkcs12(view) => ("pkcs12", pkcs12(view, context)),
        Body::Pkcs7(view) => {
            let items: Vec<_> = view.items.iter().map(|inner| self::item(inner, context)).collect();
            ("pkcs7", json!({ "signers": view.signers, "items": items }))
        }
        Body::Other { name, facts } => {
            let facts: Map<_, _> = facts
                .iter()
                .map(|(label, fact)| (label.to_lowercase(), Value::from(fact.as_str())))
                .collect();
            ("other", json!({ "name": name, "facts": facts }))
        }
        Body::Unknown(_) => ("unknown", json!({})),
        Body::Unreadable { name, reason } => {
            ("unreadable", json!({ "name": name, "reason": reason }))
        }
    };
    value["kind"] = kind.into();
    value["label"] = item.label.as_deref().into();
    value["notes"] = item.notes.clone().into();
    value
}

fn certificate(view: &CertificateView, context: Context<'_>) -> Value {
    let state = State::at(context.now, view.not_before, view.not_after);
    let mut value = json!({
        "title": view.title(),
        "version": view.version,
        "serial": view.serial.to_string(),
        "subject": view.subject.to_string(),
        "subject_attributes": attributes(&view.subject),
        "issuer": view.issuer.to_string(),
        "issuer_attributes": attributes(&view.issuer),
        "self_issued": view.is_self_issued(),
        "not_before": rfc3339(view.not_before),
        "not_after": rfc3339(view.not_after),
        "validity": state.name(),
        "validity_words": words::validity(context.now, view.not_before, view.not_after),
        "names": strings(&view.names),
        "profile": view.profile().map(Profile::name),
        "usage": view.extended_key_usage.as_deref().map(usage_words),
        "is_ca": view.is_ca,
        "path_length": view.path_length,
        "key_usage": view.key_usage,
        "extended_key_usage": view.extended_key_usage,
        "public_key": public_key(&view.public_key),
        "extensions": extensions(&view.extensions),
        "sendmail": sendmail(view),
        "warnings": view.warnings,
    });
    signature(&mut value, &view.signature_algorithm, &view.signature_oid, &view.signature);
    fingerprints(&mut value, &view.der);
    value
}

fn sendmail(view: &CertificateView) -> Value {
    let (issuer, subject) =
        (Forms::of(&view.issuer, Whose::Issuer), Forms::of(&view.subject, Whose::Subject));
    json!({
        "issuer": issuer.all(),
        "subject": subject.all(),
        "too_long": issuer.is_cut || subject.is_cut,
    })
}

fn request(view: &RequestView) -> Value {
    let attributes_asked: Vec<_> = view
        .attributes
        .iter()
        .map(|a| json!({ "oid": a.oid, "name": a.name, "lines": a.lines }))
        .collect();
    let mut value = json!({
        "title": view.title(),
        "version": view.version,
        "subject": view.subject.to_string(),
        "subject_attributes": attributes(&view.subject),
        "names": strings(&view.names),
        "asks_for_ca": view.asks_for_ca,
        "public_key": public_key(&view.public_key),
        "signature_ok": view.signature_problem.is_none(),
        "signature_problem": view.signature_problem,
        "refusal": view.refusal,
        "extensions": extensions(&view.extensions),
        "attributes": attributes_asked,
        "warnings": view.warnings,
    });
    signature(&mut value, &view.signature_algorithm, &view.signature_oid, &view.signature);
    value
}

fn crl(view: &CrlView, context: Context<'_>) -> Value {
    let revoked: Vec<_> = view
        .revoked
        .iter()
        .map(|entry| {
            json!({
                "serial": entry.serial.to_string(),
                "date": rfc3339(entry.date),
                "reason": entry.reason,
                "invalidity_date": entry.invalidity.and_then(rfc3339),
            })
        })
        .collect();
    let mut value = json!({
        "title": view.title(),
        "version": view.version,
        "issuer": view.issuer.to_string(),
        "issuer_attributes": attributes(&view.issuer),
        "number": view.number,
        "this_update": rfc3339(view.this_update),
        "next_update": view.next_update.and_then(rfc3339),
        "freshness_words": words::freshness(context.now, view.this_update, view.next_update),
        "out_of_date": view.next_update.is_some_and(|next| next < context.now),
        "revoked": revoked,
        "extensions": extensions(&view.extensions),
        "warnings": view.warnings,
    });
    signature(&mut value, &view.signature_algorithm, &view.signature_oid, &view.signature);
    fingerprints(&mut value, &view.der);
    value
}

fn private_key(view: &PrivateKeyView, context: Context<'_>) -> Value {
    let belongs_to = view.public_key.as_ref().map(|key| certificates_of(&key.spki, context.shown));
    json!({
        "format": view.format,
        "encryption": view.encryption.as_ref().map(|encryption| json!({
            "algorithm": encryption.algorithm,
            "iterations": encryption.iterations,
        })),
        "locked": view.is_locked(),
        "algorithm": view.algorithm,
        "public_key": view.public_key.as_ref().map(public_key),
        "belongs_to": belongs_to.unwrap_or_default(),
        "warnings": view.warnings,
    })
}

fn public_key(view: &PublicKeyView) -> Value {
    let parts: Map<_, _> = view
        .parts
        .iter()
        .map(|(name, octets)| ((*name).into(), lower_hex(octets).into()))
        .collect();
    json!({
        "algorithm": view.algorithm,
        "parts": parts,
        "spki_hex": lower_hex(&view.spki),
        "spki_sha256_hex": key::spki_sha256(view),
    })
}

fn pkcs12(view: &Pkcs12View, context: Context<'_>) -> Value {
    let bag = |bag: &BagView| {
        json!({
            "kind": match bag.kind {
                BagKind::PrivateKey => "private_key",
                BagKind::Certificate => "certificate",
                BagKind::Other => "other",
            },
            "encryption": bag.encryption.as_ref().map(protection),
            "friendly_name": bag.friendly_name.as_deref().map(printable),
            "local_key_id_hex": bag.local_key_id.as_deref().map(lower_hex),
            "item": bag.item.as_ref().map(|inner| item(inner, context)),
        })
    };
    let safes: Vec<_> = view
        .safes
        .iter()
        .map(|safe| {
            let bags = safe.bags.as_ref().map(|bags| bags.iter().map(bag).collect::<Vec<_>>());
            json!({ "encryption": safe.encryption.as_ref().map(protection), "bags": bags })
        })
        .collect();
    json!({
        "locked": view.is_locked(),
        "mac": view.mac.as_ref().map(protection),
        "safes": safes,
    })
}

fn protection(protection: &Protection) -> Value {
    json!({ "algorithm": protection.algorithm, "iterations": protection.iterations })
}

fn attributes(name: &Name) -> Value {
    let rdns = name.rdns().iter().map(|rdn| {
        rdn.iter()
            .map(|attribute| {
                json!({
                    "type": attribute.short_name(),
                    "oid": attribute.oid,
                    "string_type": string_type(attribute.tag),
                    "value": attribute.shown(),
                })
            })
            .collect::<Vec<_>>()
    });
    rdns.collect::<Vec<_>>().into()
}

fn extensions(extensions: &[Extension]) -> Value {
    let extensions = extensions.iter().map(|extension| {
        json!({
            "oid": extension.oid,
            "name": extension.name,
            "critical": extension.critical,
            "lines": extension.lines,
            "problem": extension.problem,
            "value_hex": lower_hex(&extension.value),
        })
    });
    extensions.collect::<Vec<_>>().into()
}

fn signature(value: &mut Value, algorithm: &str, oid: &str, octets: &[u8]) {
    value["signature_algorithm"] = algorithm.into();
    value["signature_algorithm_oid"] = oid.into();
    value["signature_hex"] = lower_hex(octets).into();
}

fn fingerprints(value: &mut Value, der: &[u8]) {
    value["sha256"] = fingerprint(der).into();
    value["sha1"] = sha1_fingerprint(der).into();
}

fn strings(values: &[impl ToString]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}
