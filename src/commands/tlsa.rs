//! `mailca tlsa`: print DANE records for a mail host.

use std::path::Path;

use serde_json::json;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::cli::{Global, Tlsa};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::bundle::Bundle;
use crate::pki::certificate::Certificate;
use crate::pki::general_name::GeneralName;
use crate::pki::identity::Identity;
use crate::pki::key::PrivateKey;
use crate::pki::tlsa::{Record, Usage, owner};
use crate::store::ca::CaFolder;
use crate::store::folder::{CertificateFolder, FolderName};
use crate::store::layout;

/// The port of mail transfer, which is where DANE is looked for.
const SMTP: u16 = 25;

/// A record, which key it names in JSON, and that for a person.
struct Named {
    record: Record,
    key: &'static str,
    comment: String,
}

/// Prints the lines for the zone.
pub fn run(args: &Tlsa, global: &Global, env: &mut Env) -> Result<()> {
    let GeneralName::Dns(host) = host(&args.host)? else {
        return Err(Error::usage(format!("{} is an address", args.host))
            .hint("TLSA records are those of a host name"));
    };
    let folder = folder(args, &host, global)?;
    let certificate = first(&folder, layout::CERTIFICATE)?;
    check_host(&certificate, &host, &folder)?;
    let mut records = anchors(&certificate, &folder, global, env)?;
    records.extend(own_keys(&certificate, &folder, env)?);
    let ports = if args.port.is_empty() { vec![SMTP] } else { args.port.clone() };
    if global.json {
        let documents = ports.iter().flat_map(|port| {
            let name = owner(&host, *port);
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
        });
        let documents: Vec<_> = documents.collect();
        return env.print_json(&json!({ "host": host, "records": documents }));
    }
    env.print(
        "; 2 1 1 needs the CA's certificate in the chain that the server presents, the root too.",
    )?;
    for named in &records {
        env.print(&format!("; {}: {}", named.record, named.comment))?;
    }
    for port in ports {
        for named in &records {
            env.print(&format!("{} IN TLSA {}", owner(&host, port), named.record))?;
        }
    }
    Ok(())
}

fn host(text: &str) -> Result<GeneralName> {
    match GeneralName::host(text.trim_end_matches('.'))? {
        GeneralName::Dns(name) if name.starts_with('*') => {
            Err(Error::usage(format!("{name} is a pattern, not a host")))
        }
        name => Ok(name),
    }
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

/// The keys of the CA that issued the certificate: all of them while it is rolled over.
fn anchors(
    certificate: &Certificate,
    folder: &CertificateFolder,
    global: &Global,
    env: &mut Env,
) -> Result<Vec<Named>> {
    let now = env.now()?;
    let is_issuer = |one: &Certificate| one.subject.same_as(&certificate.issuer);
    let mut all: Vec<Certificate> = match CaFolder::open(&global.ca_dir) {
        Ok(ca) if is_issuer(ca.certificate()) => ca.bundle().all().cloned().collect(),
        // On the mail host itself there is no CA.
        _ if folder.has(layout::CHAIN) => folder.certificates(layout::CHAIN)?,
        _ => Vec::new(),
    };
    all.retain(|one| is_issuer(one) && one.not_after > now);
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
