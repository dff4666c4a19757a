//! Where `certtool --verify` differs, as of GnuTLS 3.7.

use super::Difference;

pub const CERTTOOL: &[Difference] = &[
    (
        "RFC 4158: GnuTLS takes the chain as it comes and never tries another path; we do",
        &[
            "bettertls::pathbuilding::bad-eku",
            "bettertls::pathbuilding::bad-signature",
            "bettertls::pathbuilding::expired",
            "bettertls::pathbuilding::name-constraints",
            "bettertls::pathbuilding::not-a-ca",
            "building::cross-dead-end-with-its-root",
            "building::cross-second-root",
            "pathological::cycle-with-a-way-out",
        ],
    ),
    (
        "a bound on the length of a chain is anyone's choice (RFC 5280 6.1 sets none); GnuTLS drops what is over its own",
        &["building::eleven-intermediates", "building::forty-intermediates"],
    ),
    (
        "GnuTLS reads sixteen certificates of a chain and leaves out the rest; we look through all",
        &["building::with-strangers"],
    ),
    (
        "GnuTLS trusts what it is given, be it a root or not; openssl, and the mail servers on it, need the root",
        &["building::intermediate-trusted"],
    ),
    (
        "a self-signed certificate that is trusted need not be a CA for openssl and us; GnuTLS wants a CA",
        &["webpki::self-signed-leaf-trusted"],
    ),
    (
        "RFC 5280 6.3.3: GnuTLS drops a list that it cannot use, and accepts without any; we were asked for revocation and refuse",
        &[
            "crl::ca-may-not-sign-lists",
            "crl::crl-invalid-signature",
            "crl::crl-signed-by-the-root",
            "crl::expired",
            "crl::idp-cdp-scope-mismatch",
            "crl::idp-malformed",
            "crl::idp-only-contains-attribute-certs",
            "crl::idp-only-contains-ca-certs-ee-target",
            "crl::idp-present-certificate-missing-cdp",
            "crl::not-yet-valid",
            "crl::of-a-stranger",
            "crl::only-the-root-has-one",
            "crl::sha1",
        ],
    ),
    (
        "RFC 5280 5.2 and 5.3: GnuTLS does not look at the extensions of lists and entries",
        &[
            "crl::crl-unknown-critical-extension",
            "crl::delta",
            "crl::entry-with-unknown-critical",
            "crl::idp-indirect",
            "crl::idp-only-contains-user-certs-ca-target",
            "crl::idp-only-some-reasons",
            "crl::reason-remove-from-crl",
        ],
    ),
    (
        "RFC 5280 6.1: GnuTLS looks for no list for a root; sendmail and Dovecot do",
        &["crl::revoked-root-by-itself"],
    ),
    (
        "GnuTLS compares the octets of serial numbers, openssl and we their value",
        &["crl::serial-with-zeros-in-front"],
    ),
    (
        "RFC 5280 4.2.1.12 leaves anyExtendedKeyUsage to the application: openssl, and the mail servers on it, refuse it",
        &[
            "eku::ee-any-and-server-for-client",
            "eku::ee-any-and-server-for-smime",
            "eku::ee-any-for-client",
            "eku::ee-any-for-server",
            "eku::ee-any-for-smime",
            "webpki::eku::root-has-any-eku",
        ],
    ),
    (
        "server gated cryptography is for a server in openssl only",
        &["eku::ee-server-gated-for-server"],
    ),
    (
        "RFC 5280 4.2.1.12: purposes in a root bound what is below for openssl; GnuTLS does not look at a root's",
        &["webpki::eku::root-has-client-eku"],
    ),
    (
        "RFC 5280 4.2.1.3: GnuTLS looks at the key usage when the key is used, not when a chain is verified",
        &[
            "ku::ee-crl-sign-for-client",
            "ku::ee-crl-sign-for-server",
            "ku::ee-crl-sign-for-smime",
            "ku::ee-data-encipherment-for-client",
            "ku::ee-data-encipherment-for-server",
            "ku::ee-data-encipherment-for-smime",
            "ku::ee-key-encipherment-for-client",
            "ku::ee-non-repudiation-and-encipherment-for-client",
            "ku::ee-non-repudiation-for-client",
            "ku::ee-non-repudiation-for-server",
            "ku::ee-nothing-allowed",
        ],
    ),
    (
        "nsCertType is Netscape's; GnuTLS does not know it",
        &[
            "ku::netscape-client-as-server",
            "rfc5280::critical-netscape-type",
            "rfc5280::form::malformed-netscape-type",
        ],
    ),
    (
        "RFC 5280 6.1.4 l: self-issued certificates do not count; GnuTLS counts them",
        &["pathlen::self-issued-below-pathlen-0", "pathlen::self-issued-certs-pathlen"],
    ),
    (
        "with the exponent 1 everybody can sign (RFC 8017 3.1 wants 3 or more): GnuTLS verifies it",
        &["pathological::key::rsa-exponent-1"],
    ),
    (
        "RFC 5280 4.2.1.1: GnuTLS looks at the key identifier alone, and not at a malformed extension",
        &[
            "rfc5280::aki::another-issuer",
            "rfc5280::aki::another-serial",
            "rfc5280::aki::malformed",
            "rfc5280::ski::malformed",
        ],
    ),
    (
        "RFC 5280 4.2.1.1 and 4.2.1.2: must not be critical; openssl, and the mail servers on it, do not know a critical one",
        &["rfc5280::aki::critical-and-right", "rfc5280::ski::critical-ski"],
    ),
    (
        "no path can be as long as 2^64 or shorter than none; GnuTLS takes it for no limit",
        &["rfc5280::basic::huge-pathlen", "rfc5280::basic::negative-pathlen"],
    ),
    (
        "RFC 5280 4.2.1.9: GnuTLS asks for basicConstraints below the root only",
        &["rfc5280::basic::root-missing-basic-constraints"],
    ),
    (
        "RFC 5280 4.2: GnuTLS knows these extensions, critical or not; openssl, and the mail servers on it, do not",
        &[
            "rfc5280::critical-issuer-alternative-name",
            "rfc5280::critical-tls-feature",
            "rfc5280::ee-critical-aia",
        ],
    ),
    (
        "GnuTLS does not know this extension, and it is critical; without a policy asked for openssl and we demand nothing of it",
        &["rfc5280::pc::ica-requires-a-policy", "rfc5280::pm::mapping"],
    ),
    (
        "RFC 5280 4.2: GnuTLS does not look into these without being asked to; we refuse what is malformed",
        &[
            "rfc5280::basic::trailing-octets",
            "rfc5280::form::empty-key-usage",
            "rfc5280::form::malformed-aia",
            "rfc5280::form::malformed-extended",
            "rfc5280::form::malformed-key-usage",
            "rfc5280::form::malformed-points",
            "rfc5280::form::malformed-policies",
            "rfc5280::nc::permitted-dns-trailing-period-in-constraint",
            "rfc5280::nc::permitted-dns-trailing-period-in-name",
            "rfc5280::nc::permitted-mail-trailing-period",
        ],
    ),
    (
        "RFC 5280 4.1.2.4 leaves a CA without a name open to refusal: GnuTLS fails on it, for us it is a note",
        &["rfc5280::names::ca-empty-subject"],
    ),
    (
        "RFC 5280 7.1: letter case and spaces make no difference; GnuTLS compares octets",
        &["rfc5280::names::issuer-in-another-case", "rfc5280::names::issuer-with-more-spaces"],
    ),
    (
        "RFC 5280 4.1: not DER; openssl, and the mail servers on it, cannot read it",
        &["rfc5280::serial::empty", "rfc5280::serial::superfluous-zeros"],
    ),
    (
        "RFC 5280 4.1.2.5: there is no such moment, or not in this form; GnuTLS guesses",
        &[
            "rfc5280::validity::encoding-leap-second",
            "rfc5280::validity::encoding-thirtieth-of-february",
            "rfc5280::validity::encoding-utc-without-seconds",
        ],
    ),
    (
        "RFC 5280 4.1.2.1: extensions need version 3; openssl reads them nevertheless, so it is a note",
        &["rfc5280::version::leaf-v1-with-extensions"],
    ),
    (
        "RFC 5280 7.5: the local part is compared exactly; GnuTLS compares it in any case",
        &["smime::san::local-part-in-another-case"],
    ),
    (
        "openssl looks at every CN where there is no dNSName, GnuTLS at the only one of a certificate without other names",
        &["webpki::cn::beside-an-address", "webpki::cn::first-of-two", "webpki::cn::second-of-two"],
    ),
    (
        "RFC 9525 6.3: GnuTLS matches part of a label, and what is no label of a host",
        &[
            "rfc5280::nc::excluded-dns-wildcard-covers",
            "webpki::san::wildcard-embedded-at-end",
            "webpki::san::wildcard-for-an-underscore",
        ],
    ),
    (
        "not for mail: hardly a client knows it; GnuTLS verifies with every algorithm that it has",
        &[
            "webpki::weak::ed448",
            "webpki::weak::p192",
            "webpki::weak::p224",
            "webpki::weak::rsa-sha224",
            "webpki::weak::rsa-sha3",
        ],
    ),
    (
        "RSA below 2048 bits is too small (NIST SP 800-131A); GnuTLS accepts it without a profile",
        &["webpki::weak::intermediate-1024", "webpki::weak::root-1024"],
    ),
    (
        "CVE-2025-61727, RFC 9525 6.3: a wildcard that covers an excluded host; GnuTLS compares the texts only",
        &["rfc5280::nc::cve-2025-61727"],
    ),
    (
        "RFC 5280 4.2.1.10: GnuTLS does not compare names of this type, and passes or refuses them all",
        &[
            "rfc5280::nc::edi-constraint",
            "rfc5280::nc::excluded-dn-empty",
            "rfc5280::nc::excluded-dn-longer",
            "rfc5280::nc::excluded-dn-mismatch",
            "rfc5280::nc::excluded-registered-id-absent",
            "rfc5280::nc::excluded-upn",
            "rfc5280::nc::intermediate-outside",
            "rfc5280::nc::permitted-dn-attributes-together",
            "rfc5280::nc::permitted-dn-match-subject-san-mismatch",
            "rfc5280::nc::permitted-dn-mismatch",
            "rfc5280::nc::permitted-dn-subject-in-another-order",
            "rfc5280::nc::permitted-dn-subject-mismatch",
            "rfc5280::nc::permitted-upn",
            "rfc5280::nc::permitted-uri-address",
            "rfc5280::nc::permitted-uri-domain-itself",
            "rfc5280::nc::permitted-uri-host-below",
            "rfc5280::nc::permitted-uri-ipv6",
            "rfc5280::nc::permitted-uri-relative",
            "rfc5280::nc::permitted-uri-user",
            "rfc5280::nc::permitted-uri-without-host",
            "rfc5280::nc::rfc9598-mailbox-excluded",
            "rfc5280::nc::rfc9598-mailbox-excluded-u-label",
            "rfc5280::nc::rfc9598-mailbox-malformed",
            "rfc5280::nc::rfc9598-mailbox-outside",
            "rfc5280::nc::rfc9598-mailbox-u-label-outside",
            "rfc5280::nc::unrelated-kinds",
            "rfc5280::nc::x400-address-constraint",
        ],
    ),
    (
        "GnuTLS looks at the names of the leaf only; RFC 5280 6.1.3 b has those between as well",
        &["rfc5280::nc::intermediate-san-outside"],
    ),
    (
        "GnuTLS takes any CN for a host where there is no dNSName, openssl and we one that looks like a host",
        &[
            "rfc5280::nc::permitted-dns-common-name-of-a-person",
            "rfc5280::nc::permitted-dns-common-name-one-label",
            "rfc5280::nc::permitted-dns-name-ip",
        ],
    ),
    (
        "GnuTLS does not look at the CN beside a mailbox; openssl does where there is no dNSName",
        &["rfc5280::nc::excluded-dns-common-name-of-a-mailbox"],
    ),
    (
        "RFC 5280 4.2.1.10: an address of the other family is not permitted; GnuTLS takes each family for a type",
        &[
            "rfc5280::nc::permitted-ipv4-name-ipv6",
            "rfc5280::nc::permitted-ipv4-name-mapped",
            "rfc5280::nc::permitted-ipv6-name-ipv4",
        ],
    ),
    (
        "RFC 5280 4.2.1.10 allows any mask; GnuTLS knows prefixes only",
        &["rfc5280::nc::permitted-ipv4-odd-mask"],
    ),
    (
        "RFC 5280 4.2.1.10 has no such form; openssl takes @host for everyone there, and so do we",
        &["rfc5280::nc::permitted-mail-at-host"],
    ),
    (
        "RFC 5280 4.2.1.10: GnuTLS takes the empty mail name for every mailbox; openssl and we for none",
        &["rfc5280::nc::permitted-mail-empty"],
    ),
    (
        "openssl and we look at the emailAddress of the subject always; GnuTLS where there is no rfc822Name",
        &["rfc5280::nc::permitted-mail-subject-beside-names"],
    ),
    (
        "RFC 5280 4.2.1.6: no such host or mailbox can be; GnuTLS compares its end only, we cannot tell and refuse",
        &[
            "rfc5280::nc::dns-name-in-utf8",
            "rfc5280::nc::dns-name-with-nul",
            "rfc5280::nc::ip-constraint-name-of-5-octets",
            "rfc5280::nc::mail-name-with-nul",
            "rfc5280::nc::permitted-dns-name-is-a-period",
            "rfc5280::nc::permitted-mail-without-at",
        ],
    ),
    (
        "RFC 5280 4.2.1.10: malformed, or with a minimum or maximum that nobody supports; GnuTLS passes over it",
        &[
            "rfc5280::nc::base-missing",
            "rfc5280::nc::maximum",
            "rfc5280::nc::minimum-1",
            "rfc5280::nc::permitted-empty",
        ],
    ),
];
