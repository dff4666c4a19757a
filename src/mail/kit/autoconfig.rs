//! The account settings that Thunderbird and its like read: `clientConfig`, version 1.1.
//!
//! <https://wiki.mozilla.org/Thunderbird:Autoconfiguration:ConfigFileFormat>. Thunderbird fetches them from a
//! web server of the mail domain, and has no menu to read them from a file.

use std::fmt::Write as _;

use super::page::{Account, Security};
use super::{Authentication, Servers};

/// The file for the domain of a mail address.
pub fn write(servers: &Servers, email: &str, login: &str, title: &str) -> String {
    let (local, domain) = email.rsplit_once('@').unwrap_or(("", email));
    // The placeholders make it a file for everybody of that domain, wherever logins follow from addresses.
    let user = match login {
        _ if login.eq_ignore_ascii_case(email) => "%EMAILADDRESS%".to_owned(),
        _ if login == local => "%EMAILLOCALPART%".to_owned(),
        _ => escaped(login),
    };
    let domain = escaped(domain);
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "<clientConfig version=\"1.1\">\n  <emailProvider id=\"{domain}\">\n    <domain>{domain}</domain>\n    \
         <displayName>{0}</displayName>\n    <displayShortName>{domain}</displayShortName>\n{1}{2}  \
         </emailProvider>\n</clientConfig>\n",
        escaped(title),
        server("incomingServer", "imap", &servers.imap, servers.authentication, &user),
        server("outgoingServer", "smtp", &servers.smtp, servers.authentication, &user),
    );
    text
}

fn server(
    element: &str,
    kind: &str,
    account: &Account,
    authentication: Authentication,
    user: &str,
) -> String {
    let security = match account.security {
        Security::Tls => "SSL",
        Security::StartTls => "STARTTLS",
    };
    let authentication = match authentication {
        // In the clear inside TLS.
        Authentication::Password => "password-cleartext",
        Authentication::Certificate => "TLS-client-cert",
    };
    format!(
        "    <{element} type=\"{kind}\">\n      <hostname>{}</hostname>\n      <port>{}</port>\n      \
         <socketType>{security}</socketType>\n      <authentication>{authentication}</authentication>\n      \
         <username>{user}</username>\n    </{element}>\n",
        escaped(&account.host),
        account.port,
    )
}

/// As text between tags or between double quotes. Characters that XML 1.0 cannot hold at all are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => escaped.push(' '),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(login: &str) -> String {
        let server = |host: &str, port, security| Account { host: host.into(), port, security };
        let servers = Servers {
            imap: server("imap.example.com", 993, Security::Tls),
            smtp: server("smtp.example.com", 587, Security::StartTls),
            authentication: Authentication::Password,
        };
        write(&servers, "joe@example.com", login, "A <b> & \"c\"")
    }

    #[test]
    fn a_login_that_follows_from_the_address_is_a_placeholder() {
        assert!(text("joe").contains("<username>%EMAILLOCALPART%<"));
        assert!(text("joe@example.com").contains("<username>%EMAILADDRESS%<"));
        assert!(text("j&b").contains("<username>j&amp;b<"));
    }

    #[test]
    fn names_are_escaped() {
        assert!(text("joe").contains("<displayName>A &lt;b&gt; &amp; &quot;c&quot;<"));
    }
}
