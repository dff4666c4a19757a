//! A server as people type it: `HOST`, `HOST:PORT`, `HOST:SERVICE`, `HOST:PORT/SERVICE`.
//!
//! The host is a name, which becomes A-labels, or an address: `192.0.2.1`, `2001:db8::1` alone, or
//! `[2001:db8::1]:25`. The last form says what is spoken on a port that is nobody's usual one:
//! `mail.example.com:2525/smtp`.

use std::fmt;
use std::net::Ipv6Addr;

use crate::error::{Error, Result};
use crate::net::service::Service;
use crate::pki::general_name::GeneralName;
use crate::pki::printable::printable;

/// A host, a port, and what is spoken there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// A host name in A-labels, without a trailing dot and no pattern, or an address.
    pub host: Host,
    /// Not 0.
    pub port: u16,
    /// What is spoken there.
    pub service: Service,
}

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// A name in lower-case A-labels.
    Name(String),
    /// An address.
    Address(std::net::IpAddr),
}

/// What was typed, before it is known whether the port has a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// Where.
    pub host: Host,
    /// The port, where one was named, be it by its service.
    pub port: Option<u16>,
    /// The service, where one was named.
    pub service: Option<Service>,
}

impl Typed {
    /// Takes the text apart. Fails with a usage error where it is malformed.
    pub fn parse(text: &str) -> Result<Self> {
        let (place, service) = match text.split_once('/') {
            Some((_, rest)) if rest.starts_with('/') => return Err(is_url(text)),
            Some((place, name)) => (place, Some(service(name)?)),
            None => (text, None),
        };
        let (host, port) = split(place)?;
        let host = host_of(host)?;
        let typed = match port {
            None => Self { host, port: service.map(Service::port), service },
            Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                let number = port.parse().ok().filter(|number| *number != 0);
                let number = number.ok_or_else(|| {
                    Error::usage(format!("{} is not a port", quoted(port)))
                        .hint("ports are 1 to 65535")
                })?;
                Self { host, port: Some(number), service }
            }
            Some(name) => {
                let named = self::service(name)?;
                if service.is_some_and(|service| service != named) {
                    return Err(Error::usage(format!("{} names two services", quoted(text))));
                }
                Self { host, port: Some(named.port()), service: Some(named) }
            }
        };
        Ok(typed)
    }

    /// The target, with `default` where neither a port nor a service was named.
    pub fn target(&self, default: Service) -> Result<Target> {
        let service = match (self.service, self.port) {
            (Some(service), _) => service,
            (None, None) => default,
            (None, Some(port)) => service_of_port(&self.host, port)?,
        };
        let port = self.port.unwrap_or_else(|| service.port());
        Ok(Target { host: self.host.clone(), port, service })
    }
}

/// The service whose usual port this is; the error says how to name one for another port.
pub fn service_of_port(host: &Host, port: u16) -> Result<Service> {
    Service::by_port(port).ok_or_else(|| {
        Error::usage(format!("port {port} is not the usual one of any mail service")).hint(format!(
            "say what is spoken there: {}/SERVICE, with one of {}",
            Place { host, port },
            Service::names()
        ))
    })
}

impl Target {
    /// Reads a target; without a port or service it is that of `default`.
    pub fn parse(text: &str, default: Service) -> Result<Self> {
        Typed::parse(text)?.target(default)
    }

    /// Host and port, for a message.
    pub fn place(&self) -> impl fmt::Display + '_ {
        Place { host: &self.host, port: self.port }
    }
}

impl fmt::Display for Target {
    /// In a form that is read again as the same.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.place(), self.service)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => formatter.write_str(name),
            Self::Address(address) => address.fmt(formatter),
        }
    }
}

struct Place<'a> {
    host: &'a Host,
    port: u16,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host {
            Host::Address(address @ std::net::IpAddr::V6(_)) => {
                write!(formatter, "[{address}]:{}", self.port)
            }
            host => write!(formatter, "{host}:{}", self.port),
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", printable(text))
}

fn is_url(text: &str) -> Error {
    Error::usage(format!("{} is a URL, not a host", quoted(text)))
        .hint("write the host alone, or HOST:PORT")
}

fn service(name: &str) -> Result<Service> {
    Service::by_name(name).ok_or_else(|| {
        Error::usage(format!("{} is not a mail service", quoted(name)))
            .hint(format!("one of {}", Service::names()))
    })
}

/// Host, and what follows its colon.
fn split(place: &str) -> Result<(&str, Option<&str>)> {
    let bad = || {
        Error::usage(format!("{} is not HOST or HOST:PORT", quoted(place)))
            .hint("an IPv6 address with a port is written [2001:db8::1]:25")
    };
    if let Some(rest) = place.strip_prefix('[') {
        let (address, rest) = rest.split_once(']').ok_or_else(bad)?;
        address.parse::<Ipv6Addr>().map_err(|_| bad())?;
        return match rest.strip_prefix(':') {
            Some(port) if !port.is_empty() => Ok((address, Some(port))),
            None if rest.is_empty() => Ok((address, None)),
            _ => Err(bad()),
        };
    }
    match place.split_once(':') {
        None if place.is_empty() => Err(bad()),
        None => Ok((place, None)),
        Some(_) if place.parse::<Ipv6Addr>().is_ok() => Ok((place, None)),
        Some((host, port)) if host.is_empty() || port.is_empty() || port.contains(':') => {
            Err(bad())
        }
        Some((host, port)) => Ok((host, Some(port))),
    }
}

fn host_of(text: &str) -> Result<Host> {
    match GeneralName::host(text.strip_suffix('.').unwrap_or(text)).map_err(Error::as_usage)? {
        GeneralName::Dns(name) if name.starts_with('*') => {
            Err(Error::usage(format!("{name} is a pattern, not a host")))
        }
        GeneralName::Dns(name) => Ok(Host::Name(name)),
        GeneralName::Ip(address) => Ok(Host::Address(address)),
        _ => Err(Error::bug("a host is neither a name nor an address")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_read_again() {
        let cases = [
            ("mail.example.com", "mail.example.com:25/smtp"),
            ("Mail.Example.COM.", "mail.example.com:25/smtp"),
            ("mail.example.com:993", "mail.example.com:993/imaps"),
            ("mail.example.com:submission", "mail.example.com:587/submission"),
            ("mail.example.com:SMTPS", "mail.example.com:465/submissions"),
            ("mail.example.com/sieve", "mail.example.com:4190/sieve"),
            ("mail.example.com:2525/smtp", "mail.example.com:2525/smtp"),
            ("mail.example.com:25/imap", "mail.example.com:25/imap"),
            ("mail.example.com:imap/imap", "mail.example.com:143/imap"),
            ("[::1]:25", "[::1]:25/smtp"),
            ("[2001:db8::1]", "[2001:db8::1]:25/smtp"),
            ("2001:db8::1", "[2001:db8::1]:25/smtp"),
            ("192.0.2.1:pop3s", "192.0.2.1:995/pop3s"),
            ("bücher.example:143", "xn--bcher-kva.example:143/imap"),
            ("localhost", "localhost:25/smtp"),
        ];
        for (text, shown) in cases {
            let target = Target::parse(text, Service::Smtp).unwrap();
            assert_eq!(target.to_string(), shown, "{text}");
            assert_eq!(Target::parse(shown, Service::Imap).unwrap(), target);
        }
        let target = Target::parse("mail.example.com", Service::Imaps).unwrap();
        assert_eq!((target.port, target.service), (993, Service::Imaps));
    }

    #[test]
    fn what_is_malformed_is_wrong_usage() {
        for (text, word) in [
            ("", "HOST:PORT"),
            (":25", "HOST:PORT"),
            ("mail:", "HOST:PORT"),
            ("mail:0", "not a port"),
            ("mail:65536", "not a port"),
            ("mail:99999999999999999999", "not a port"),
            ("mail:-1", "not a mail service"),
            ("mail:https", "not a mail service"),
            ("mail:25/", "not a mail service"),
            ("mail:imap/pop3", "two services"),
            ("mail:2525", "usual"),
            ("[::1", "HOST:PORT"),
            ("[::1]25", "HOST:PORT"),
            ("[::1]:", "HOST:PORT"),
            ("[192.0.2.1]:25", "HOST:PORT"),
            ("a:b:c", "HOST:PORT"),
            ("https://mail.example.com/", "URL"),
            ("*.example.com", "pattern"),
            ("joe@example.com", "e-mail"),
            ("mail\u{202e}:25", "cannot be seen"),
            ("mail:25\u{1b}[31m", "\\u{1b}"),
        ] {
            let error = Target::parse(text, Service::Smtp).unwrap_err();
            assert!(error.to_string().contains(word), "{text}: {error}");
            assert_eq!(error.kind(), crate::error::Kind::Usage, "{text}");
        }
        let error = Target::parse("[::1]:2525", Service::Smtp).unwrap_err();
        assert!(error.hints()[0].contains("[::1]:2525/SERVICE"), "{:?}", error.hints());
    }
}
