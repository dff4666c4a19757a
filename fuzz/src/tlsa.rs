//! TLSA records as a zone has them.

use mailca::pki::digest::lower_hex;
use mailca::pki::tlsa::Published;

/// Records that were read and are written into a zone are read as the same.
pub fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let records = match Published::parse_all(text) {
        Ok(records) => records,
        Err(error) => return super::assert_error_is_plain(&error),
    };
    for record in records {
        super::assert_is_plain(&record.to_string());
        let again = Published::parse_all(&line(&record));
        assert_eq!(again.as_deref().ok(), Some([record].as_slice()));
    }
}

fn line(record: &Published) -> String {
    let Published { port, host, usage, selector, matching, data } = record;
    let owner = match (port, host) {
        (Some(port), Some(host)) => format!("_{port}._tcp.{host}. IN TLSA "),
        (Some(port), None) => format!("_{port}._tcp IN TLSA "),
        (None, Some(host)) => format!("_?._tcp.{host}. IN TLSA "),
        (None, None) => String::new(),
    };
    format!("{owner}{usage} {selector} {matching} {}", lower_hex(data))
}
