//! What is found when the ports of one host are compared.

use super::report::PortReport;
use super::{Finding, Issue};
use crate::pki::certificate::Certificate;
use crate::pki::tlsa::Published;

/// Whether there are TLSA records, and none of them is for any of these ports.
pub fn without_record(host: &str, ports: &[PortReport], records: &[Published]) -> Option<Finding> {
    let is_of = |record: &Published| ports.iter().any(|one| record.is_of(host, one.target.port));
    if records.is_empty() || ports.is_empty() || records.iter().any(is_of) {
        return None;
    }
    let places: Vec<_> =
        ports.iter().map(|one| format!("_{}._tcp.{host}", one.target.port)).collect();
    let first = records.iter().find_map(|one| one.host.as_ref().zip(one.port));
    let first = first.map(|(host, port)| format!("; the first is for _{port}._tcp.{host}"));
    let seen = format!("there is none for {}{}", places.join(", "), first.unwrap_or_default());
    Some(Finding::new(Issue::DaneRecordMissing, seen))
}

/// Compares the certificates of the ports.
pub fn judge(ports: &[PortReport]) -> Vec<Finding> {
    let mut groups: Vec<(&Certificate, Vec<String>)> = Vec::new();
    for port in ports {
        let Some(own) = port.chain.first() else { continue };
        let place = format!("{} ({})", port.target.port, port.target.service);
        match groups.iter_mut().find(|(known, _)| known.as_der() == own.as_der()) {
            Some((_, places)) => places.push(place),
            None => groups.push((own, vec![place])),
        }
    }
    if groups.len() < 2 {
        return Vec::new();
    }
    let told = groups.iter().map(|(own, places)| {
        format!("{} with the serial number {} on {}", own.title(), own.serial, places.join(", "))
    });
    let seen = told.collect::<Vec<_>>().join("; ");
    vec![Finding::new(Issue::CertificatesDiffer, seen)]
}
