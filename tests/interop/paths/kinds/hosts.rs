//! Is it this host's, this address's, this mailbox's? RFC 9525, RFC 5280 4.2.1.6, RFC 9598.

use super::super::case::{Case, case};
use super::super::der::{rdn, seq, tlv};
use super::super::extension::{SAN, alternative, san};
use super::super::make::{Draft, ca, leaf, person};

/// id, names of the certificate, the host asked for, whether it is this host's.
type Row = (&'static str, &'static str, &'static str, bool);

const HOSTS: &[Row] = &[
    ("exact-dns-san", "DNS:example.com", "example.com", true),
    ("exact-in-another-case", "DNS:Mail.Example.COM", "mail.example.com", true),
    ("mismatch-domain-san", "DNS:example.com", "example2.com", false),
    ("mismatch-subdomain-san", "DNS:abc.example.com", "def.example.com", false),
    ("mismatch-subdomain-apex-san", "DNS:example.com", "abc.example.com", false),
    ("mismatch-apex-subdomain-san", "DNS:abc.example.com", "example.com", false),
    ("second-of-two", "DNS:a.example.com DNS:b.example.com", "b.example.com", true),
    ("single-label", "DNS:localhost", "localhost", true),
    ("underscore", "DNS:_smtp.example.com", "_smtp.example.com", true),
    ("trailing-period-in-certificate", "DNS:mail.example.com.", "mail.example.com", false),
    ("leading-period-in-certificate", "DNS:.example.com", "mail.example.com", false),
    ("space-in-certificate", "DNS:mail.example.com␣", "mail.example.com", false),
    ("public-suffix-wildcard-san", "DNS:*.com", "example.com", false),
    ("leftmost-wildcard-san", "DNS:*.example.com", "foo.example.com", true),
    ("wildcard-in-another-case", "DNS:*.EXAMPLE.com", "foo.example.com", true),
    ("wildcard-embedded-leftmost-san", "DNS:ba*.example.com", "baz.example.com", false),
    ("wildcard-embedded-at-end", "DNS:*az.example.com", "baz.example.com", false),
    ("wildcard-embedded-between", "DNS:b*z.example.com", "baz.example.com", false),
    ("wildcard-not-in-leftmost-san", "DNS:foo.*.example.com", "foo.bar.example.com", false),
    ("wildcard-match-across-labels-san", "DNS:*.example.com", "foo.bar.example.com", false),
    ("wildcard-matches-no-label", "DNS:*.example.com", "example.com", false),
    ("wildcard-twice", "DNS:*.*.example.com", "a.b.example.com", false),
    ("wildcard-alone", "DNS:*", "localhost", false),
    (
        "wildcard-embedded-ulabel-san",
        "DNS:xn--*-1b3c148a.example.com",
        "xn--bliss-1b3c148a.example.com",
        false,
    ),
    ("wildcard-for-an-a-label", "DNS:*.example.com", "xn--bcher-kva.example.com", true),
    ("wildcard-for-an-underscore", "DNS:*.example.com", "_smtp.example.com", false),
    ("wildcard-below-a-label", "DNS:*.mx.example.com", "a.mx.example.com", true),
    ("unicode-san", "DNS:bücher.example.com", "xn--bcher-kva.example.com", false),
    ("a-label", "DNS:xn--bcher-kva.example.com", "xn--bcher-kva.example.com", true),
    ("a-label-in-upper-case", "DNS:XN--BCHER-KVA.example.com", "xn--bcher-kva.example.com", true),
    ("nul-in-certificate", "DNS:mail.example.com\0.evil.example", "mail.example.com", false),
    ("host-as-mailbox", "email:mail.example.com", "mail.example.com", false),
    ("host-as-uri", "URI:https://mail.example.com/", "mail.example.com", false),
    ("exact-localhost-ip-san", "IP:127.0.0.1", "127.0.0.1", true),
    ("exact-ipv6", "IP:2001:db8::1", "2001:db8::1", true),
    ("mismatch-ip", "IP:192.0.2.1", "192.0.2.2", false),
    ("mismatch-ipv6", "IP:2001:db8::1", "2001:db8::2", false),
    ("mapped-address", "IP:192.0.2.1", "::ffff:192.0.2.1", false),
    ("address-as-dns-name", "DNS:192.0.2.1", "192.0.2.1", false),
    ("address-under-a-wildcard", "DNS:*.0.2.1", "192.0.2.1", false),
    ("host-beside-an-address", "IP:192.0.2.1 DNS:mail.example.com", "mail.example.com", true),
];

/// The same for mailboxes.
const MAILBOXES: &[Row] = &[
    ("exact", "email:joe@example.com", "joe@example.com", true),
    ("domain-in-another-case", "email:joe@EXAMPLE.com", "joe@example.com", true),
    ("local-part-in-another-case", "email:Joe@example.com", "joe@example.com", false),
    ("other-domain", "email:joe@example.org", "joe@example.com", false),
    ("other-person", "email:jim@example.com", "joe@example.com", false),
    ("second-of-two", "email:jim@example.com email:joe@example.com", "joe@example.com", true),
    ("below-the-domain", "email:joe@mail.example.com", "joe@example.com", false),
    ("nul", "email:joe@example.com\0@evil.example", "joe@example.com", false),
    ("domain-alone", "email:example.com", "joe@example.com", false),
    ("dns-name", "DNS:example.com", "joe@example.com", false),
    ("tag", "email:joe+list@example.com", "joe+list@example.com", true),
    ("without-tag", "email:joe@example.com", "joe+list@example.com", false),
    ("a-label", "email:joe@xn--bcher-kva.example", "joe@xn--bcher-kva.example", true),
    ("rfc9598-mailbox-for-an-ascii-one", "mailbox:jöe@example.com", "joe@example.com", false),
    ("upn", "UPN:joe@example.com", "joe@example.com", false),
];

fn under_root(id: &str, leaf: &Draft) -> Case {
    let root = ca("Root").self_signed();
    case(id, &leaf.by(&root), &root)
}

fn common_names() -> Vec<Case> {
    let named = |id: &str, subject: &str, names: Option<&str>, asked: &str, fits: bool| {
        let leaf = leaf("x").subject(subject).without(SAN);
        let leaf = match names {
            Some(names) => leaf.with(alternative(names)),
            None => leaf,
        };
        under_root(&format!("webpki::cn::{id}"), &leaf).host(asked).refused(if fits {
            ""
        } else {
            " is not "
        })
    };
    let at = "mail.example.com";
    vec![
        named("no-san", "CN=mail.example.com", None, at, true),
        named("wildcard", "CN=*.example.com", None, at, true),
        named("other", "CN=smtp.example.com", None, at, false),
        named("beside-dns-names", "CN=mail.example.com", Some("DNS:smtp.example.com"), at, false),
        named("beside-an-address", "CN=mail.example.com", Some("IP:192.0.2.1"), at, true),
        named("beside-a-mailbox", "CN=mail.example.com", Some("email:joe@example.com"), at, true),
        named("second-of-two", "CN=Joe,CN=mail.example.com", None, at, true),
        named("first-of-two", "CN=mail.example.com,CN=Joe", None, at, true),
        named("address", "CN=192.0.2.1", None, "192.0.2.1", false),
        named("organization", "O=mail.example.com", None, at, false),
        named("nobody", "O=Example", None, at, false),
        under_root(
            "webpki::cn::nul",
            &leaf("x").subject("CN=mail.example.com\0.evil.example").without(SAN),
        )
        .host(at)
        .refused("is not among the certificate's names"),
        under_root(
            "webpki::cn::bmp-string",
            &leaf("x").without(SAN).subject_der(seq([rdn(
                "2.5.4.3",
                tlv(30, at.bytes().flat_map(|octet| [0, octet]).collect::<Vec<_>>()),
            )])),
        )
        .host(at),
        under_root(
            "webpki::cn::escape-sequence",
            &leaf("x").subject("CN=\x1b]0;mail.example.com\x07").without(SAN),
        )
        .host(at)
        .refused("is not among the certificate's names"),
    ]
}

fn mail_subjects() -> Vec<Case> {
    let of =
        |id: &str, leaf: &Draft, fits: bool| {
            let leaf = leaf.clone().with(super::super::extension::extended(&["email"]));
            under_root(&format!("smime::san::{id}"), &leaf)
                .email("joe@example.com")
                .refused(if fits { "" } else { " is not " })
        };
    vec![
        of("subject-only", &leaf("x").subject("CN=Joe,E=joe@example.com"), true),
        of(
            "subject-beside-a-mailbox",
            &person("email:jim@example.com").subject("CN=Joe,E=joe@example.com"),
            false,
        ),
        of(
            "subject-beside-a-host",
            &person("DNS:mail.example.com").subject("CN=Joe,E=joe@example.com"),
            true,
        ),
        of("common-name", &leaf("x").subject("CN=joe@example.com"), false),
        of("empty-san", &leaf("x").with(san(&[])), false),
    ]
}

pub fn cases() -> Vec<Case> {
    let words = |fits: bool| if fits { "" } else { "is not among the certificate's names" };
    let host = |(id, names, asked, fits): &Row| {
        let leaf = leaf("a").with(alternative(names));
        under_root(&format!("webpki::san::{id}"), &leaf).server().host(asked).refused(words(*fits))
    };
    let mailbox = |(id, names, asked, fits): &Row| {
        under_root(&format!("smime::san::{id}"), &person(names)).email(asked).refused(words(*fits))
    };
    let rows = HOSTS.iter().map(host).chain(MAILBOXES.iter().map(mailbox));
    rows.chain(common_names()).chain(mail_subjects()).collect()
}
