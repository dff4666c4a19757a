//! Extensions of certificates, requests and CRLs (RFC 5280 4.2, 5.2 and 5.3) as lines of text.

use std::net::{Ipv4Addr, Ipv6Addr};

use time::OffsetDateTime;
use x509_parser::der_parser::asn1_rs::{FromDer as _, Oid};
use x509_parser::extensions::{
    AccessDescription, AuthorityKeyIdentifier, CRLDistributionPoint, DistributionPointName,
    GeneralName as ParsedName, GeneralSubtree, IssuingDistributionPoint, NameConstraints,
    ParsedExtension, PolicyInformation, SignedCertificateTimestamp, X509Extension,
};

use super::extension_name::name_of;
use super::text::{dump, second};
use super::usage::{key_usage_words, purpose_words};
use crate::pki::digest::{colon_hex, lower_hex};
use crate::pki::general_name::GeneralName;
use crate::pki::name::decoded_string;
use crate::pki::printable::{printable, printable_bytes};

/// An extension, decoded as far as it is known.
#[derive(Clone, Debug)]
pub struct Extension {
    /// The type, as a dotted OID.
    pub oid: String,
    /// What the type is called, where it is known.
    pub name: Option<&'static str>,
    /// Whether who does not know it must refuse.
    pub critical: bool,
    /// The content in words, or as a dump where it is unknown or malformed.
    pub lines: Vec<String>,
    /// What is wrong with the content.
    pub problem: Option<String>,
    /// The content, DER inside the OCTET STRING.
    pub value: Vec<u8>,
}

impl Extension {
    pub(super) fn read(extension: &X509Extension<'_>) -> Self {
        let oid = extension.oid.to_id_string();
        let name = name_of(&oid);
        let (lines, problem) = match lines_of(&oid, extension) {
            Ok(lines) => (lines, None),
            Err(problem) => (dump(extension.value), Some(problem)),
        };
        let critical = extension.critical;
        Self { name, critical, lines, problem, value: extension.value.to_vec(), oid }
    }

    /// The name, or the OID where there is none.
    pub fn title(&self) -> &str {
        self.name.unwrap_or(&self.oid)
    }
}

/// The object identifiers of an extended key usage, in their order.
pub(super) fn purposes(value: &[u8]) -> Option<Vec<String>> {
    let (_, oids) = <Vec<Oid<'_>>>::from_der(value).ok()?;
    Some(oids.iter().map(Oid::to_id_string).collect())
}

fn purpose(oid: &str) -> String {
    purpose_words(oid).map_or_else(|| oid.to_owned(), |words| format!("{words} ({oid})"))
}

fn lines_of(oid: &str, extension: &X509Extension<'_>) -> Result<Vec<String>, String> {
    Ok(match extension.parsed_extension() {
        ParsedExtension::ParseError { .. } => return Err("malformed".into()),
        ParsedExtension::UnsupportedExtension { .. } => unsupported(oid, extension.value),
        ParsedExtension::SubjectKeyIdentifier(id) => vec![colon_hex(id.0)],
        ParsedExtension::AuthorityKeyIdentifier(id) => authority(id),
        ParsedExtension::KeyUsage(usage) => vec![key_usage_words(usage.flags).join(", ")],
        ParsedExtension::ExtendedKeyUsage(_) => {
            let oids = purposes(extension.value).ok_or("malformed")?;
            oids.iter().map(|oid| purpose(oid)).collect()
        }
        ParsedExtension::BasicConstraints(constraints) => {
            let length = constraints.path_len_constraint;
            let length = length.map_or_else(String::new, |n| format!(", path length {n}"));
            vec![format!("CA:{}{length}", if constraints.ca { "TRUE" } else { "FALSE" })]
        }
        ParsedExtension::SubjectAlternativeName(_) => {
            // x509-parser stops silently at the first malformed name.
            let names = GeneralName::of_extension(extension.value);
            let names = names.map_err(|error| error.to_string())?;
            names.iter().map(ToString::to_string).collect()
        }
        ParsedExtension::IssuerAlternativeName(names) => {
            names.general_names.iter().map(name_text).collect()
        }
        ParsedExtension::NameConstraints(constraints) => name_constraints(constraints),
        ParsedExtension::CRLDistributionPoints(points) => {
            points.points.iter().flat_map(distribution_point).collect()
        }
        ParsedExtension::AuthorityInfoAccess(access) => {
            access.accessdescs.iter().map(access_line).collect()
        }
        ParsedExtension::SubjectInfoAccess(access) => {
            access.accessdescs.iter().map(access_line).collect()
        }
        ParsedExtension::IssuingDistributionPoint(point) => issuing_point(point),
        ParsedExtension::CRLNumber(number) => vec![format!("{number} (hexadecimal {number:X})")],
        ParsedExtension::ReasonCode(reason) => vec![reason_words(reason.0)],
        ParsedExtension::InvalidityDate(date) => vec![second(date.to_datetime())],
        rare => rare_lines(rare).unwrap_or_else(|| dump(extension.value)),
    })
}

/// What the certificates of mail servers and their users seldom have.
fn rare_lines(extension: &ParsedExtension<'_>) -> Option<Vec<String>> {
    Some(match extension {
        ParsedExtension::CertificatePolicies(policies) => {
            policies.iter().flat_map(policy).collect()
        }
        ParsedExtension::PolicyMappings(mappings) => mappings
            .mappings
            .iter()
            .map(|m| format!("{} -> {}", m.issuer_domain_policy, m.subject_domain_policy))
            .collect(),
        ParsedExtension::PolicyConstraints(constraints) => [
            ("require explicit policy", constraints.require_explicit_policy),
            ("inhibit policy mapping", constraints.inhibit_policy_mapping),
        ]
        .into_iter()
        .filter_map(|(label, value)| value.map(|value| format!("{label}: {value}")))
        .collect(),
        ParsedExtension::InhibitAnyPolicy(policy) => vec![policy.skip_certs.to_string()],
        ParsedExtension::NSCertType(kind) => vec![kind.to_string()],
        ParsedExtension::NsCertComment(comment) => vec![printable(comment)],
        ParsedExtension::SCT(list) => list.iter().map(timestamp).collect(),
        _ => return None,
    })
}

fn timestamp(sct: &SignedCertificateTimestamp<'_>) -> String {
    let moment = i64::try_from(sct.timestamp / 1000)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    let moment = moment.map_or_else(|| "an impossible time".into(), second);
    format!("log {} at {moment}", lower_hex(sct.id.key_id))
}

/// What x509-parser has no type for.
fn unsupported(oid: &str, value: &[u8]) -> Vec<String> {
    let tls_feature = oid == "1.3.6.1.5.5.7.1.24";
    if tls_feature && value == [0x30, 3, 2, 1, 5] {
        return vec!["status_request (the server must staple an OCSP response)".into()];
    }
    if oid == "2.5.29.27"
        && let [2, _, number @ ..] = value
    {
        return vec![format!("base CRL number, hexadecimal {}", lower_hex(number))];
    }
    if let [tag, length, text @ ..] = value
        && usize::from(*length) == text.len()
        && let Some(text) = decoded_string(u32::from(*tag), text)
    {
        return vec![printable(&text)];
    }
    dump(value)
}

fn authority(id: &AuthorityKeyIdentifier<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(id.key_identifier.as_ref().map(|id| colon_hex(id.0)));
    let names = id.authority_cert_issuer.iter().flatten();
    lines.extend(names.map(|name| format!("issuer {}", name_text(name))));
    lines.extend(id.authority_cert_serial.map(|serial| format!("serial {}", colon_hex(serial))));
    lines
}

fn name_constraints(constraints: &NameConstraints<'_>) -> Vec<String> {
    let lines = |label: &str, subtrees: &Option<Vec<GeneralSubtree<'_>>>| {
        let subtrees = subtrees.iter().flatten();
        subtrees.map(|tree| format!("{label} {}", name_text(&tree.base))).collect::<Vec<_>>()
    };
    let mut all = lines("permitted", &constraints.permitted_subtrees);
    all.extend(lines("excluded", &constraints.excluded_subtrees));
    all
}

/// A name; in a constraint an address comes with its mask (RFC 5280 4.2.1.10).
fn name_text(name: &ParsedName<'_>) -> String {
    if let ParsedName::IPAddress(octets) = name {
        let mask_bits = |mask: &[u8]| mask.iter().map(|octet| octet.count_ones()).sum::<u32>();
        if let Some((address, mask)) = octets.split_first_chunk::<4>().filter(|_| octets.len() == 8)
        {
            return format!("IP:{}/{}", Ipv4Addr::from(*address), mask_bits(mask));
        }
        if let Some((address, mask)) =
            octets.split_first_chunk::<16>().filter(|_| octets.len() == 32)
        {
            return format!("IP:{}/{}", Ipv6Addr::from(*address), mask_bits(mask));
        }
    }
    GeneralName::from(name).to_string()
}

fn policy(policy: &PolicyInformation<'_>) -> Vec<String> {
    let oid = policy.policy_id.to_id_string();
    let mut lines = vec![match oid.as_str() {
        "2.5.29.32.0" => format!("any policy ({oid})"),
        "2.23.140.1.2.1" => format!("domain validated ({oid})"),
        "2.23.140.1.2.2" => format!("organization validated ({oid})"),
        "2.23.140.1.2.3" => format!("individual validated ({oid})"),
        _ => oid,
    }];
    for qualifier in policy.policy_qualifiers.iter().flatten() {
        let text = match qualifier.qualifier {
            [0x16, length, text @ ..] if usize::from(*length) == text.len() => {
                printable_bytes(text)
            }
            other => lower_hex(other),
        };
        lines.push(format!(
            "  {}: {text}",
            match qualifier.policy_qualifier_id.to_id_string().as_str() {
                "1.3.6.1.5.5.7.2.1" => "practice statement",
                "1.3.6.1.5.5.7.2.2" => "user notice",
                _ => "qualifier",
            }
        ));
    }
    lines
}

fn distribution_point(point: &CRLDistributionPoint<'_>) -> Vec<String> {
    let mut lines: Vec<_> = point.distribution_point.iter().flat_map(point_name).collect();
    lines.extend(point.reasons.as_ref().map(|reasons| format!("for {reasons}")));
    let issuers = point.crl_issuer.iter().flatten();
    lines.extend(issuers.map(|name| format!("issued by {}", name_text(name))));
    lines
}

fn point_name(name: &DistributionPointName<'_>) -> Vec<String> {
    match name {
        DistributionPointName::FullName(names) => names.iter().map(name_text).collect(),
        DistributionPointName::NameRelativeToCRLIssuer(rdn) => rdn
            .iter()
            .map(|attribute| {
                let value = printable_bytes(attribute.attr_value().data);
                format!("relative to the issuer: {}={value}", attribute.attr_type())
            })
            .collect(),
    }
}

fn access_line(access: &AccessDescription<'_>) -> String {
    let method = access.access_method.to_id_string();
    let method = match method.as_str() {
        "1.3.6.1.5.5.7.48.1" => "OCSP",
        "1.3.6.1.5.5.7.48.2" => "CA issuers",
        "1.3.6.1.5.5.7.48.5" => "CA repository",
        other => other,
    };
    format!("{method} {}", name_text(&access.access_location))
}

fn issuing_point(point: &IssuingDistributionPoint<'_>) -> Vec<String> {
    let mut lines: Vec<_> = point.distribution_point.iter().flat_map(point_name).collect();
    let flags = [
        (point.only_contains_user_certs, "only user certificates"),
        (point.only_contains_ca_certs, "only CA certificates"),
        (point.only_contains_attribute_certs, "only attribute certificates"),
        (point.indirect_crl, "indirect CRL"),
    ];
    lines.extend(flags.into_iter().filter(|(set, _)| *set).map(|(_, words)| words.to_owned()));
    lines.extend(point.only_some_reasons.as_ref().map(|reasons| format!("only {reasons}")));
    lines
}

/// A reason for revocation (RFC 5280 5.3.1), as index.txt and openssl spell it.
pub(super) fn reason_words(code: u8) -> String {
    let names = [
        "unspecified",
        "keyCompromise",
        "CACompromise",
        "affiliationChanged",
        "superseded",
        "cessationOfOperation",
        "certificateHold",
        "",
        "removeFromCRL",
        "privilegeWithdrawn",
        "AACompromise",
    ];
    match names.get(usize::from(code)) {
        Some(name) if !name.is_empty() => (*name).to_owned(),
        _ => format!("reason {code}"),
    }
}
