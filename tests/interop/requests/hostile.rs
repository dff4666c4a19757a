//! Requests of somebody who means harm: whatever is in them, nothing reaches the terminal, the index, the
//! access map or the disk but what was approved, in characters that are seen.

use std::fmt::Write as _;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

use super::openssl_reads_the_index;
use super::picture::{assert_clean, assert_clean_folder, assert_clean_screen};
use crate::support::{Folder, MAILCA, Pty, Snapshot, need, tlv};

const UTF8: u8 = 0x0C;
const PRINTABLE: u8 = 0x13;
const T61: u8 = 0x14;
const IA5: u8 = 0x16;
const BMP: u8 = 0x1E;

const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const ORGANIZATION: &[u8] = &[0x55, 4, 10];
const NOBODYS: &[u8] = &[0x2A, 3, 4];

/// A relative distinguished name of one value.
fn rdn(oid: &[u8], tag: u8, value: &[u8]) -> Vec<u8> {
    let pair = tlv::of(0x30, &[&tlv::element(6, oid), &tlv::element(tag, value)]);
    tlv::element(0x31, &pair)
}

fn name(rdns: &[Vec<u8>]) -> Vec<u8> {
    tlv::element(0x30, &rdns.concat())
}

fn common_name(text: &str) -> Vec<u8> {
    name(&[rdn(COMMON_NAME, UTF8, text.as_bytes())])
}

/// A subjectAltName extension with this value.
fn san(value: &[u8]) -> Vec<u8> {
    tlv::of(0x30, &[&tlv::element(6, &[0x55, 0x1D, 17]), &tlv::element(4, value)])
}

fn dns(names: &[&[u8]]) -> Vec<u8> {
    let names: Vec<_> = names.iter().map(|name| tlv::element(0x82, name)).collect();
    san(&tlv::element(0x30, &names.concat()))
}

fn mailboxes(names: &[&[u8]]) -> Vec<u8> {
    let names: Vec<_> = names.iter().map(|name| tlv::element(0x81, name)).collect();
    san(&tlv::element(0x30, &names.concat()))
}

/// The attribute that asks for extensions.
fn asking(extensions: &[u8]) -> Vec<u8> {
    let oid = tlv::element(6, b"\x2A\x86\x48\x86\xF7\x0D\x01\x09\x0E");
    tlv::of(0x30, &[&oid, &tlv::element(0x31, &tlv::element(0x30, extensions))])
}

/// A request with these fields, each as it is, signed with a new key.
fn signed(version: &[u8], subject: &[u8], attributes: &[u8]) -> Vec<u8> {
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let algorithm = tlv::of(
        0x30,
        &[
            &tlv::element(6, b"\x2A\x86\x48\xCE\x3D\x02\x01"),
            &tlv::element(6, b"\x2A\x86\x48\xCE\x3D\x03\x01\x07"),
        ],
    );
    let point = [&[0], key.public_key().as_ref()].concat();
    let public = tlv::of(0x30, &[&algorithm, &tlv::element(3, &point)]);
    let info = tlv::of(0x30, &[version, subject, &public, attributes]);
    let signature = key.sign(&SystemRandom::new(), &info).unwrap();
    let scheme = tlv::element(0x30, &tlv::element(6, b"\x2A\x86\x48\xCE\x3D\x04\x03\x02"));
    let signature = tlv::element(3, &[&[0], signature.as_ref()].concat());
    tlv::of(0x30, &[&info, &scheme, &signature])
}

fn request(subject: &[u8], extensions: &[u8]) -> Vec<u8> {
    signed(&[2, 1, 0], subject, &tlv::element(0xA0, &asking(extensions)))
}

/// Elements in elements, so deep.
fn nested(depth: usize) -> Vec<u8> {
    (0..depth).fold(vec![5, 0], |inner, _| tlv::element(0x30, &inner))
}

const HOST: &[u8] = b"mail.example.com";

/// Names that a certificate may have, whoever made them up; a server's request for mail.example.com.
fn strange_names() -> Vec<(String, Vec<u8>)> {
    let texts = [
        "mail\x1b]0;owned\x07.example.com",
        "\x1b[31;41mred\x1b[2J",
        "a\r\nerror: all is lost",
        "a\nV\t301231235959Z\t\tDEADBEEF\tunknown\t/CN=evil",
        "a\tb\tc",
        "a\\\tb",
        "null\0byte",
        "\u{9b}31;41mC1\u{9d}0;x\u{9c}",
        "del\u{7f}ete\u{8}\u{8}\u{8}",
        "moc.live\u{202e}gnp",
        "zero\u{200b}width\u{feff}\u{2060}",
        "lines\u{2028}and\u{2029}",
        "\u{e0041}\u{fe0f}",
        "/CN=other/O=other",
        "a+CN=b, O=c",
        "\"; rm -rf /; \"",
        "../../../etc/cron.d/x",
        "$(reboot)`reboot`",
        "evil.example.net\tRELAY\nConnect:evil.example.net RELAY",
        "<script>alert(1)</script>",
        "%s%n%x",
        "'; --",
        "p\u{430}ypal.example.com",
        "mail\u{ff0e}example\u{3002}com",
        "-rf",
        "# comment",
        "",
    ];
    let mut all: Vec<_> =
        texts.iter().map(|text| (format!("CN {text:?}"), common_name(text))).collect();
    let mut more = |label: &str, subject: Vec<u8>| all.push((label.to_owned(), subject));
    more("T61 controls", name(&[rdn(COMMON_NAME, T61, b"a\x9b31;41m\x1b]0;x\x07")]));
    more("printable escape", name(&[rdn(COMMON_NAME, PRINTABLE, b"\x1b]0;x\x07")]));
    more("IA5 beyond ASCII", name(&[rdn(COMMON_NAME, IA5, b"\x9b31;41m\xff")]));
    more("BMP controls", name(&[rdn(COMMON_NAME, BMP, b"\0\x1b\0]\0\x9b\x20\x2e\0\n")]));
    more("BMP of odd length", name(&[rdn(COMMON_NAME, BMP, b"\0\x1b\0")]));
    more("UTF-8 that is none", name(&[rdn(COMMON_NAME, UTF8, b"\xff\xfe\x1b]0;x\x07\xc3")]));
    more("UTF-8 too long", name(&[rdn(COMMON_NAME, UTF8, b"\xc0\x8a\xe0\x80\x9b")]));
    more("a number", name(&[rdn(COMMON_NAME, 2, b"\x1b\x0a")]));
    more("a sequence", name(&[rdn(COMMON_NAME, 0x30, &tlv::element(UTF8, b"\x1b\n"))]));
    more("octets", name(&[rdn(ORGANIZATION, 4, b"\x1b]0;x\x07\n")]));
    more("an attribute of nobody's", name(&[rdn(NOBODYS, UTF8, b"\x1b]0;x\x07\nV\t")]));
    more("20,000 characters", name(&[rdn(NOBODYS, UTF8, &vec![b'x'; 20_000])]));
    more("20,000 controls", name(&[rdn(NOBODYS, UTF8, &vec![0x1B; 20_000])]));
    more("a thousand parts", name(&vec![rdn(COMMON_NAME, UTF8, b"a"); 1000]));
    more("an empty part", name(&[tlv::element(0x31, &[]), rdn(COMMON_NAME, UTF8, b"a")]));
    more("no name", name(&[]));
    all
}

/// Requests that are refused, and words of the refusal.
fn refused() -> Vec<(&'static str, Vec<u8>, &'static [&'static str])> {
    let good = request(&common_name("mail.example.com"), &dns(&[HOST]));
    let changed = |at: usize, to: u8| {
        let mut bytes = good.clone();
        bytes[at] = to;
        bytes
    };
    let subject = common_name("mail.example.com");
    let asks = |extensions: &[u8]| request(&subject, extensions);
    let with = |attributes: &[u8]| signed(&[2, 1, 0], &subject, attributes);
    let thousands: Vec<_> = (0..10_000).map(|n| format!("h{n}.example.com").into_bytes()).collect();
    let thousands: Vec<_> = thousands.iter().map(Vec::as_slice).collect();
    let long = [b"a".as_slice(); 64].concat();
    vec![
        ("10,000 names", asks(&dns(&thousands)), &["bytes", "32768"]),
        (
            "a name of a megabyte",
            request(&name(&[rdn(NOBODYS, UTF8, &vec![b'x'; 1 << 20])]), &dns(&[HOST])),
            &["32768"],
        ),
        (
            "a common name too long",
            request(&common_name(&"x\u{1b}".repeat(500)), &dns(&[HOST])),
            &["64 characters"],
        ),
        ("deep extensions", asks(&nested(5000)), &["not a certificate request"]),
        ("deep names", asks(&san(&nested(5000))), &["subjectAltName", "malformed"]),
        (
            "deep attributes",
            with(&tlv::element(0xA0, &nested(5000))),
            &["not a certificate request"],
        ),
        ("a deep subject", signed(&[2, 1, 0], &nested(5000), &tlv::element(0xA0, &[])), &["name"]),
        ("bytes behind it", [good.as_slice(), b"\x1b]0;x\x07"].concat(), &["bytes follow"]),
        ("cut short", good[..good.len() - 7].to_vec(), &["not a certificate request"]),
        ("no end", [&[0x30, 0x80], &good[3..], &[0, 0]].concat(), &["not a certificate request"]),
        (
            "a length of 2^64",
            [&[0x30, 0x88], [0xFF; 8].as_slice()].concat(),
            &["not a certificate request"],
        ),
        ("another signature", changed(good.len() - 3, good[good.len() - 3] ^ 1), &["signature"]),
        ("another name than was signed", changed(30, good[30] ^ 1), &["request"]),
        (
            "the version -1",
            signed(&[2, 1, 0xFF], &subject, &tlv::element(0xA0, &asking(&dns(&[HOST])))),
            &["not a certificate request"],
        ),
        (
            "a version without end",
            signed(
                &tlv::element(2, &[0x7F; 300]),
                &subject,
                &tlv::element(0xA0, &asking(&dns(&[HOST]))),
            ),
            &["request"],
        ),
        (
            "NUL in a host",
            asks(&dns(&[b"mail.example.com\0.evil.example.net"])),
            &[r"mail.example.com\u{0}.evil"],
        ),
        (
            "an escape in a host",
            asks(&dns(&[b"\x1b]0;x\x07.example.com"])),
            &[r"\u{1b}]0;x\u{7}.example.com"],
        ),
        ("C1 in a host", asks(&dns(&["\u{9b}31m.example.com".as_bytes()])), &[r"\u{9b}31m"]),
        ("a host that is no text", asks(&dns(&[b"\xff\xfe\x1b.example.com"])), &["FF:FE:1B"]),
        ("a host of many lines", asks(&dns(&[b"a\nV\t30\nb"])), &[r"a\u{a}V\u{9}30"]),
        ("a host with a space", asks(&dns(&[b"mail example.com"])), &["mail example.com"]),
        ("a host without a name", asks(&dns(&[b""])), &["has no host name"]),
        ("a label too long", asks(&dns(&[&long])), &["63"]),
        ("a wildcard for everybody", asks(&dns(&[b"*"])), &["*"]),
        ("a path for a host", asks(&dns(&[b"../../etc/passwd"])), &["../../etc/passwd"]),
        (
            "a mailbox of two lines",
            asks(&mailboxes(&[b"joe@example.com\nevil@example.net RELAY"])),
            &[r"\u{a}"],
        ),
        (
            "an address of five octets",
            asks(&san(&tlv::element(0x30, &tlv::element(0x87, &[1, 2, 3, 4, 5])))),
            &["01:02:03:04:05"],
        ),
        ("a name longer than its place", asks(&san(b"\x30\x03\x82\x7f\x61")), &["malformed"]),
        (
            "a name of another kind",
            asks(&san(&tlv::element(0x30, &tlv::element(0x82 | 0x1F, &[1])))),
            &["subjectAltName"],
        ),
        (
            "attributes that are none",
            with(&tlv::element(0xA0, b"\x1b\x03abc")),
            &["not a certificate request"],
        ),
    ]
}

/// A value that is shown is shown whole where it is approved; an error is cut to what a person reads.
const LONGEST_ERROR: usize = 8000;

#[test]
fn strange_names_go_nowhere_as_they_are() {
    need!("openssl");
    let folder = Folder::with_ca();
    let parent = folder.root().parent().unwrap().join(folder.root().file_name().unwrap());
    for (number, (label, subject)) in strange_names().into_iter().enumerate() {
        let file = format!("s{number}");
        let der = request(&subject, &dns(&[HOST]));
        folder.write(&format!("{file}.csr"), &der);
        look(&folder, &file, &label);
        declined(&folder, &file, &label);

        let (rows, before) = (folder.index().len(), Snapshot::of(&parent));
        let run = folder.mailca(&format!("sign {file}.csr --profile server --yes")).output();
        assert_clean(&run.stdout, &label);
        assert_clean(run.stderr.as_bytes(), &label);
        let changes = Snapshot::of(&parent).changes_since(&before);
        if run.status != Some(0) {
            assert_eq!((run.status, changes.as_str()), (Some(1), ""), "{label}: {run}");
            assert!(run.stderr.len() < LONGEST_ERROR, "{label}: {run}");
            continue;
        }
        let index = folder.index();
        assert_eq!(index.len(), rows + 1, "{label}: one row");
        let row = &index[rows];
        assert_eq!(row.len(), 6, "{label}: {row:?}");
        assert!(
            row.iter().all(|field| field.bytes().all(|b| (b' '..=b'~').contains(&b))),
            "{label}: {row:?}"
        );
        let expected = [
            format!("{file}.cert.pem"),
            "demoCA/index.txt".into(),
            format!("demoCA/newcerts/{}.pem", row[3]),
        ];
        for line in changes.lines() {
            let named = expected.iter().any(|name| line.contains(name.as_str()));
            assert!(named || line.contains("demoCA/"), "{label}: {line}");
        }
        look(&folder, &row[3], &label);
    }
    openssl_reads_the_index(&folder);
    for line in [
        "list",
        "list --json",
        "status",
        "status --json",
        "doctor",
        "doctor --json",
        "crl",
        "access-map --all --profile server",
    ] {
        let run = folder.mailca(line).output();
        assert!(matches!(run.status, Some(0 | 3)), "{run}");
        assert_clean(&run.stdout, line);
        assert_clean(run.stderr.as_bytes(), line);
    }
    assert_clean_folder(&folder);
}

/// `show`, in each of its forms.
fn look(folder: &Folder, target: &str, label: &str) {
    let file = if folder.exists(&format!("{target}.csr")) {
        format!("{target}.csr")
    } else {
        target.to_owned()
    };
    for options in ["", "--text", "--json"] {
        let run = folder.mailca(&format!("show {file} {options}")).output();
        assert_clean(&run.stdout, label);
        assert_clean(run.stderr.as_bytes(), label);
    }
}

/// The question at a terminal, answered with no.
fn declined(folder: &Folder, file: &str, label: &str) {
    let before = Snapshot::of(folder.root());
    let line = format!("sign {file}.csr --profile server --color never");
    let mut terminal = Pty::start(MAILCA.as_ref(), folder.root(), &line);
    if terminal.shows_before_the_end("Sign it?") {
        terminal.answer("n");
    }
    let (screen, status) = terminal.finish();
    assert_eq!(status, 1, "{label}: {screen}");
    assert_clean_screen(&screen, label);
    assert_eq!(Snapshot::of(folder.root()).changes_since(&before), "", "{label}");
}

#[test]
fn malformed_requests_are_refused_in_a_sentence() {
    let folder = Folder::with_ca();
    let mut other_words = String::new();
    for (number, (label, der, words)) in refused().into_iter().enumerate() {
        let file = format!("r{number}");
        folder.write(&format!("{file}.csr"), &der);
        look(&folder, &file, label);
        let run =
            folder.mailca(&format!("sign {file}.csr --profile server --yes")).refused(&[&file]);
        assert_clean(run.stderr.as_bytes(), label);
        assert!(run.stderr.len() < LONGEST_ERROR, "{label}: {} bytes", run.stderr.len());
        if !words.iter().all(|word| run.stderr.contains(word)) {
            let _ = write!(other_words, "{label}: {words:?}: {}", run.stderr);
        }
        declined(&folder, &file, label);
        let run = folder.mailca(&format!("sign {file}.csr --profile server --yes --json")).exits(1);
        assert_clean(&run.stdout, label);
        assert!(run.stdout.len() < LONGEST_ERROR, "{label}: {} bytes", run.stdout.len());
    }
    assert_eq!(folder.index().len(), 1);
    assert_eq!(other_words, "");
}

/// A person's certificate gives the rights of that person, whatever its name says.
#[test]
fn no_name_writes_a_line_into_an_access_map() {
    need!("openssl");
    let folder = Folder::with_ca();
    let lines = |serial: &str, server: &str| {
        let run = folder.mailca(&format!("access-map {serial} --for {server}")).success();
        assert_clean(&run.stdout, server);
        assert_clean(run.stderr.as_bytes(), server);
        run.text()
    };
    let sign = |file: &str, subject: &[u8]| {
        let mailbox = format!("{file}@example.com");
        folder.write(&format!("{file}.csr"), request(subject, &mailboxes(&[mailbox.as_bytes()])));
        folder.mailca(&format!("sign {file}.csr --profile user --yes")).success();
        folder.index().last().unwrap()[3].clone()
    };
    let plain = sign("plain", &common_name("plain"));
    for (number, text) in [
        "a\nConnect:evil.example.net\tRELAY",
        "evil RELAY\n",
        "x\ty",
        "a\u{2028}evil",
        "evil OK #",
        "  evil",
        "a\r\nevil.example.net OK",
        "a\0b",
        "\u{9b}31;41m",
        "'; evil",
        "\"evil\"",
        "{ evil }",
        "*",
        "/^/ OK",
        "!evil",
    ]
    .into_iter()
    .enumerate()
    {
        let serial = sign(&format!("e{number}"), &common_name(text));
        for server in ["sendmail", "postfix", "exim", "dovecot"] {
            let (benign, hostile) = (lines(&plain, server), lines(&serial, server));
            let own = rules(&hostile);
            let is_own = own.iter().all(|rule| match server {
                // With the escapes of either OpenSSL, where they differ.
                "sendmail" => {
                    matches!(rule.split('\t').collect::<Vec<_>>()[..],
                    [key, "SUBJECT"] if key.starts_with("CertIssuer:/") && !key.contains(' '))
                        || matches!(rule.split('\t').collect::<Vec<_>>()[..],
                    [key, "RELAY"] if key.starts_with("CertSubject:/CN=") && !key.contains(' '))
                }
                "dovecot" => rule.ends_with(":::::::nopassword=y"),
                _ => {
                    let key = rule.split(['\t', ' ']).next().unwrap_or_default();
                    key.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':')
                }
            });
            let most = rules(&benign).len() + usize::from(server == "sendmail");
            assert!(is_own && own.len() <= most, "{text:?}: {server}:\n{hostile}");
        }
    }
}

/// The lines of a map that are no comment.
fn rules(map: &str) -> Vec<&str> {
    map.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// The words of the command line are shown as well.
#[test]
fn the_command_line_writes_no_escape_sequence() {
    let folder = Folder::with_ca();
    let evil = "\x1b]0;x\x07\u{9b}31;41m\u{202e}\u{7f}";
    let file = format!("f{evil}");
    folder.write(&file, "hello");
    folder.write("list.csv", format!("login,email\n{evil},{evil}\n"));
    let long = "x".repeat(100_000);
    for (line, arguments) in [
        ("", vec![evil]),
        ("sign", vec![&file]),
        ("sign", vec!["--profile", evil]),
        ("show", vec![&file]),
        ("show", vec!["nowhere", evil]),
        ("verify", vec![&file]),
        ("newreq", vec!["--cn", evil]),
        ("newreq", vec!["--cn", "mail.example.com", "--san", evil]),
        ("newreq", vec!["--cn", "mail.example.com", "--days", evil]),
        ("newreq", vec!["--cn", "mail.example.com", evil]),
        ("newreq", vec!["--user", evil, "--email", evil]),
        ("newca --ca-dir other", vec!["--org", evil]),
        ("newca --ca-dir other", vec!["--days", evil]),
        ("newca --ca-dir other", vec!["--key-type", evil]),
        ("list", vec!["--ca-dir", evil]),
        ("list", vec!["--expiring", evil]),
        ("revoke", vec![evil]),
        ("revoke", vec!["--reason", evil]),
        ("access-map", vec!["--tls-srv", evil]),
        ("config", vec![evil]),
        ("check", vec![evil]),
        ("tlsa", vec![evil]),
        ("issue", vec!["--from", "list.csv"]),
        ("export-p12", vec!["--password-file", evil, "joe"]),
        ("newreq", vec!["--cn", &long]),
        ("newreq", vec![&long, &long]),
        ("sign", vec![&long]),
        ("newca --ca-dir other", vec!["--key-type", &long]),
        ("", vec![&long]),
    ] {
        for json in [&[][..], &["--json"]] {
            let run = folder.mailca(line).args(&arguments).args(json).output();
            let shown: String = arguments.iter().map(|text| &text[..text.len().min(20)]).collect();
            let label = format!("{line} {shown:?} {json:?}");
            assert!(matches!(run.status, Some(1 | 2)), "{label}: {run}");
            assert_clean(&run.stdout, &label);
            assert_clean(run.stderr.as_bytes(), &label);
            assert!(run.stderr.len() < LONGEST_ERROR, "{label}: {} bytes", run.stderr.len());
            assert!(run.stdout.len() < LONGEST_ERROR, "{label}: {} bytes", run.stdout.len());
        }
        let all = [arguments.as_slice(), &["--no-input"]].concat();
        let terminal = Pty::start_with(MAILCA.as_ref(), folder.root(), line, &all);
        let (screen, _) = terminal.finish();
        assert_clean_screen(&screen, line);
    }
}
