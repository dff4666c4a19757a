//! Another host's mail server, at 10.77.0.2, that mail is sent to: what it saw of the sender.

use serde_json::Value;

use crate::site::CA;
use crate::support::Machine;

const LOG: &str = "/var/log/peer.json";
/// The name that its certificate is for, and that /etc/hosts knows.
pub const NAME: &str = "client.example.org";

/// Whose certificate it shows.
pub enum Signed {
    ByTheCa,
    ByAnother,
    /// By the CA, but for a host of another name.
    Misnamed,
}

/// Starts one; ends with the machine.
pub fn start(machine: &Machine, signed: &Signed) -> u32 {
    let (ca, folder, name) = match signed {
        Signed::ByTheCa => ("/root/demoCA", "/root/peer", NAME),
        Signed::ByAnother => ("/root/otherCA", "/root/peer-of-another", NAME),
        Signed::Misnamed => ("/root/demoCA", "/root/misnamed", "mail.example.org"),
    };
    machine.shell(&format!(
        "test -d {ca} || mailca newca --no-input --ca-dir {ca} --cn 'Another CA'
         test -d {folder} || mailca issue --no-input --ca-dir {ca} --cn {name} $(basename {folder})"
    ));
    machine.write("/root/peer.py", include_str!("peer.py"), 0o644);
    let line = format!(
        "nsenter --net=/run/netns/client python3 /root/peer.py 10.77.0.2 {folder} {CA} {LOG}"
    );
    let pid = machine.spawn_daemon(&line);
    machine.wait_until("another host's server", || {
        machine.run_as_client("ss -Hltn 'sport = :25' | grep -q .").output().status == Some(0)
    });
    pid
}

/// What it has taken, in the order in which it came.
pub fn taken(machine: &Machine) -> Vec<Value> {
    let lines = machine.shell(&format!("cat {LOG} 2>/dev/null || :"));
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The first that it takes, once it does.
pub fn first(machine: &Machine) -> Value {
    machine.wait_until("a message at another host", || !taken(machine).is_empty());
    taken(machine).remove(0)
}
