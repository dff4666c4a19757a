//! What is found when the ports of one host are compared.

use super::report::PortReport;
use super::{Finding, Issue};
use crate::pki::certificate::Certificate;

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
