//! What is to be looked at: hosts, and of each the ports.

use std::net::SocketAddr;

use crate::cli::Check;
use crate::error::{Error, Result};
use crate::net::service::{Protocol, Service};
use crate::net::target::{Host, Target, Typed, service_of_port};

/// A port of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Planned {
    /// What is reported; its host is the one that was named.
    pub(super) target: Target,
    /// Whether the port was named: that it does not answer is a finding then.
    pub(super) is_named: bool,
}

/// A host with its ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PlannedHost {
    pub(super) host: Host,
    pub(super) ports: Vec<Planned>,
}

/// All there is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) hosts: Vec<PlannedHost>,
    /// Where to connect to instead of looking hosts up, if anywhere.
    pub(super) connect: Vec<SocketAddr>,
    /// Whom every certificate is to be for, instead of its host.
    pub(super) name: Option<Host>,
}

impl Plan {
    /// Whether this is spoken on one of the ports.
    pub(super) fn has(&self, protocol: Protocol) -> bool {
        let mut ports = self.hosts.iter().flat_map(|host| &host.ports);
        ports.any(|port| port.target.service.protocol() == protocol)
    }
}

/// Takes the command line apart.
pub(super) fn plan(args: &Check) -> Result<Plan> {
    let name = args.host.as_deref().map(named).transpose()?;
    if !args.connect.is_empty() {
        return connected(args, name);
    }
    let mut hosts: Vec<PlannedHost> = Vec::new();
    for text in &args.targets {
        let typed = Typed::parse(text)?;
        let ports = if typed.port.is_none() {
            let usual = |service: Service| Planned {
                target: Target { host: typed.host.clone(), port: service.port(), service },
                is_named: false,
            };
            Service::ALL.map(usual).to_vec()
        } else {
            let target = typed.target(Service::Smtp)?;
            vec![Planned { target, is_named: true }]
        };
        let at = hosts.iter().position(|known| known.host == typed.host).unwrap_or_else(|| {
            hosts.push(PlannedHost { host: typed.host.clone(), ports: Vec::new() });
            hosts.len() - 1
        });
        for port in ports {
            add(&mut hosts[at].ports, port);
        }
    }
    Ok(Plan { hosts, connect: Vec::new(), name })
}

/// A port is looked at once, and one that was named stays so.
fn add(ports: &mut Vec<Planned>, new: Planned) {
    let same = |known: &&mut Planned| {
        known.target.port == new.target.port
            && (known.target.service == new.target.service || !(known.is_named && new.is_named))
    };
    match ports.iter_mut().find(same) {
        Some(known) if new.is_named => *known = new,
        Some(_) => {}
        None => ports.push(new),
    }
}

fn named(text: &str) -> Result<Host> {
    match Typed::parse(text)? {
        Typed { host, port: None, service: None } => Ok(host),
        _ => Err(Error::usage("--host is for a name alone, without a port")),
    }
}

/// One server, at these addresses.
fn connected(args: &Check, name: Option<Host>) -> Result<Plan> {
    let typed = match args.targets.as_slice() {
        [] => None,
        [one] => Some(Typed::parse(one)?),
        _ => return Err(Error::usage("--connect is for one server")),
    };
    let mut target: Option<Target> = None;
    let mut addresses = Vec::new();
    for text in &args.connect {
        let (address, service) = address(args, text)?;
        addresses.push(address);
        let host = typed.as_ref().map(|typed| typed.host.clone()).or_else(|| name.clone());
        let host = host.unwrap_or(Host::Address(address.ip()));
        let port = typed.as_ref().and_then(|typed| typed.port).unwrap_or(address.port());
        let named = typed.as_ref().filter(|typed| typed.port.is_some());
        let named = named.map(|typed| typed.target(Service::Smtp)).transpose()?;
        let service = match (named.map(|target| target.service), service) {
            (Some(one), Some(other)) if one != other => {
                return Err(Error::usage(format!("{text} names another service than the server")));
            }
            (Some(one), _) | (None, Some(one)) => one,
            (None, None) => service_of_port(&Host::Address(address.ip()), address.port())?,
        };
        let first = target.get_or_insert(Target { host, port, service });
        if first.service != service {
            return Err(Error::usage(format!(
                "{text} is for {service}, and the --connect before it for {}",
                first.service
            ))
            .hint("--connect is for the addresses of one service: check the others one by one"));
        }
    }
    let target = target.ok_or_else(|| Error::bug("--connect without an address"))?;
    let host = target.host.clone();
    let ports = vec![Planned { target, is_named: true }];
    Ok(Plan { hosts: vec![PlannedHost { host, ports }], connect: addresses, name })
}

/// An address with its port, and the service behind it.
fn address(args: &Check, text: &str) -> Result<(SocketAddr, Option<Service>)> {
    let typed = Typed::parse(text)?;
    let (Host::Address(address), Some(port)) = (typed.host, typed.port) else {
        return Err(Error::usage(format!("{text} is not ADDRESS:PORT"))
            .hint("--connect takes an address and a port: 192.0.2.1:25, [2001:db8::1]:25"));
    };
    if args.ipv4 && address.is_ipv6() || args.ipv6 && address.is_ipv4() {
        return Err(Error::usage(format!("{address} is of the other family")));
    }
    Ok((SocketAddr::new(address, port), typed.service))
}

/// What to ask for in the handshake: names only (RFC 6066 3).
pub(super) fn server_name(name: Option<&Host>) -> Option<&str> {
    match name {
        Some(Host::Name(name)) => Some(name),
        Some(Host::Address(_)) | None => None,
    }
}
