//! The same questions on the command line: `--ca`, `--untrusted`, `--at`, `--crl`, `--purpose`, `--host` and
//! `--email` with files, and files in every form that administrators have.

use std::sync::atomic::{AtomicUsize, Ordering};

use mailca::pki::verify::Purpose;
use time::format_description::well_known::Rfc3339;

use super::case::Case;
use super::make::{ca, leaf, list};
use super::{WORKERS, der, kinds, referee};
use crate::support::{Folder, Outcome, need};

/// `mailca verify` with the files of a case.
fn verdict(folder: &Folder, case: &Case) -> Outcome {
    let place = case.id.replace(':', "_");
    folder.mkdir(&place);
    referee::files(case, &folder.path(&place));
    let mut run = folder.mailca("verify leaf.pem --ca roots.pem").within(&place);
    run = run.args(&["--at", &case.at.format(&Rfc3339).unwrap()]);
    if !case.untrusted.is_empty() {
        run = run.args(&["--untrusted", "untrusted.pem"]);
    }
    if !case.lists.is_empty() {
        run = run.args(&["--crl", "lists.pem"]);
    }
    if let Some(purpose) = case.purpose {
        let name = match purpose {
            Purpose::Server => "server",
            Purpose::Client => "client",
            Purpose::Smime => "smime",
        };
        run = run.args(&["--purpose", name]);
    }
    if let Some(host) = &case.host {
        run = run.args(&["--host", host]);
    }
    if let Some(email) = &case.email {
        run = run.args(&["--email", email]);
    }
    run.output()
}

fn fault(folder: &Folder, case: &Case) -> Option<String> {
    let outcome = verdict(folder, case);
    let expected = if case.refused.is_empty() { 0 } else { 3 };
    let sentence = case.ours();
    let said = sentence.is_empty() || outcome.stderr.contains(&format!("leaf.pem: {sentence}"));
    (outcome.status != Some(expected) || !said).then(|| format!("{}: {outcome}", case.id))
}

/// What cannot be read is an error of its own, and no verdict; so is a file without a root.
fn is_readable(case: &Case) -> bool {
    !case.roots.is_empty() && !case.refused.contains("malformed")
}

#[test]
fn the_command_line_gives_the_same_verdicts() {
    let kinds = [
        kinds::building::cases(),
        kinds::dates::cases(),
        kinds::hosts::cases(),
        kinds::lists::cases(),
    ];
    let cases: Vec<_> = kinds.concat().into_iter().filter(is_readable).collect();
    let folder = Folder::empty();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut faults = Vec::new();
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            faults.extend(fault(&folder, case));
        }
        faults
    };
    let faults: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    println!("{} cases", cases.len());
}

/// A chain of four and a list, as text.
struct Texts {
    folder: Folder,
    root: String,
    upper: String,
    lower: String,
    leaf: String,
    crl: String,
}

fn texts() -> Texts {
    let root = ca("Root").self_signed();
    let upper = ca("Upper").by(&root);
    let lower = ca("Lower").by(&upper);
    let leaf = leaf("mail.example.com").by(&lower);
    let pem = |der: &[u8]| der::pem("CERTIFICATE", der);
    Texts {
        folder: Folder::empty(),
        crl: der::pem("X509 CRL", &list().by(&lower)),
        root: pem(&root.der),
        upper: pem(&upper.der),
        lower: pem(&lower.der),
        leaf: pem(&leaf.der),
    }
}

impl Texts {
    /// Whether it is valid with these files for certificate, trusted and other CAs and lists.
    fn valid(&self, what: &str, [leaf, roots, others, crls]: [&[u8]; 4]) {
        let folder = &self.folder;
        for (name, content) in
            [("leaf", leaf), ("roots", roots), ("others", others), ("crls", crls)]
        {
            std::fs::write(folder.path(name), content).unwrap();
        }
        let line = "verify leaf --ca roots --untrusted others --crl crls --at 2030-01-01 --host mail.example.com";
        let outcome = folder.mailca(line).output();
        assert_eq!(outcome.status, Some(0), "{what}: {outcome}");
    }
}

#[test]
fn bundles_are_read_in_every_order_and_form() {
    let t = texts();
    let all = |parts: &[&String]| parts.iter().map(|part| part.as_str()).collect::<String>();
    let others = all(&[&t.lower, &t.upper]);
    let key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB\n-----END PRIVATE KEY-----\n";
    let forms: &[(&str, String)] = &[
        ("in order", others.clone()),
        ("in reverse", all(&[&t.upper, &t.lower])),
        ("twice", others.repeat(2)),
        ("with the root", all(&[&t.root, &t.lower, &t.upper])),
        ("with the leaf", all(&[&t.leaf, &t.lower, &t.upper])),
        ("with a key", format!("{key}{others}")),
        ("with a list", format!("{}{others}{}", t.crl, t.crl)),
        (
            "with text around",
            format!(
                "Bag Attributes\n    friendlyName: x\n{}\nsubject=CN = Upper\n{}end\n",
                t.lower, t.upper
            ),
        ),
        ("with CRLF", others.replace('\n', "\r\n")),
        ("with a byte order mark", format!("\u{feff}{others}")),
        ("without the last line end", others.trim_end().to_owned()),
        ("with empty lines", others.replace("-----\n-----", "-----\n\n\n-----")),
        ("with spaces at line ends", others.replace('\n', " \n")),
    ];
    for (what, bundle) in forms {
        let bytes = bundle.as_bytes();
        t.valid(what, [t.leaf.as_bytes(), t.root.as_bytes(), bytes, t.crl.as_bytes()]);
        // What follows the leaf in its own file is its chain.
        let own = format!("{}{bundle}", t.leaf);
        if !bundle.starts_with('\u{feff}') {
            t.valid(what, [own.as_bytes(), t.root.as_bytes(), t.root.as_bytes(), t.crl.as_bytes()]);
        }
        let mixed = format!("{}{bundle}\n{}", t.crl, t.root);
        t.valid(what, [t.leaf.as_bytes(), mixed.as_bytes(), bytes, mixed.as_bytes()]);
    }
}

#[test]
fn a_missing_line_end_between_two_files_is_an_error() {
    let t = texts();
    for (name, text) in [("leaf", &t.leaf), ("root", &t.root), ("crl", &t.crl)] {
        t.folder.write(name, text);
    }
    t.folder.write("glued", format!("{}{}", t.lower.trim_end(), t.upper));
    let words = ["glued", "on the same line as the -----END before it"];
    for line in ["glued --ca root", "leaf --ca glued", "leaf --ca root --untrusted glued"] {
        t.folder.mailca(&format!("verify {line}")).refused(&words);
    }
    t.folder.mailca("verify leaf --ca root --crl glued").refused(&words);
}

#[test]
fn der_is_read_everywhere() {
    let t = texts();
    let der = |text: &str| x509_parser::pem::parse_x509_pem(text.as_bytes()).unwrap().1.contents;
    let others = [t.lower.as_str(), t.upper.as_str()].concat();
    t.valid("der", [&der(&t.leaf), &der(&t.root), others.as_bytes(), &der(&t.crl)]);
}

#[test]
fn each_option_for_files_may_come_several_times() {
    let t = texts();
    for (name, text) in [
        ("leaf", &t.leaf),
        ("root", &t.root),
        ("upper", &t.upper),
        ("lower", &t.lower),
        ("crl", &t.crl),
    ] {
        t.folder.write(name, text);
    }
    let line = "verify leaf --at 2030-01-01 --ca upper --ca root --untrusted lower --untrusted upper --crl crl --crl crl";
    t.folder.mailca(line).success();
    t.folder
        .mailca("verify leaf --at 2030-01-01 --ca root --untrusted lower")
        .verdict(&["the issuer of \"Lower\" is not among", "--untrusted"]);
}

#[test]
fn a_ca_in_front_of_its_leaf_is_warned_of() {
    let t = texts();
    t.folder.write("root", &t.root);
    t.folder.write("wrong", [t.lower.as_str(), &t.leaf, &t.upper].concat());
    t.folder.write("right", [t.leaf.as_str(), &t.upper, &t.lower].concat());
    let words = ["warning:", "the first certificate in wrong is the CA Lower", "mail.example.com"];
    t.folder.mailca("verify wrong --ca root --at 2030-01-01").success().says(&words);
    let outcome = t.folder.mailca("verify right --ca root --at 2030-01-01").success();
    assert!(outcome.stderr.is_empty(), "{outcome}");
}

#[test]
fn a_missing_list_of_a_ca_is_a_note() {
    need!("openssl");
    let t = texts();
    t.folder.write("chain", [t.leaf.as_str(), &t.lower, &t.upper].concat());
    t.folder.write("root", &t.root);
    t.folder.write("crl", &t.crl);
    let words = ["warning:", "no CRL given covers the CA certificate \"Lower\""];
    t.folder.mailca("verify chain --ca root --crl crl --at 2030-01-01").success().says(&words);
    t.folder
        .openssl("verify -attime 1893456000 -crl_check_all -CRLfile crl -trusted root -untrusted chain chain")
        .exits(2)
        .says(&["unable to get certificate CRL"]);
}
