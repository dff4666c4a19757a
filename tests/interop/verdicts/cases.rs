//! The questions, and where the answers differ.

use mailca::pki::verify::Purpose;

use super::{Case, case};

#[allow(clippy::too_many_lines, reason = "a table")]
pub fn cases() -> Vec<Case> {
    const DIRECT: Option<&str> = Some(
        "form: CA.pl makes such certificates and every mail server takes them, so it is a note, not a verdict",
    );
    let server = Some(Purpose::Server);
    let client = Some(Purpose::Client);
    let smime = Some(Purpose::Smime);
    let under =
        |leaf, ca: &'static [&'static str], refused| Case { untrusted: ca, ..case(leaf, refused) };
    let mut cases = vec![
        case("good", ""),
        Case { purpose: server, host: Some("mail.example.com"), ..case("good", "") },
        Case { days_later: -1, ..case("good", "is not valid before") },
        Case { days_later: 89, ..case("good", "") },
        Case { days_later: 91, ..case("good", "\"mail.example.com\" expired on") },
        Case { days_later: 4000, roots: &["root"], ..case("good", "expired on") },
        under("undersub", &["sub"], ""),
        case(
            "undersub",
            "the issuer of \"mail.example.com\" is not among the CA certificates given",
        ),
        Case { roots: &["sub"], ..case("undersub", "the issuer of \"Sub\" is not among") },
        Case { roots: &["sub", "root"], ..case("undersub", "") },
        Case { roots: &["root2"], ..under("undersub", &["cross"], "") },
        Case {
            roots: &["root2"],
            differs: Some(
                "openssl does not go back to the cross certificate once it took the other one",
            ),
            ..under("undersub", &["sub", "cross"], "")
        },
        Case {
            roots: &["root2"],
            ..under("undersub", &["sub", "root"], "the chain ends at the CA \"Root\"")
        },
        under(
            "deep",
            &["sub", "subsub"],
            "may have 0 intermediate CAs below it, but this chain has 1",
        ),
        Case { roots: &["other"], ..case("good", "has the right name but another key") },
        Case { roots: &["other", "rolled", "root"], ..case("good", "") },
        Case { roots: &["spelled"], ..case("good", "") },
        Case { roots: &["v1root"], differs: DIRECT, ..case("v1root-leaf", "") },
        case("v1leaf", ""),
        Case { roots: &["bare"], differs: DIRECT, ..case("bare-leaf", "") },
        Case { roots: &["bare2"], ..case("bare-leaf", "by the CA \"Bare\" is not accepted") },
        Case { roots: &["bare2", "bare"], differs: DIRECT, ..case("bare-leaf", "") },
        case("self", "is self-signed, and it is not among"),
        Case { roots: &["self"], ..case("self", "") },
        case("root", ""),
        Case { differs: DIRECT, ..case("noaki", "") },
        Case { purpose: server, ..case("serveronly", "") },
        Case {
            purpose: client,
            ..case(
                "serveronly",
                "is not for a TLS client (clientAuth): its extended key usage is serverAuth",
            )
        },
        Case { purpose: client, ..case("both", "") },
        Case { purpose: server, ..case("encipher", "") },
        Case { purpose: client, ..case("encipher", "its key usage is Key Encipherment") },
        Case { purpose: smime, email: Some("Joe@EXAMPLE.com"), ..case("mail", "") },
        Case {
            email: Some("joe@example.com"),
            ..case("mail", "is not among the certificate's names: email:Joe@example.com")
        },
        Case { purpose: server, ..case("mail", "its extended key usage is emailProtection") },
        Case { purpose: server, ..case("anyeku", "its extended key usage is anyExtendedKeyUsage") },
        Case { purpose: smime, ..case("certsignku", "its key usage is CRL Sign") },
        Case { purpose: server, ..case("nscert", "nsCertType is for something else") },
        Case { purpose: client, ..case("nscert", "") },
        case("critical", "has a critical extension that is not understood: 1.2.3.4"),
        case("noncritical", ""),
        case("policy", ""),
        Case { purpose: server, ..case("leafca", "its key usage is Key Cert Sign") },
        case("leafca", ""),
        under("notca-leaf", &["notca"], "is not a CA"),
        Case { differs: DIRECT, ..under("noku-leaf", &["noku"], "") },
        under("nosign-leaf", &["nosign"], "without Key Cert Sign"),
        under("v1-leaf", &["v1"], "is X.509 version 1; an intermediate CA must be version 3"),
        Case {
            purpose: server,
            ..under(
                "clientca-leaf",
                &["clientca"],
                "the CA certificate \"clientca\" is not for a TLS server",
            )
        },
        Case { purpose: client, ..under("clientca-leaf", &["clientca"], "") },
        Case {
            host: Some("mail.example.org"),
            ..case(
                "good",
                "mail.example.org is not among the certificate's names: DNS:mail.example.com, DNS:*.example.net, IP:192.0.2.1",
            )
        },
        Case { host: Some("a.example.net"), ..case("good", "") },
        Case { host: Some("example.net"), ..case("good", "is not among") },
        Case { host: Some("a.b.example.net"), ..case("good", "is not among") },
        Case { host: Some("192.0.2.1"), ..case("good", "") },
        Case { host: Some("192.0.2.2"), ..case("good", "is not among") },
        Case { host: Some("mail.example.com"), ..case("cnonly", "") },
        Case { host: Some("smtp.example.com"), ..case("cnonly", "CN=mail.example.com") },
        Case { crls: &["empty"], ..case("good", "") },
        Case { crls: &["revoked"], ..case("good", "reason: key compromise") },
        Case { crls: &["plain"], ..case("good", "reason: unspecified") },
        Case {
            crls: &["empty"],
            days_later: 40,
            ..case(
                "good",
                "the CRL of the CA \"Root\", needed for \"mail.example.com\", expired on",
            )
        },
        Case { crls: &["foreign"], ..case("good", "no CRL given is for") },
        Case {
            crls: &["forged"],
            ..case("good", "the signature on the CRL of the CA \"Root\" is not accepted")
        },
        Case { crls: &["empty"], ..under("undersub", &["sub"], "no CRL given is for") },
        Case { crls: &["subempty"], ..under("undersub", &["sub"], "") },
        Case {
            crls: &["subempty", "subrevoked"],
            differs: Some(
                "openssl -crl_check looks at the leaf only; we use every CRL that is given",
            ),
            ..under("undersub", &["sub"], "the CA certificate \"Sub\" was revoked on")
        },
        Case { roots: &["ncroot"], ..case("ncroot-in", "") },
        Case {
            roots: &["ncroot"],
            ..case(
                "ncroot-out",
                "the name a.evil.com (host name) is outside the names that the CA \"NC Root\" may certify: example.com",
            )
        },
    ];
    let dns: &[&str] = &["permitdns"];
    let constrained: &[(&'static str, &'static [&'static str], &'static str)] = &[
        ("dns-in", dns, ""),
        ("dns-out", dns, "mail.evil.com (host name) is outside"),
        ("dns-suffix", dns, "outside"),
        ("dns-cn", dns, "mail.evil.com (host name) is outside"),
        ("dns-person", dns, ""),
        ("dot-host", &["permitdotdns"], ""),
        ("dot-self", &["permitdotdns"], "outside"),
        (
            "ex-in",
            &["excludedns"],
            "is among the names that the CA \"excludedns\" must not certify",
        ),
        ("ex-out", &["excludedns"], ""),
        ("mail-in", &["permitmail"], ""),
        ("mail-out", &["permitmail"], "joe@evil.com (e-mail address) is outside"),
        ("mail-subject", &["permitmail"], "joe@evil.com (e-mail address) is outside"),
        ("mail-subjin", &["permitmail"], ""),
        ("ip-in", &["permitip"], ""),
        ("ip-out", &["permitip"], "outside"),
        ("ip-v6", &["permitip"], "outside"),
        ("noip-4", &["noip"], "must not certify: 0.0.0.0/0"),
        ("noip-6", &["noip"], "must not certify"),
        ("noip-dns", &["noip"], ""),
        ("uri-in", &["permituri"], ""),
        ("uri-out", &["permituri"], "outside"),
        ("dir-in", &["permitdir"], ""),
        ("dir-out", &["permitdir"], "(directoryName) is outside"),
        ("rid", &["permitrid"], "are not supported"),
        ("rid-dns", &["permitrid"], ""),
    ];
    cases.extend(constrained.iter().map(|(leaf, ca, refused)| under(leaf, ca, refused)));
    cases.push(Case {
        differs: Some(
            "openssl does not look at a wildcard in the CN, though -verify_hostname accepts it",
        ),
        ..under("dns-cnwild", dns, "*.evil.com (host name) is outside")
    });
    cases.push(Case {
        differs: Some("a wildcard that covers an excluded host: openssl compares the texts only"),
        ..under("ex-wild", &["excludedns"], "*.example.com (host name) is among")
    });
    cases
}
