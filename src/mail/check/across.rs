//! What is found when the ports of one host are compared.

use super::report::PortReport;
use super::{Finding, Issue};
use crate::net::service::{Protocol, Service};
use crate::net::target::Target;
use crate::pki::certificate::Certificate;

/// Where nobody named a port, one that does not answer may be none; but whoever takes mail listens on port 25.
pub fn silent(silent: &[Target]) -> Option<Finding> {
    let is_dead = silent.iter().any(|target| target.service == Service::Smtp);
    is_dead.then(|| {
        let dead: Vec<_> = silent
            .iter()
            .filter(|target| target.service.protocol() == Protocol::Smtp)
            .map(|target| format!("{} ({})", target.port, target.service))
            .collect();
        Finding::new(Issue::PortSilent, format!("nothing answers on {}", dead.join(", ")))
    })
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
