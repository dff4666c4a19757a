//! Where `openssl verify -x509_strict` differs, as of version 3.0.

use super::Difference;

pub const OPENSSL: &[Difference] = &[
    (
        "RFC 4158: openssl takes the first issuer that fits by its identifiers and never tries another; we do",
        &[
            "bettertls::pathbuilding::bad-eku",
            "bettertls::pathbuilding::bad-signature",
            "bettertls::pathbuilding::name-constraints",
            "bettertls::pathbuilding::not-a-ca",
            "building::cross-dead-end-with-its-root",
            "building::cross-second-root",
            "pathological::cycle-with-a-way-out",
        ],
    ),
    (
        "a bound on the length of a chain is anyone's choice (RFC 5280 6.1 sets none): openssl's is 100, ours 12",
        &["building::eleven-intermediates", "building::forty-intermediates"],
    ),
    (
        "RFC 5280 5.2.4: a delta list without its base says nothing about what is not on it; openssl takes it for complete",
        &["crl::delta"],
    ),
    (
        "RFC 5280 5.3.3: certificateIssuer belongs into indirect lists, which we do not do; openssl passes the entry over",
        &["crl::entry-with-certificate-issuer"],
    ),
    (
        "RFC 5280 6.3.3: openssl looks at the first list of several that fit; we go on to one that is good",
        &["crl::forged-beside-good", "crl::forged-says-revoked-beside-good"],
    ),
    (
        "RFC 5280 5.2.5: openssl does not see that this critical extension is malformed",
        &["crl::idp-malformed"],
    ),
    (
        "-crl_check_all asks for a list for every certificate; we use what there is, and a note says what is missing",
        &["crl::idp-only-contains-user-certs-ca-target", "crl::intermediate-without-one"],
    ),
    (
        "RFC 5280 4.1.2.5 and 5.1.2.5: the last second counts as well; openssl ends a second earlier",
        &[
            "crl::next-update-exact",
            "rfc5280::validity::notafter-exact",
            "rfc5280::validity::notafter-fractional",
        ],
    ),
    (
        "X.690: what stands behind a whole value is no part of it, and openssl passes over it; we refuse what is not DER",
        &[
            "crl::octets-behind",
            "rfc5280::basic::trailing-octets",
            "rfc5280::form::indefinite-length",
            "rfc5280::form::octets-behind",
            "rfc5280::form::san-trailing",
            "rfc5280::nc::excluded-dns-trailing-period-in-name",
            "rfc5280::nc::excluded-mail-trailing-period",
        ],
    ),
    (
        "SHA-1 and MD5 are broken (RFC 9155, RFC 6151); openssl verify accepts them at its lowest security level, TLS does not",
        &[
            "crl::sha1",
            "webpki::weak::ecdsa-sha1",
            "webpki::weak::rsa-md5",
            "webpki::weak::rsa-sha1",
        ],
    ),
    (
        "our purpose is signing or encrypting, either of the two, where openssl's smimesign is for one",
        &["ku::ee-key-agreement-for-smime", "ku::ee-key-encipherment-for-smime"],
    ),
    (
        "with the exponent 1 everybody can sign (RFC 8017 3.1 wants 3 or more): openssl verifies it",
        &["pathological::key::rsa-exponent-1"],
    ),
    (
        "form: CA.pl makes such certificates and mail servers take them, so it is a note, not a verdict; -x509_strict refuses",
        &[
            "rfc5280::aki::empty",
            "rfc5280::aki::intermediate-missing-aki",
            "rfc5280::aki::issuer-and-serial",
            "rfc5280::aki::leaf-missing-aki",
            "rfc5280::aki::right-among-twins-without-identifiers",
            "rfc5280::basic::ica-without-key-usage",
            "rfc5280::basic::intermediate-noncritical",
            "rfc5280::basic::leaf-ku-keycertsign",
            "rfc5280::basic::leaf-pathlen-without-ca",
            "rfc5280::basic::root-non-critical-basic-constraints",
            "rfc5280::basic::root-without-key-usage",
            "rfc5280::form::empty-san",
            "rfc5280::names::ca-empty-subject",
            "rfc5280::names::nobody-at-all",
            "rfc5280::san::noncritical-with-empty-subject",
            "rfc5280::ski::intermediate-missing-ski",
            "rfc5280::ski::root-missing-ski",
            "rfc5280::version::leaf-v1-with-extensions",
            "rfc5280::version::root-v1",
        ],
    ),
    (
        "no path can be as long as 2^64; we do not read such a number",
        &["rfc5280::basic::huge-pathlen"],
    ),
    (
        "RFC 5280 4.2 forbids two of a kind; openssl looks at those that it knows",
        &["rfc5280::duplicate-unknown-extensions"],
    ),
    (
        "RFC 5280 4.2: openssl does not look into these without being asked to; we refuse what is malformed",
        &["rfc5280::form::malformed-aia", "rfc5280::form::malformed-policies"],
    ),
    (
        "CVE-2025-61727, RFC 9525 6.3: a wildcard that covers an excluded host; openssl compares the texts only",
        &["rfc5280::nc::cve-2025-61727", "rfc5280::nc::excluded-dns-wildcard-covers"],
    ),
    (
        "openssl does not look at a wildcard in the CN, though -verify_hostname accepts it",
        &["rfc5280::nc::permitted-dns-common-name-wildcard"],
    ),
    (
        "RFC 5280 4.2.1.6: no such host or mailbox can be; openssl compares its end only, we cannot tell and refuse",
        &[
            "rfc5280::nc::dns-name-in-utf8",
            "rfc5280::nc::dns-name-with-nul",
            "rfc5280::nc::mail-name-with-nul",
            "rfc5280::nc::permitted-dns-name-is-a-period",
        ],
    ),
    (
        "RFC 5280 4.2.1.10: to exclude the empty mail name can only mean all; openssl lets it match none",
        &["rfc5280::nc::excluded-mail-empty"],
    ),
    (
        "RFC 9598 6 forbids constraints of this type; openssl passes over them, we refuse what we cannot compare",
        &["rfc5280::nc::excluded-mailbox-type", "rfc5280::nc::permitted-mailbox-type"],
    ),
    (
        "RFC 5280 4.2.1.10: a list of subtrees has one at least; openssl takes an empty one for none",
        &["rfc5280::nc::permitted-empty"],
    ),
    (
        "RFC 3986 3.2: the host ends at ? or # too and begins after @; openssl 3.0 looks for : and / only",
        &[
            "rfc5280::nc::excluded-uri-user",
            "rfc5280::nc::permitted-uri-fragment",
            "rfc5280::nc::permitted-uri-query-at-once",
            "rfc5280::nc::permitted-uri-user-2",
        ],
    ),
    (
        "RFC 9525 6.3: a wildcard is a whole label; openssl still matches parts of one",
        &["webpki::san::wildcard-embedded-at-end", "webpki::san::wildcard-embedded-leftmost-san"],
    ),
    (
        "not for mail: hardly a client knows it; openssl verifies with every algorithm that it has",
        &[
            "webpki::weak::brainpool",
            "webpki::weak::ed448",
            "webpki::weak::p192",
            "webpki::weak::p224",
            "webpki::weak::rsa-sha224",
            "webpki::weak::rsa-sha3",
            "webpki::weak::secp256k1",
        ],
    ),
    (
        "RSA below 2048 bits is too small (NIST SP 800-131A); openssl verify accepts it at its lowest security level, TLS does not",
        &["webpki::weak::intermediate-1024", "webpki::weak::root-1024"],
    ),
];
