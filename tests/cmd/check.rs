//! `mailca check`: every finding against a server that has it, and every option.

#[path = "check/certificates.rs"]
mod certificates;
#[path = "check/clients.rs"]
mod clients;
#[path = "check/commands.rs"]
mod commands;
#[path = "check/conversations.rs"]
mod conversations;
#[path = "check/families.rs"]
mod families;
#[path = "check/hostile.rs"]
mod hostile;
#[path = "check/impostors.rs"]
mod impostors;
#[path = "check/options.rs"]
mod options;
#[path = "check/outputs.rs"]
mod outputs;
#[path = "check/second.rs"]
mod second;
#[path = "check/strict.rs"]
mod strict;
#[path = "check/versions.rs"]
mod versions;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use mailca::net::service::Protocol;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use serde_json::Value;

use crate::support::{Folder, Mail, Openssl, Outcome, Run};

/// A folder with a CA, and the certificate of mail.example.com in `mail/`.
fn with_host() -> Folder {
    let folder = Folder::with_ca();
    folder.mailca("issue --cn mail.example.com mail").success();
    folder
}

/// A configuration that presents what is in these files, whether it belongs together or not.
fn config(folder: &Folder, key: &str, certificates: &[&str]) -> ServerConfig {
    let read = |name: &&str| CertificateDer::from_pem_file(folder.path(name)).unwrap();
    presenting(folder, key, certificates.iter().map(read).collect())
}

fn presenting(folder: &Folder, key: &str, chain: Vec<CertificateDer<'static>>) -> ServerConfig {
    ServerConfig::builder().with_no_client_auth().with_cert_resolver(resolver(folder, key, chain))
}

fn resolver(
    folder: &Folder,
    key: &str,
    chain: Vec<CertificateDer<'static>>,
) -> Arc<SingleCertAndKey> {
    let key = PrivateKeyDer::from_pem_file(folder.path(key)).unwrap();
    let key = aws_lc_rs::sign::any_supported_type(&key).unwrap();
    Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key)))
}

/// A server of submissions with that configuration.
fn submissions(config: ServerConfig) -> SocketAddr {
    Mail { implicit: true, ..Mail::new(Protocol::Smtp, config) }.start()
}

/// Checks mail.example.com, which is there; the words are more arguments.
fn check(folder: &Folder, service: &str, address: SocketAddr, words: &str) -> Run {
    folder.mailca(&format!("check mail.example.com:{service} --connect {address} --json {words}"))
}

/// The same for a server that presents these files.
fn check_files(folder: &Folder, key: &str, certificates: &[&str], words: &str) -> Run {
    check(folder, "submissions", submissions(config(folder, key, certificates)), words)
}

/// The findings of a report as `severity id`, those of the host too, in order.
fn found(outcome: &Outcome) -> Vec<String> {
    findings(&document(outcome))
        .iter()
        .map(|one| format!("{} {}", one["severity"].as_str().unwrap(), one["id"].as_str().unwrap()))
        .collect()
}

fn document(outcome: &Outcome) -> Value {
    serde_json::from_slice(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome}"))
}

fn findings(document: &Value) -> Vec<Value> {
    let list = |value: &Value| value.as_array().unwrap().clone();
    let of_host = |host: &Value| {
        let ports = list(&host["ports"]);
        let of_ports = ports.iter().flat_map(|port| list(&port["findings"]));
        of_ports.chain(list(&host["findings"])).collect::<Vec<_>>()
    };
    list(&document["hosts"]).iter().flat_map(of_host).collect()
}

/// What was seen of a finding.
fn seen(outcome: &Outcome, id: &str) -> String {
    let all = findings(&document(outcome));
    let one = all.iter().find(|one| one["id"] == id).unwrap_or_else(|| panic!("{id}: {outcome}"));
    one["seen"].as_str().unwrap().to_owned()
}

/// That a check finds exactly this, and ends as it has to.
#[track_caller]
fn finds(run: Run, wanted: &[&str]) -> Outcome {
    let outcome = run.output();
    assert_eq!(found(&outcome), wanted, "{outcome}");
    let is_failure = wanted.iter().any(|one| !one.starts_with("info"));
    assert_eq!(outcome.status, Some(if is_failure { 3 } else { 0 }), "{outcome}");
    outcome
}

/// A certificate signed by the CA in the folder, made by openssl with extensions of its own, in NAME.pem with
/// NAME.key.
fn signed(folder: &Folder, name: &str, key: &str, extensions: &str, options: &str) -> PathBuf {
    folder.foreign_key(name, key);
    folder
        .openssl(&format!("req -new -key {name}.key -out {name}.csr -subj /CN=mail.example.com"))
        .success();
    folder.write(&format!("{name}.ext"), extensions);
    folder
        .openssl(&format!(
            "x509 -req -in {name}.csr -CA demoCA/cacert.pem -CAkey demoCA/private/cakey.pem \
             -set_serial 4711 -extfile {name}.ext -out {name}.pem {options}"
        ))
        .success();
    folder.path(&format!("{name}.pem"))
}
