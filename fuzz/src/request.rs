//! Requests (PKCS#10) in files.

use mailca::pki::request::Request;

/// A request that was read is the same once it is written.
pub fn check(input: &[u8]) {
    let request = match Request::from_file_content(input) {
        Ok(request) => request,
        Err(error) => return super::assert_error_is_plain(&error),
    };
    super::assert_is_plain(&request.title());
    let text = request.to_pem().expect("it can be written");
    let again = Request::from_file_content(text.as_bytes()).expect("it can be read again");
    assert_eq!(again.as_der(), request.as_der());
    assert_eq!(again.subject, request.subject);
    assert_eq!(again.alternative_names, request.alternative_names);
}
