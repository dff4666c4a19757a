//! Name constraints of every type (RFC 5280 4.2.1.10): one CA with them, one leaf with names.

mod more;

use super::super::case::{Case, case, chain};
use super::super::extension::constraints;
use super::super::make::{ca, leaf_for, person};

/// id, constraints of the CA, names of the leaf, our words.
type Row = (&'static str, &'static str, &'static str, &'static str);

const OUT: &str = "is outside the names that the CA \"Sub\" may certify";
const IN: &str = "is among the names that the CA \"Sub\" must not certify";
const UNKNOWN: &str = "cannot be checked against the name constraints of the CA \"Sub\"";

const HOSTS: &[Row] = &[
    ("permitted-dns-match", "+DNS:example.com", "DNS:example.com", ""),
    ("permitted-dns-match-more", "+DNS:example.com", "DNS:foo.bar.example.com", ""),
    ("permitted-dns-match-case", "+DNS:Example.COM", "DNS:MAIL.example.com", ""),
    ("permitted-dns-mismatch", "+DNS:example.com", "DNS:not-example.com", OUT),
    ("permitted-dns-parent", "+DNS:mail.example.com", "DNS:example.com", OUT),
    ("permitted-dns-sibling", "+DNS:host.example.com", "DNS:host1.example.com", OUT),
    ("permitted-dns-suffix", "+DNS:example.com", "DNS:badexample.com", OUT),
    ("permitted-dns-prefix", "+DNS:example.com", "DNS:example.com.evil.example", OUT),
    (
        "permitted-dns-one-of-two-names",
        "+DNS:example.com",
        "DNS:a.example.com DNS:a.example.org",
        OUT,
    ),
    (
        "permitted-dns-two-subtrees",
        "+DNS:example.com +DNS:example.org",
        "DNS:a.example.com DNS:a.example.org",
        "",
    ),
    ("permitted-dns-leading-period", "+DNS:.example.com", "DNS:mail.example.com", ""),
    ("permitted-dns-leading-period-itself", "+DNS:.example.com", "DNS:example.com", OUT),
    ("permitted-dns-empty", "+DNS:", "DNS:anything.example", ""),
    ("permitted-dns-wildcard-constraint", "+DNS:*.example.com", "DNS:mail.example.com", OUT),
    ("permitted-dns-trailing-period-in-name", "+DNS:example.com", "DNS:mail.example.com.", UNKNOWN),
    (
        "permitted-dns-trailing-period-in-constraint",
        "+DNS:example.com.",
        "DNS:mail.example.com",
        OUT,
    ),
    ("permitted-dns-wildcard-name", "+DNS:example.com", "DNS:*.example.com", ""),
    ("permitted-dns-wildcard-name-narrower", "+DNS:mail.example.com", "DNS:*.example.com", OUT),
    ("permitted-dns-other-kind", "+DNS:example.com", "email:joe@evil.example", ""),
    ("permitted-dns-single-label", "+DNS:localhost", "DNS:localhost", ""),
    ("permitted-dns-top-level", "+DNS:com", "DNS:mail.example.com", ""),
    ("permitted-dns-idn", "+DNS:xn--bcher-kva.example", "DNS:mail.xn--bcher-kva.example", ""),
    ("permitted-dns-empty-name", "+DNS:example.com", "DNS:", OUT),
    ("permitted-dns-name-is-a-period", "+DNS:example.com", "DNS:.example.com", UNKNOWN),
    ("permitted-dns-address-as-name", "+DNS:example.com", "DNS:192.0.2.1", OUT),
    ("excluded-dns-match", "-DNS:example.com", "DNS:example.com", IN),
    ("excluded-dns-match-below", "-DNS:example.com", "DNS:mail.example.com", IN),
    ("excluded-dns-match-case", "-DNS:EXAMPLE.com", "DNS:mail.Example.Com", IN),
    (
        "excluded-dns-match-second",
        "-DNS:not-allowed.example.com",
        "DNS:example.com DNS:not-allowed.example.com",
        IN,
    ),
    ("excluded-dns-mismatch", "-DNS:example.com", "DNS:example.org", ""),
    ("excluded-dns-parent", "-DNS:mail.example.com", "DNS:example.com", ""),
    ("excluded-dns-suffix", "-DNS:example.com", "DNS:badexample.com", ""),
    ("excluded-dns-leading-period", "-DNS:.example.com", "DNS:mail.example.com", IN),
    ("excluded-dns-leading-period-itself", "-DNS:.example.com", "DNS:example.com", ""),
    ("excluded-dns-empty", "-DNS:", "DNS:mail.example.com", IN),
    ("excluded-dns-wildcard-covers", "-DNS:bar.example.com", "DNS:*.example.com", IN),
    ("excluded-dns-wildcard-below", "-DNS:example.com", "DNS:*.mail.example.com", IN),
    ("excluded-dns-wildcard-elsewhere", "-DNS:bar.example.com", "DNS:*.example.org", ""),
    ("excluded-dns-wildcard-too-shallow", "-DNS:a.bar.example.com", "DNS:*.example.com", ""),
    ("excluded-dns-trailing-period-in-name", "-DNS:example.com", "DNS:mail.example.com.", UNKNOWN),
    ("excluded-dns-other-kind", "-DNS:example.com", "email:joe@example.com", ""),
    (
        "permitted-and-excluded-dns",
        "+DNS:example.com -DNS:secret.example.com",
        "DNS:mail.example.com",
        "",
    ),
    (
        "permitted-and-excluded-dns-inner",
        "+DNS:example.com -DNS:secret.example.com",
        "DNS:a.secret.example.com",
        IN,
    ),
    (
        "permitted-and-excluded-the-same",
        "+DNS:example.com -DNS:example.com",
        "DNS:mail.example.com",
        IN,
    ),
    ("cve-2025-61727", "+DNS:example.com -DNS:bar.example.com", "DNS:*.example.com", IN),
    ("cve-2025-61727-permits-variant", "+DNS:foo.example.com", "DNS:*.example.com", OUT),
];

const ADDRESSES: &[Row] = &[
    ("permitted-ipv4-match", "+IP:192.0.2.0/255.255.255.0", "IP:192.0.2.1", ""),
    ("permitted-ip-mismatch", "+IP:192.0.2.0/255.255.255.0", "IP:192.0.3.1", OUT),
    ("permitted-ipv4-host", "+IP:192.0.2.1/255.255.255.255", "IP:192.0.2.1", ""),
    ("permitted-ipv4-host-mismatch", "+IP:192.0.2.1/255.255.255.255", "IP:192.0.2.2", OUT),
    ("permitted-ipv4-all", "+IP:0.0.0.0/0.0.0.0", "IP:192.0.2.2", ""),
    ("permitted-ipv4-bits-of-the-host", "+IP:192.0.2.77/255.255.255.0", "IP:192.0.2.1", ""),
    ("permitted-ipv4-odd-mask", "+IP:10.0.0.1/255.0.0.255", "IP:10.7.7.1", ""),
    ("permitted-ipv4-odd-mask-mismatch", "+IP:10.0.0.1/255.0.0.255", "IP:10.7.7.2", OUT),
    ("permitted-ipv4-edge", "+IP:192.0.2.128/255.255.255.128", "IP:192.0.2.127", OUT),
    ("permitted-ipv6-match", "+IP:::1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "IP:::1", ""),
    ("permitted-ipv6-mismatch", "+IP:2001:db8::/ffff:ffff::", "IP:2001:db9::1", OUT),
    ("permitted-ipv6-net", "+IP:2001:db8::/ffff:ffff::", "IP:2001:db8::1", ""),
    ("permitted-ipv4-name-ipv6", "+IP:192.0.2.0/255.255.255.0", "IP:2001:db8::1", OUT),
    ("permitted-ipv6-name-ipv4", "+IP:2001:db8::/ffff:ffff::", "IP:192.0.2.1", OUT),
    ("permitted-ipv4-name-mapped", "+IP:192.0.2.0/255.255.255.0", "IP:::ffff:192.0.2.1", OUT),
    (
        "permitted-both-families",
        "+IP:192.0.2.0/255.255.255.0 +IP:2001:db8::/ffff:ffff::",
        "IP:192.0.2.1 IP:2001:db8::1",
        "",
    ),
    ("permitted-ip-name-dns", "+IP:192.0.2.0/255.255.255.0", "DNS:mail.example.com", ""),
    ("permitted-dns-name-ip", "+DNS:example.com", "IP:192.0.2.1", ""),
    ("excluded-ipv4-match", "-IP:192.0.2.0/255.255.255.0", "IP:192.0.2.1", IN),
    ("excluded-ipv4-mismatch", "-IP:192.0.2.0/255.255.255.0", "IP:192.0.3.1", ""),
    ("excluded-ipv6-match", "-IP:::1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "IP:::1", IN),
    ("excluded-all-addresses-ipv4", "-IP:0.0.0.0/0.0.0.0 -IP:::/::", "IP:192.0.2.1", IN),
    ("excluded-all-addresses-ipv6", "-IP:0.0.0.0/0.0.0.0 -IP:::/::", "IP:2001:db8::1", IN),
    ("excluded-all-ipv4-name-ipv6", "-IP:0.0.0.0/0.0.0.0", "IP:2001:db8::1", ""),
    (
        "excluded-part-of-permitted",
        "+IP:10.0.0.0/255.0.0.0 -IP:10.1.0.0/255.255.0.0",
        "IP:10.1.2.3",
        IN,
    ),
    ("excluded-ipv4-name-mapped", "-IP:192.0.2.0/255.255.255.0", "IP:::ffff:192.0.2.1", ""),
];

const MAIL: &[Row] = &[
    ("permitted-mailbox", "+email:joe@example.com", "email:joe@example.com", ""),
    ("permitted-mailbox-domain-case", "+email:joe@EXAMPLE.com", "email:joe@example.COM", ""),
    ("permitted-mailbox-local-case", "+email:joe@example.com", "email:Joe@example.com", OUT),
    ("permitted-mailbox-other", "+email:joe@example.com", "email:jim@example.com", OUT),
    ("permitted-mail-host", "+email:example.com", "email:joe@example.com", ""),
    ("permitted-mail-host-below", "+email:example.com", "email:joe@mail.example.com", OUT),
    ("permitted-mail-host-suffix", "+email:example.com", "email:joe@badexample.com", OUT),
    ("permitted-mail-domain", "+email:.example.com", "email:joe@mail.example.com", ""),
    ("permitted-mail-domain-itself", "+email:.example.com", "email:joe@example.com", OUT),
    (
        "permitted-mail-domain-and-host",
        "+email:example.com +email:.example.com",
        "email:joe@example.com email:joe@a.b.example.com",
        "",
    ),
    ("permitted-mail-domain-suffix", "+email:.example.com", "email:joe@badexample.com", OUT),
    ("permitted-mail-at-host", "+email:@example.com", "email:joe@example.com", ""),
    ("permitted-mail-empty", "+email:", "email:joe@example.com", OUT),
    ("permitted-mail-without-at", "+email:example.com", "email:example.com", UNKNOWN),
    ("permitted-mail-two-at", "+email:example.com", "email:joe@example.com@evil.example", OUT),
    ("permitted-mail-quoted", "+email:example.com", "email:\"joe@evil.example\"@example.com", ""),
    ("permitted-mail-literal", "+email:example.com", "email:joe@[192.0.2.1]", OUT),
    ("permitted-mail-trailing-period", "+email:example.com", "email:joe@example.com.", UNKNOWN),
    ("permitted-mail-empty-name", "+email:example.com", "email:", UNKNOWN),
    ("permitted-mail-name-dns", "+email:example.com", "DNS:evil.example", ""),
    ("excluded-mailbox", "-email:joe@example.com", "email:joe@example.com", IN),
    ("excluded-mailbox-local-case", "-email:joe@example.com", "email:JOE@example.com", ""),
    ("excluded-mailbox-other", "-email:joe@example.com", "email:jim@example.com", ""),
    ("excluded-mail-host", "-email:example.com", "email:joe@EXAMPLE.com", IN),
    ("excluded-mail-host-below", "-email:example.com", "email:joe@mail.example.com", ""),
    ("excluded-mail-domain", "-email:.example.com", "email:joe@mail.example.com", IN),
    ("excluded-mail-domain-itself", "-email:.example.com", "email:joe@example.com", ""),
    ("excluded-mail-empty", "-email:", "email:joe@example.com", IN),
    ("excluded-mail-without-at", "-email:example.com", "email:example.com", UNKNOWN),
    ("excluded-mail-trailing-period", "-email:example.com", "email:joe@example.com.", UNKNOWN),
    ("excluded-mail-quoted", "-email:evil.example", "email:\"joe@evil.example\"@example.com", ""),
    ("rfc9598-mailbox-permitted", "+email:example.com", "mailbox:jöe@example.com", ""),
    ("rfc9598-mailbox-outside", "+email:example.com", "mailbox:jöe@evil.example", OUT),
    ("rfc9598-mailbox-u-label", "+email:xn--bcher-kva.example", "mailbox:jöe@bücher.example", ""),
    ("rfc9598-mailbox-u-label-outside", "+email:example.com", "mailbox:jöe@bücher.example", OUT),
    ("rfc9598-mailbox-excluded", "-email:example.com", "mailbox:jöe@example.com", IN),
    (
        "rfc9598-mailbox-excluded-u-label",
        "-email:xn--bcher-kva.example",
        "mailbox:jöe@bücher.example",
        IN,
    ),
    ("rfc9598-mailbox-malformed", "+email:example.com", "mailbox:jöe", "malformed"),
    ("rfc9598-mailbox-unconstrained", "+DNS:example.com", "mailbox:jöe@evil.example", ""),
];

const OTHERS: &[Row] = &[
    ("permitted-uri-host", "+URI:example.com", "URI:https://example.com/a", ""),
    ("permitted-uri-host-below", "+URI:example.com", "URI:https://www.example.com/a", OUT),
    ("permitted-uri-domain", "+URI:.example.com", "URI:https://www.example.com/a", ""),
    ("permitted-uri-domain-itself", "+URI:.example.com", "URI:https://example.com/a", OUT),
    ("permitted-uri-port", "+URI:example.com", "URI:https://example.com:8443/a", ""),
    ("permitted-uri-user", "+URI:evil.example", "URI:https://evil.example@example.com/", OUT),
    ("permitted-uri-user-2", "+URI:example.com", "URI:https://evil.example@example.com/", ""),
    ("permitted-uri-address", "+URI:example.com", "URI:https://192.0.2.1/", UNKNOWN),
    ("permitted-uri-ipv6", "+URI:example.com", "URI:https://[2001:db8::1]/", UNKNOWN),
    ("permitted-uri-without-host", "+URI:example.com", "URI:urn:uuid:f81d4fae", UNKNOWN),
    ("permitted-uri-query-at-once", "+URI:example.com", "URI:https://example.com?x=1", ""),
    ("permitted-uri-fragment", "+URI:example.com", "URI:https://example.com#a", ""),
    ("permitted-uri-relative", "+URI:example.com", "URI:/a/b", UNKNOWN),
    ("excluded-uri-host", "-URI:example.com", "URI:https://EXAMPLE.com/a", IN),
    ("excluded-uri-domain", "-URI:.example.com", "URI:https://www.example.com/a", IN),
    ("excluded-uri-user", "-URI:example.com", "URI:https://a@example.com/", IN),
    ("excluded-uri-without-host", "-URI:example.com", "URI:urn:x", UNKNOWN),
    ("permitted-dn-match", "+dir:CN=a", "dir:CN=a", ""),
    ("permitted-dn-mismatch", "+dir:CN=a", "dir:CN=not-a", OUT),
    ("permitted-dn-subject-mismatch", "+dir:O=Example", "DNS:mail.example.com", OUT),
    ("permitted-dn-below", "+dir:CN=a", "dir:CN=a,O=below", ""),
    ("permitted-dn-case", "+dir:CN=A", "DNS:mail.example.com", ""),
    ("permitted-dn-empty", "+dir:", "DNS:mail.example.com", ""),
    ("excluded-dn-match", "-dir:CN=a", "DNS:mail.example.com", IN),
    ("excluded-dn-match-san", "-dir:O=Evil", "dir:O=Evil,CN=x", IN),
    ("excluded-dn-spelling", "-dir:O=EVIL", "dir:O=␣evil␣,CN=x", IN),
    ("excluded-dn-mismatch", "-dir:O=Evil", "dir:O=Good,CN=x", ""),
    ("excluded-dn-longer", "-dir:O=Evil,OU=Worse", "dir:O=Evil", ""),
    ("excluded-dn-empty", "-dir:", "DNS:mail.example.com", IN),
    ("permitted-upn", "+UPN:@example.com", "UPN:joe@example.com", UNKNOWN),
    ("excluded-upn", "-UPN:@example.com", "UPN:joe@example.org", UNKNOWN),
    ("permitted-upn-absent", "+UPN:@example.com", "DNS:mail.example.com", ""),
    ("permitted-upn-other-type", "+UPN:@example.com", "mailbox:jöe@example.com", ""),
    ("permitted-mailbox-type", "+mailbox:jöe@example.com", "mailbox:jöe@example.com", UNKNOWN),
    ("excluded-mailbox-type", "-mailbox:jöe@example.com", "mailbox:jöe@example.com", UNKNOWN),
    ("permitted-registered-id", "+RID:1.2.3", "RID:1.2.3.4", UNKNOWN),
    ("excluded-registered-id", "-RID:1.2.3", "RID:1.2.3.4", UNKNOWN),
    ("excluded-registered-id-absent", "-RID:1.2.3", "DNS:mail.example.com", ""),
    (
        "unrelated-kinds",
        "+RID:1.2.3 -UPN:x +URI:example.com",
        "DNS:mail.example.com email:joe@example.com IP:192.0.2.1",
        "",
    ),
];

fn rows(rows: &[Row]) -> Vec<Case> {
    let of = |(id, subtrees, names, refused): &Row| {
        let leaf = if names.contains('@') { person(names) } else { leaf_for(names) };
        let leaf = if subtrees.contains("dir:") { leaf.subject("CN=a") } else { leaf };
        let id = format!("rfc5280::nc::{id}");
        chain(&id, &leaf, &ca("Sub").with(constraints(subtrees))).refused(refused)
    };
    rows.iter().map(of).collect()
}

/// Constraints at several levels count together, those of the root too.
fn levels() -> Vec<Case> {
    let three = |id: &str, root: &str, sub: &str, names: &str| {
        let put = |draft: super::super::make::Draft, text: &str| {
            if text.is_empty() { draft } else { draft.with(constraints(text)) }
        };
        let root = put(ca("Root"), root).self_signed();
        let sub = put(ca("Sub"), sub).by(&root);
        case(&format!("rfc5280::nc::{id}"), &leaf_for(names).by(&sub), &root).untrusted(&[&sub])
    };
    vec![
        three("root-permits", "+DNS:example.com", "", "DNS:mail.example.com"),
        three("root-does-not-permit", "+DNS:example.com", "", "DNS:mail.example.org")
            .refused("is outside the names that the CA \"Root\" may certify: example.com"),
        three("narrower-below", "+DNS:example.com", "+DNS:a.example.com", "DNS:x.a.example.com"),
        three(
            "narrower-below-outside",
            "+DNS:example.com",
            "+DNS:a.example.com",
            "DNS:b.example.com",
        )
        .refused(OUT),
        three("wider-below", "+DNS:a.example.com", "+DNS:example.com", "DNS:b.example.com")
            .refused("the CA \"Root\" may certify"),
        three("disjoint", "+DNS:example.com", "+DNS:example.org", "DNS:mail.example.com")
            .refused(OUT),
        three(
            "excluded-above-permitted-below",
            "-DNS:example.com",
            "+DNS:example.com",
            "DNS:mail.example.com",
        )
        .refused("the CA \"Root\" must not certify"),
        three(
            "kinds-at-both-levels",
            "+DNS:example.com",
            "+IP:192.0.2.0/255.255.255.0",
            "DNS:a.example.com IP:192.0.2.1",
        ),
    ]
}

pub fn cases() -> Vec<Case> {
    let rows = [HOSTS, ADDRESSES, MAIL, OTHERS].into_iter().flat_map(rows);
    rows.chain(levels()).chain(more::cases()).collect()
}
