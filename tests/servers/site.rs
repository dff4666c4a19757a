//! What the machines of these tests have in common: a CA, the host's certificate, a user's.

use crate::support::Machine;

/// The root that all clients trust.
pub const CA: &str = "/root/demoCA/cacert.pem";
/// The folder of the certificate of mx.example.com.
pub const HOST: &str = "/root/mx";
/// The folder of joeuser's certificate.
pub const USER: &str = "/root/joeuser";

/// Makes them with the mailca under test.
pub fn certify(machine: &Machine) {
    machine.shell(
        "mailca newca --no-input --org 'Example Inc' --cn 'Example Mail CA' &&
         mailca issue --no-input --cn mx.example.com mx &&
         mailca issue --no-input --user joeuser --email joe@example.com joeuser",
    );
}

/// Copies the host's files into a folder, for a server that does not read root's.
pub fn deliver(machine: &Machine, folder: &str, owner: &str, mode: u32) {
    machine.shell(&format!(
        "mkdir -p {folder} &&
         for file in key.pem cert.pem cacert.pem; do
           install -o {owner} -g {group} -m {mode:o} {HOST}/$file {folder}/$file || exit 1
         done",
        owner = owner.split(':').next().unwrap_or_default(),
        group = owner.split(':').next_back().unwrap_or_default(),
    ));
}
