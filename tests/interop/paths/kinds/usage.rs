//! Key usage and extended key usage for the three purposes, in leaf and CA.

use mailca::pki::verify::Purpose::{self, Client, Server, Smime};

use super::super::case::{Case, case, chain};
use super::super::extension::{EXTENDED, Extension, USAGE, extended, usage};
use super::super::make::{Draft, ca, leaf};

const PURPOSES: [(Purpose, &str); 3] = [(Server, "server"), (Client, "client"), (Smime, "smime")];

/// id, purposes named in the certificate, and for which of server, client and smime it is.
type Extended = (&'static str, &'static [&'static str], [bool; 3]);

const EXTENDED_USAGES: &[Extended] = &[
    ("server", &["server"], [true, false, false]),
    ("client", &["client"], [false, true, false]),
    ("email", &["email"], [false, false, true]),
    ("server-and-client", &["server", "client"], [true, true, false]),
    ("all-three", &["server", "client", "email"], [true, true, true]),
    ("any", &["any"], [false, false, false]),
    ("any-and-server", &["any", "server"], [true, false, false]),
    ("code", &["code"], [false, false, false]),
    ("ocsp", &["ocsp"], [false, false, false]),
    ("unknown", &["1.3.6.1.4.1.32473.9"], [false, false, false]),
    ("unknown-and-server", &["1.3.6.1.4.1.32473.9", "server"], [true, false, false]),
    ("server-gated", &["2.16.840.1.113730.4.1"], [true, false, false]),
];

/// id, bits, and the same.
type Bits = (&'static str, &'static [u8], [bool; 3]);

const USAGES: &[Bits] = &[
    ("digital-signature", &[0], [true, true, true]),
    ("non-repudiation", &[1], [false, false, true]),
    ("key-encipherment", &[2], [true, false, true]),
    ("data-encipherment", &[3], [false, false, false]),
    ("key-agreement", &[4], [true, true, true]),
    ("crl-sign", &[6], [false, false, false]),
    ("signature-and-encipherment", &[0, 2], [true, true, true]),
    ("non-repudiation-and-encipherment", &[1, 2], [true, false, true]),
];

fn under_root(id: &str, leaf: &Draft) -> Case {
    let root = ca("Root").self_signed();
    case(id, &leaf.by(&root), &root)
}

fn words(fits: bool, what: &str) -> String {
    if fits { String::new() } else { format!("{what} is ") }
}

fn leaves() -> Vec<Case> {
    let mut cases = Vec::new();
    for (number, (purpose, name)) in PURPOSES.iter().enumerate() {
        for (id, named, fits) in EXTENDED_USAGES {
            let leaf = leaf("mail.example.com").with(extended(named));
            cases.push(
                under_root(&format!("eku::ee-{id}-for-{name}"), &leaf)
                    .purpose(*purpose)
                    .refused(&words(fits[number], "its extended key usage")),
            );
            // RFC 5280 does not say it, everybody does it: a CA's purposes bound those below.
            let sub = ca("Sub").with(extended(named));
            let leaf = leaf_for_all();
            cases.push(
                chain(&format!("eku::ca-{id}-for-{name}"), &leaf, &sub)
                    .purpose(*purpose)
                    .refused(&words(fits[number], "its extended key usage")),
            );
        }
        for (id, bits, fits) in USAGES {
            let leaf = leaf_for_all().with(usage(bits));
            cases.push(
                under_root(&format!("ku::ee-{id}-for-{name}"), &leaf)
                    .purpose(*purpose)
                    .refused(&words(fits[number], "its key usage")),
            );
        }
        let bare = leaf("mail.example.com").without(USAGE).without(EXTENDED);
        cases.push(under_root(&format!("ku::ee-without-any-for-{name}"), &bare).purpose(*purpose));
    }
    cases
}

fn leaf_for_all() -> Draft {
    leaf("mail.example.com").with(extended(&["server", "client", "email"]))
}

fn others() -> Vec<Case> {
    let critical = |named: &[&str]| extended(named).critical(true);
    let root = |id: &str, extension: Extension, purpose| {
        let root = ca("Root").with(extension).self_signed();
        case(id, &leaf_for_all().by(&root), &root).purpose(purpose)
    };
    vec![
        under_root(
            "rfc5280::eku::ee-wrong-eku",
            &leaf("a.example.com").with(critical(&["client"])),
        )
        .server()
        .refused("the certificate of \"a.example.com\" is not for a TLS server"),
        under_root(
            "rfc5280::eku::ee-critical-eku",
            &leaf("a.example.com").with(critical(&["server"])),
        )
        .server(),
        under_root("rfc5280::eku::ee-without-eku", &leaf("a.example.com").without(EXTENDED))
            .server(),
        under_root("rfc5280::eku::ee-not-asked", &leaf("a.example.com").with(critical(&["code"]))),
        root("webpki::eku::root-has-server-eku", extended(&["server"]), Server),
        root("webpki::eku::root-has-client-eku", extended(&["client"]), Server)
            .refused("the CA certificate \"Root\" is not for a TLS server"),
        root("webpki::eku::root-has-any-eku", extended(&["any"]), Server)
            .refused("the CA certificate \"Root\" is not for a TLS server"),
        chain(
            "webpki::eku::intermediate-without-server",
            &leaf_for_all(),
            &ca("Sub").with(extended(&["email", "client"])),
        )
        .server()
        .refused("the CA certificate \"Sub\" is not for a TLS server"),
        chain(
            "smime::ku::intermediate-missing-crl-sign",
            &leaf_for_all(),
            &ca("Sub").with(usage(&[5])),
        )
        .purpose(Smime),
        chain(
            "smime::ku::intermediate-missing-key-cert-sign",
            &leaf_for_all(),
            &ca("Sub").with(usage(&[6])),
        )
        .purpose(Smime)
        .refused("the CA certificate \"Sub\" may not sign certificates"),
        under_root("smime::ku::not-critical", &leaf_for_all().critical(USAGE, false))
            .purpose(Smime),
        under_root(
            "ku::ee-encipher-only",
            &leaf_for_all().with(Extension::new(
                USAGE,
                true,
                super::super::der::tlv(3, [0, 0b0000_1001]),
            )),
        )
        .server(),
        under_root(
            "ku::ee-nine-bits",
            &leaf_for_all().with(Extension::new(
                USAGE,
                true,
                super::super::der::tlv(3, [7, 0x80, 0x80]),
            )),
        )
        .server(),
        under_root(
            "ku::ee-trailing-zero-bits",
            &leaf_for_all().with(Extension::new(USAGE, true, super::super::der::tlv(3, [0, 0x80]))),
        )
        .server(),
        under_root(
            "ku::ee-more-bits-than-there-are",
            &leaf_for_all().with(Extension::new(
                USAGE,
                true,
                super::super::der::tlv(3, [0, 0x80, 0xff, 0xff]),
            )),
        )
        .server(),
        under_root(
            "ku::ee-nothing-allowed",
            &leaf_for_all().with(Extension::new(USAGE, true, super::super::der::tlv(3, [7, 0]))),
        )
        .server()
        .refused("has a key usage that allows nothing"),
        under_root(
            "ku::netscape-client-as-server",
            &leaf_for_all().with(Extension::new(
                "2.16.840.1.113730.1.1",
                false,
                super::super::der::tlv(3, [7, 0x80]),
            )),
        )
        .server()
        .refused("nsCertType is for something else"),
    ]
}

pub fn cases() -> Vec<Case> {
    [leaves(), others()].concat()
}
