//! Extensions, each with its usual criticality.

use super::der::{concat, int, octets, oid, seq, tagged, tlv, utf8};

pub const AKI: &str = "2.5.29.35";
pub const SKI: &str = "2.5.29.14";
pub const SAN: &str = "2.5.29.17";
pub const BASIC: &str = "2.5.29.19";
pub const USAGE: &str = "2.5.29.15";
pub const EXTENDED: &str = "2.5.29.37";
pub const CONSTRAINTS: &str = "2.5.29.30";

/// One extension; the value is what is inside the OCTET STRING.
#[derive(Clone)]
pub struct Extension {
    pub oid: &'static str,
    pub critical: bool,
    pub value: Vec<u8>,
}

impl Extension {
    pub fn new(oid: &'static str, critical: bool, value: Vec<u8>) -> Self {
        Self { oid, critical, value }
    }

    pub fn critical(mut self, critical: bool) -> Self {
        self.critical = critical;
        self
    }

    pub fn der(&self) -> Vec<u8> {
        let critical = if self.critical { tlv(1, [0xff]) } else { Vec::new() };
        seq([oid(self.oid), critical, octets(&self.value)])
    }
}

pub fn basic(ca: bool, path_length: Option<u64>) -> Extension {
    let flag = if ca { tlv(1, [0xff]) } else { Vec::new() };
    let limit = path_length.map(int).unwrap_or_default();
    Extension::new(BASIC, true, seq([flag, limit]))
}

/// Key usage from the numbers of its bits: 0 digitalSignature, 1 nonRepudiation, 2 keyEncipherment,
/// 3 dataEncipherment, 4 keyAgreement, 5 keyCertSign, 6 cRLSign.
pub fn usage(numbers: &[u8]) -> Extension {
    let octet = numbers.iter().fold(0u8, |octet, number| octet | 0x80 >> number);
    let unused = if octet == 0 { 7 } else { octet.trailing_zeros() };
    let unused = u8::try_from(unused).unwrap();
    Extension::new(USAGE, true, tlv(3, [unused, octet]))
}

pub fn extended(purposes: &[&str]) -> Extension {
    let oids = purposes.iter().map(|purpose| match *purpose {
        "any" => oid("2.5.29.37.0"),
        "server" => oid("1.3.6.1.5.5.7.3.1"),
        "client" => oid("1.3.6.1.5.5.7.3.2"),
        "code" => oid("1.3.6.1.5.5.7.3.3"),
        "email" => oid("1.3.6.1.5.5.7.3.4"),
        "ocsp" => oid("1.3.6.1.5.5.7.3.9"),
        other => oid(other),
    });
    Extension::new(EXTENDED, false, seq(oids))
}

pub fn san(names: &[Vec<u8>]) -> Extension {
    Extension::new(SAN, false, seq(names.iter().cloned()))
}

/// subjectAltName from `DNS:… email:… IP:… URI:… dir:…`, separated by spaces; a space in one is `␣`.
pub fn alternative(names: &str) -> Extension {
    san(&names.split(' ').map(general).collect::<Vec<_>>())
}

/// One `GeneralName` as [`alternative`] takes them; `IP:` takes a mask too.
pub fn general(text: &str) -> Vec<u8> {
    let text = text.replace('␣', " ");
    let (kind, value) = text.split_once(':').unwrap();
    match kind {
        "DNS" => tlv(0x82, value),
        "email" => tlv(0x81, value),
        "URI" => tlv(0x86, value),
        "RID" => [&[0x88], &oid(value)[1..]].concat(),
        "IP" => tlv(0x87, concat(value.split('/').map(address))),
        "dir" => tagged(4, super::der::name(value)),
        // Microsoft's user principal name.
        "UPN" => other("1.3.6.1.4.1.311.20.2.3", utf8(value)),
        "mailbox" => other("1.3.6.1.5.5.7.8.9", utf8(value)),
        _ => panic!("{text}"),
    }
}

pub fn other(kind: &str, value: Vec<u8>) -> Vec<u8> {
    tagged(0, concat([oid(kind), tagged(0, value)]))
}

fn address(text: &str) -> Vec<u8> {
    match text.parse().unwrap() {
        std::net::IpAddr::V4(address) => address.octets().to_vec(),
        std::net::IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// Name constraints; `+` in front of what is permitted, `-` of what is excluded, separated by spaces.
pub fn constraints(subtrees: &str) -> Extension {
    let part = |sign: char| -> Vec<Vec<u8>> {
        let named = subtrees.split(' ').filter_map(|text| text.strip_prefix(sign));
        named.map(|text| seq([general(text)])).collect()
    };
    raw_constraints(&part('+'), &part('-'))
}

/// Name constraints from the DER of their `GeneralSubtree`s.
pub fn raw_constraints(permitted: &[Vec<u8>], excluded: &[Vec<u8>]) -> Extension {
    let part = |number, subtrees: &[Vec<u8>]| {
        if subtrees.is_empty() { Vec::new() } else { tagged(number, subtrees.concat()) }
    };
    Extension::new(CONSTRAINTS, true, seq([part(0, permitted), part(1, excluded)]))
}

pub fn subject_key(identifier: &[u8]) -> Extension {
    Extension::new(SKI, false, octets(identifier))
}

pub fn authority_key(identifier: &[u8]) -> Extension {
    Extension::new(AKI, false, seq([tlv(0x80, identifier)]))
}

/// An extension that nobody knows.
pub fn unknown(critical: bool) -> Extension {
    Extension::new("1.3.6.1.4.1.32473.1", critical, super::der::null())
}
