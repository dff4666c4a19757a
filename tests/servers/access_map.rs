//! What `mailca access-map` prints lets in exactly those who are named, at the real servers.

use std::fmt::Write as _;

use crate::support::{Machine, need_machine};
use crate::{exim, postfix, sendmail, site};

pub const SENDMAIL_MAP: &str = "/etc/mail/mailca.access";
pub const POSTFIX_MAP: &str = "/etc/postfix/relay_clientcerts";
pub const EXIM_MAP: &str = "/etc/exim4/relay_clientcerts";

/// Whether the server relays for the holder of a certificate, or for somebody without one.
fn relays(machine: &Machine, folder: Option<&str>) -> bool {
    let conversation = machine.smtp(site::CA);
    let conversation = match folder {
        Some(folder) => conversation.certificate(folder),
        None => conversation,
    };
    let replies = conversation.offer("a@example.org", "b@example.net");
    assert_eq!(replies.len(), 2, "{replies:?}\n{}", machine.told());
    assert!(replies[0].starts_with("250"), "{replies:?}\n{}", machine.told());
    let relays = replies[1].starts_with("250");
    let refused = ["550", "554"].iter().any(|code| replies[1].starts_with(code));
    assert!(relays || refused, "{replies:?}\n{}", machine.told());
    relays
}

/// Another user of the CA.
fn user(machine: &Machine, name: &str) {
    machine
        .shell(&format!("mailca issue --no-input --user {name} --email {name}@example.com {name}"));
}

/// The lines that the comment in the map has for sendmail.mc.
pub fn sendmail_with_map(machine: &Machine, more: &str) {
    let text = machine.shell("mailca access-map --issuer");
    let lines = text.lines().skip_while(|line| !line.contains("LOCAL_CONFIG"));
    let lines: Vec<_> = lines.take(4).map(|line| line.trim_start_matches(['#', ' '])).collect();
    assert!(lines[3].starts_with("FEATURE"), "{text}");
    sendmail::start(machine, &format!("{}{}\n{more}", sendmail::tls(), lines.join("\n")));
}

/// A certificate for a subject of openssl's spelling, in a folder.
fn certify(machine: &Machine, folder: &str, subject: &str, mask: &str) {
    machine.write(
        &format!("/root/{folder}/req.cnf"),
        format!(
            "[req]\nprompt=no\nutf8=yes\nstring_mask={mask}\ndistinguished_name=dn\nreq_extensions=ext\n\
             [dn]\n{subject}\n[ext]\nsubjectAltName=email:{folder}@example.com\n"
        ),
        0o600,
    );
    machine.shell(&format!(
        "cd {folder} && openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
           -config req.cnf -keyout key.pem -out req.csr 2>req.log &&
         mailca sign req.csr --ca-dir ../demoCA --profile user --yes -q -o cert.pem",
    ));
}

/// Lines of a distinguished name, and those of one that is almost the same.
const NAMES: [(&str, &str, &str); 13] = [
    ("CN=Joe User", "CN=Joe  User", "utf8only"),
    ("CN=darth+cert@", "CN=darth cert@", "utf8only"),
    ("CN=A/B", "CN=A\\\\B", "utf8only"),
    ("CN=(a) <b>", "CN=[a] <b>", "utf8only"),
    ("CN=say \\\"q\\\" 'q'", "CN=say 'q' \\\"q\\\"", "utf8only"),
    ("CN=Zo\u{eb} M\u{fc}ller", "CN=Zoe Muller", "utf8only"),
    ("CN=joe@example.com\nemailAddress=joe@example.com", "CN=joe@example.com", "utf8only"),
    ("CN=\u{40}bmp \u{444}", "CN=\u{40}bmp \u{445}", "MASK:0x800"),
    ("OU=Unit\n+CN=Both", "OU=Unit\nCN=Both", "utf8only"),
    ("CN=a,b;c:d=e*f\\#g", "CN=a,b;c:d=e*f\\#h", "utf8only"),
    ("CN=cash \\$x \\$&{j} \\$1 %0 {a} !b|c^d~e`f?g&h", "CN=cash \\$y", "utf8only"),
    ("O=Ex\n1.OU=one\n2.OU=two\nCN=many", "O=Ex\n1.OU=two\n2.OU=one\nCN=many", "utf8only"),
    (
        "C=DE\nST=Bayern\nL=M\u{fc}nchen\nO=A \\\\ B\nUID=u1\nCN=all",
        "C=DE\nST=Bayern\nCN=all",
        "utf8only",
    ),
];

#[test]
fn sendmail_of_trixie_knows_every_name() {
    sendmail_knows_every_name(&need_machine!("sendmail", "trixie"));
}

#[test]
fn sendmail_of_bookworm_knows_every_name() {
    sendmail_knows_every_name(&need_machine!("sendmail", "bookworm"));
}

fn sendmail_knows_every_name(machine: &Machine) {
    site::certify(machine);
    let mut named = String::new();
    for (number, (name, almost, mask)) in NAMES.iter().enumerate() {
        certify(machine, &format!("u{number}"), name, mask);
        certify(machine, &format!("x{number}"), almost, mask);
        let _ = write!(named, " u{number}");
    }
    sendmail_with_map(machine, "");
    machine.shell(&format!("mailca access-map{named} -o {SENDMAIL_MAP} --build"));
    let map = machine.read(SENDMAIL_MAP);
    for (number, (name, almost, _)) in NAMES.iter().enumerate() {
        let is_in = |folder| relays(machine, Some(&format!("/root/{folder}{number}")));
        assert!(is_in("u"), "{name:?}\n{map}\n{}", machine.told());
        assert!(!is_in("x"), "{almost:?}\n{map}");
    }
    assert!(!relays(machine, None));
    // Whatever is signed, once everybody is.
    machine.shell(&format!("mailca access-map --issuer -o {SENDMAIL_MAP} --build"));
    assert!(relays(machine, Some("/root/x0")));
    assert!(!relays(machine, None));
    other_ca(machine);
    assert!(!relays(machine, Some("/root/foreign")));
}

/// A user of another CA, whose name is that of ours.
fn other_ca(machine: &Machine) {
    machine.shell(
        "mailca newca -q --no-input --org 'Example Inc' --cn 'Example Mail CA' --ca-dir other &&
         mailca issue -q --no-input --ca-dir other --user joeuser --email joe@example.com foreign",
    );
}

#[test]
fn names_that_sendmail_cuts_are_in_no_map() {
    let machine = need_machine!("sendmail", "trixie");
    site::certify(&machine);
    // Cut by OpenSSL at an attribute, and by Sendmail in the middle of one.
    let units = |length: usize, byte: &str| {
        format!("1.OU={0}\n2.OU={0}\n3.OU={0}\n4.OU={0}", byte.repeat(length))
    };
    certify(&machine, "u0", &format!("{}\nCN=long", units(60, "a")), "utf8only");
    certify(&machine, "u1", &format!("{}\nCN=long", units(57, "b")), "utf8only");
    certify(&machine, "u2", &format!("{}\nCN=long", units(20, "\u{fc}")), "utf8only");
    certify(&machine, "x0", &format!("{}\nCN=long", units(61, "a")), "utf8only");
    sendmail_with_map(&machine, "");
    let told =
        machine.run(&format!("mailca access-map u0 u1 u2 -o {SENDMAIL_MAP} --build")).success();
    assert_eq!(told.stderr.matches("longer than Sendmail looks at").count(), 3, "{told}");
    for folder in ["u0", "u1", "u2"] {
        let relays = relays(&machine, Some(&format!("/root/{folder}")));
        assert!(!relays, "{folder}\n{}\n{}", machine.read(SENDMAIL_MAP), machine.told());
    }
    // The whole of its CA may still be let in.
    machine.shell(&format!("mailca access-map --issuer -o {SENDMAIL_MAP} --build"));
    assert!(relays(&machine, Some("/root/u0")));
}

#[test]
fn sendmail_asks_of_connections_what_the_map_says() {
    let machine = need_machine!("sendmail", "trixie");
    site::certify(&machine);
    user(&machine, "ann");
    sendmail_with_map(&machine, "");
    let replies = |options: &str, folder: Option<&str>| {
        machine.shell(&format!(
            "mailca access-map --tls-clt 10.77.0.2 {options} -o {SENDMAIL_MAP} --build"
        ));
        let conversation = machine.smtp(site::CA);
        let conversation = match folder {
            Some(folder) => conversation.certificate(folder),
            None => conversation,
        };
        conversation.offer("a@example.org", "root@example.com").join("\n")
    };
    let [joe, ann] = [Some(site::USER), Some("/root/ann")];
    for (options, folder, good) in [
        ("--verify", joe, true),
        ("--verify", None, false),
        ("--bits 128", None, true),
        ("--bits 1024", None, false),
        ("--verify --bits 128 --perm", joe, true),
        ("--verify --bits 1024", joe, false),
        ("--verify --match-cn=joeuser", joe, true),
        ("--verify --match-cn=joeuser", ann, false),
        ("--verify --match-cn", joe, false),
        ("--verify --match-subject joeuser", joe, true),
        ("--verify --match-subject joeuser", ann, false),
        ("--verify --match-issuer ann", joe, true),
        ("--verify --match-issuer demoCA/cacert.pem", joe, true),
        (
            "--verify --bits 128 --match-cn=joeuser --match-subject joeuser --match-issuer mx",
            joe,
            true,
        ),
        (
            "--verify --bits 128 --match-cn=joeuser --match-subject ann --match-issuer mx",
            joe,
            false,
        ),
    ] {
        let said = replies(options, folder);
        let accepted = said.lines().all(|line| line.starts_with("250"));
        assert_eq!(accepted, good, "{options} {folder:?}: {said}\n{}", machine.told());
    }
    let permanent = replies("--verify --perm", None);
    assert!(permanent.starts_with('5'), "{permanent}");
    let temporary = replies("--verify --temp", None);
    assert!(temporary.starts_with('4'), "{temporary}");
}

#[test]
fn sendmail_forgets_who_was_revoked() {
    let machine = need_machine!("sendmail", "trixie");
    site::certify(&machine);
    user(&machine, "ann");
    sendmail_with_map(&machine, "");
    follow(&machine, &format!("sendmail:{SENDMAIL_MAP}"));
    revoked_at_once(&machine);
}

/// Has maps made anew by every revocation, and now.
pub fn follow(machine: &Machine, place: &str) {
    machine.shell(&format!(
        "printf 'access-maps = [\"{place}\"]\\n' >>demoCA/mailca.toml && mailca crl"
    ));
}

/// Both users relay, until one is revoked. A new one does, too.
fn revoked_at_once(machine: &Machine) {
    assert!(relays(machine, Some(site::USER)), "{}", machine.told());
    assert!(relays(machine, Some("/root/ann")), "{}", machine.told());
    assert!(!relays(machine, None));
    machine.shell("mailca revoke joeuser");
    assert!(!relays(machine, Some(site::USER)), "{}", machine.told());
    assert!(relays(machine, Some("/root/ann")), "{}", machine.told());
    user(machine, "new");
    assert!(relays(machine, Some("/root/new")), "{}", machine.told());
}

/// The command of main.cf in the comment of the map, and what lets the listed relay.
pub fn postfix_with_map(machine: &Machine, options: &str) {
    let tls =
        postfix::tls().replace("permit_mynetworks", "permit_mynetworks, permit_tls_clientcerts");
    postfix::start(machine, &tls);
    let text = machine.shell(&format!("mailca access-map --all --for postfix {options}"));
    let command = text.lines().find(|line| line.contains("postconf -e")).unwrap();
    machine.shell(command.trim_start_matches(['#', ' ']));
    postfix::reload(machine);
}

#[test]
fn postfix_of_trixie_forgets_who_was_revoked() {
    postfix_forgets_who_was_revoked(&need_machine!("postfix", "trixie"), "", "postfix");
}

#[test]
fn postfix_of_bookworm_forgets_who_was_revoked() {
    postfix_forgets_who_was_revoked(&need_machine!("postfix", "bookworm"), "", "postfix");
}

#[test]
fn postfix_goes_by_public_keys_and_other_digests() {
    let machine = need_machine!("postfix", "bookworm");
    postfix_forgets_who_was_revoked(&machine, "--key --digest sha1", "postfix+key+sha1");
}

fn postfix_forgets_who_was_revoked(machine: &Machine, options: &str, name: &str) {
    site::certify(machine);
    user(machine, "ann");
    machine.shell(&format!(
        "mailca access-map --all --for postfix {options} -o {POSTFIX_MAP} --build"
    ));
    postfix_with_map(machine, options);
    other_ca(machine);
    assert!(!relays(machine, Some("/root/foreign")));
    follow(machine, &format!("{name}:{POSTFIX_MAP}"));
    revoked_at_once(machine);
    // Nothing else keeps a revoked one out: Postfix reads no revocation list.
    machine.shell(&format!(
        "mailca access-map joeuser --ca-dir nowhere --for postfix {options} -o {POSTFIX_MAP} --build"
    ));
    assert!(relays(machine, Some(site::USER)), "{}", machine.told());
}

#[test]
fn exim_of_trixie_forgets_who_was_revoked() {
    exim_forgets_who_was_revoked(&need_machine!("exim", "trixie"));
}

#[test]
fn exim_of_bookworm_forgets_who_was_revoked() {
    exim_forgets_who_was_revoked(&need_machine!("exim", "bookworm"));
}

fn exim_forgets_who_was_revoked(machine: &Machine) {
    site::certify(machine);
    user(machine, "ann");
    exim_with_map(machine);
    follow(machine, &format!("exim:{EXIM_MAP}"));
    other_ca(machine);
    assert!(!relays(machine, Some("/root/foreign")));
    revoked_at_once(machine);
}

/// The rule in the comment of the map.
pub fn exim_with_map(machine: &Machine) {
    exim::deliver(machine);
    let text = machine.shell("mailca access-map --all --for exim");
    let rule = text.lines().skip_while(|line| !line.contains("accept")).take(3);
    let rule: Vec<_> = rule.map(|line| line.trim_start_matches('#')).collect();
    exim::start(machine, &exim::tls(), &format!("{}\n", rule.join("\n")));
}
