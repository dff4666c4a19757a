//! `mailca tlsa`: print DANE records for a mail host.

mod live;

use std::path::Path;

use serde_json::{Value, json};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::cli::{Global, Tlsa};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::net::service::Service;
use crate::net::target::{Host, Target, Typed, service_of_port};
use crate::pki::bundle::Bundle;
use crate::pki::certificate::Certificate;
use crate::pki::identity::Identity;
use crate::pki::key::PrivateKey;
use crate::pki::tlsa::{Record, Usage, owner};
use crate::store::ca::CaFolder;
use crate::store::folder::{CertificateFolder, FolderName};
use crate::store::layout;

/// A record, which key it names in JSON, and that for a person.
struct Named {
    record: Record,
    key: &'static str,
    comment: String,
}

/// Prints the lines for the zone.
pub fn run(args: &Tlsa, global: &Global, env: &mut Env) -> Result<()> {
    let typed = Typed::parse(&args.host)?;
    let Host::Name(host) = &typed.host else {
        return Err(Error::usage(format!("{} is an address", args.host))
            .hint("TLSA records are those of a host name"));
    };
    let ports = ports(args, &typed)?;
    let targets = if args.check { targets(&ports, &typed, args)? } else { Vec::new() };
    let folder = folder(args, host, global)?;
    let certificate = first(&folder, layout::CERTIFICATE)?;
    check_host(&certificate, host, &folder)?;
    let authorities = authorities(&certificate, &folder, global)?;
    let mut records = anchors(&certificate, &authorities, env)?;
    if !records.is_empty() && !args.check {
        warn_of_chain(&folder, &records, env)?;
    }
    records.extend(own_keys(&certificate, &folder, env)?);
    let known = live::Known {
        host,
        records: &records,
        certificate: &certificate,
        authorities: &authorities,
    };
    let servers = live::look(&targets, args, &known, env)?;
    if global.json {
        let mut document = json!({ "host": host, "records": documents(host, &ports, &records) });
        if args.check {
            document["servers"] = servers.iter().map(|one| one.document(&known)).collect();
        }
        env.print_json(&document)?;
    } else {
        print(host, &ports, &records, env)?;
        for server in &servers {
            server.tell(&known, env);
        }
    }
    servers.iter().try_for_each(live::Live::verdict)
}

/// Those of `--port`, else the one behind the host, else that of mail transfer, which is where DANE is
/// looked for.
fn ports(args: &Tlsa, typed: &Typed) -> Result<Vec<u16>> {
    match (typed.port, args.port.is_empty()) {
        (Some(_), false) => {
            Err(Error::usage("the port is there twice: behind the host, and as --port")
                .hint("several ports are written --port 25 --port 587"))
        }
        (Some(port), true) => Ok(vec![port]),
        (None, true) => Ok(vec![Service::Smtp.port()]),
        (None, false) => Ok(args.port.clone()),
    }
}

/// Where to look at the server.
fn targets(ports: &[u16], typed: &Typed, args: &Tlsa) -> Result<Vec<Target>> {
    if args.connect.is_some() && ports.len() > 1 {
        return Err(Error::usage("--connect is for one port"));
    }
    let target = |port: &u16| {
        let service = match typed.service {
            Some(service) => service,
            None => service_of_port(&typed.host, *port)?,
        };
        Ok(Target { host: typed.host.clone(), port: *port, service })
    };
    ports.iter().map(target).collect()
}

fn documents(host: &str, ports: &[u16], records: &[Named]) -> Vec<Value> {
    let of_port = |port: &u16| {
        let (name, port) = (owner(host, *port), *port);
        records.iter().map(move |named| {
            json!({
                "name": name,
                "port": port,
                "usage": named.record.usage.number(),
                "selector": Record::SELECTOR,
                "matching_type": Record::MATCHING,
                "data": named.record.hash,
                "key": named.key,
            })
        })
    };
    ports.iter().flat_map(of_port).collect()
}

fn print(host: &str, ports: &[u16], records: &[Named], env: &mut Env) -> Result<()> {
    env.print(
        "; 2 1 1 needs the CA's certificate in the chain that the server presents, the root too.",
    )?;
    for named in records {
        env.print(&format!("; {}: {}", named.record, named.comment))?;
    }
    for port in ports {
        for named in records {
            env.print(&format!("{} IN TLSA {}", owner(host, *port), named.record))?;
        }
    }
    Ok(())
}

/// A server that is given cert.pem and no more sends what is in it.
fn warn_of_chain(folder: &CertificateFolder, anchors: &[Named], env: &mut Env) -> Result<()> {
    let sent = folder.certificates(layout::CERTIFICATE)?;
    let is_anchor = |one: &Certificate| {
        let record = Record::new(Usage::TrustAnchor, &one.public_key);
        anchors.iter().any(|named| named.record == record)
    };
    if !sent.iter().skip(1).any(is_anchor) {
        env.say(&format!(
            "{} does not hold the CA's certificate, which the server has to send for 2 1 1; --check \
             looks whether it does",
            folder.path_of(layout::CERTIFICATE).display()
        ));
    }
    Ok(())
}

/// The folder that was named, else HOST/, else the current one.
fn folder(args: &Tlsa, host: &str, global: &Global) -> Result<CertificateFolder> {
    let folder = match &args.name {
        Some(name) => CertificateFolder::of(Some(&FolderName::parse(name)?), &global.ca_dir)?,
        None if Path::new(host).join(layout::CERTIFICATE.name).exists() => {
            CertificateFolder::at(Path::new(host), &global.ca_dir)?
        }
        None => CertificateFolder::of(None, &global.ca_dir)?,
    };
    if folder.has(layout::CERTIFICATE) {
        return Ok(folder);
    }
    Err(Error::refused(format!(
        "there is no certificate: {} is missing",
        folder.path_of(layout::CERTIFICATE).display()
    ))
    .hint(format!("name the folder that it is in: `mailca tlsa {host} NAME`")))
}

fn first(folder: &CertificateFolder, kind: layout::FileKind) -> Result<Certificate> {
    let found = folder.certificates(kind)?.into_iter().next();
    found.ok_or_else(|| Error::bug("a certificate file without a certificate"))
}

/// Records for another host's key would lock everybody out.
fn check_host(certificate: &Certificate, host: &str, folder: &CertificateFolder) -> Result<()> {
    let (_, parsed) = X509Certificate::from_der(certificate.as_der())
        .map_err(|_| Error::bug("a certificate that was read is malformed"))?;
    Identity::host(host)?.check(&parsed).map(|_| ()).map_err(|error| {
        error
            .as_refused()
            .at(folder.path_of(layout::CERTIFICATE).display())
            .hint(format!("name the folder of {host}'s certificate: `mailca tlsa {host} NAME`"))
    })
}

/// The certificates of the CA, and those above it.
fn authorities(
    certificate: &Certificate,
    folder: &CertificateFolder,
    global: &Global,
) -> Result<Vec<Certificate>> {
    match CaFolder::open(&global.ca_dir) {
        Ok(ca) if ca.certificate().subject.same_as(&certificate.issuer) => {
            Ok(ca.bundle().all().cloned().collect())
        }
        // On the mail host itself there is no CA.
        _ if folder.has(layout::CHAIN) => folder.certificates(layout::CHAIN),
        _ => Ok(Vec::new()),
    }
}

/// The keys of the CA that issued the certificate: all of them while it is rolled over.
fn anchors(
    certificate: &Certificate,
    authorities: &[Certificate],
    env: &mut Env,
) -> Result<Vec<Named>> {
    let now = env.now()?;
    let mut all = authorities.to_vec();
    all.retain(|one| one.subject.same_as(&certificate.issuer) && one.not_after > now);
    // Its own root first: beside certificates it is the last one.
    all.sort_by_key(|one| std::cmp::Reverse((one.is_self_signed(), one.not_before)));
    let Some(bundle) = Bundle::new(all) else {
        env.warn("the CA's certificate is not here: no record is printed for its key");
        return Ok(Vec::new());
    };
    let keys = bundle.keys();
    let several = keys.len() > 1;
    let named = keys.into_iter().enumerate().map(|(at, key)| {
        let title = bundle.own().title();
        let (name, which) = match at {
            0 if several => ("ca", "the new key of the CA"),
            0 => ("ca", "the key of the CA"),
            _ => ("previous-ca", "an older key of the CA"),
        };
        let record = Record::new(Usage::TrustAnchor, key);
        Named { record, key: name, comment: format!("{which} {title}") }
    });
    Ok(named.collect())
}

/// The host's key, and the one that takes its place at the next renewal.
fn own_keys(
    certificate: &Certificate,
    folder: &CertificateFolder,
    env: &mut Env,
) -> Result<Vec<Named>> {
    let path = folder.path_of(layout::CERTIFICATE);
    let mut found = vec![Named {
        record: Record::new(Usage::EndEntity, &certificate.public_key),
        key: "current",
        comment: format!("the key of {}", path.display()),
    }];
    if folder.has(layout::NEXT_KEY) {
        let path = folder.path_of(layout::NEXT_KEY);
        let encrypted = || Err(Error::refused("it is encrypted"));
        let next = PrivateKey::from_file_content(&folder.read(layout::NEXT_KEY)?, encrypted)
            .map_err(|error| error.at(path.display()))?;
        let record = Record::new(Usage::EndEntity, next.public_key());
        if record != found[0].record {
            found.push(Named {
                record,
                key: "next",
                comment: format!("the key of {}, prepared for the next renewal", path.display()),
            });
        }
    } else {
        env.say(
            "no next key is prepared: `mailca newreq --next-key` makes one, so that its record is in the \
             DNS before it is used",
        );
    }
    Ok(found)
}
