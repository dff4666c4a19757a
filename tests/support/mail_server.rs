//! Mail servers on loopback, each a thread: agreeable ones with TLS, and hostile ones.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A server that does this with every connection. It ends with the test program.
pub fn serve(handler: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            handler(stream.unwrap());
        }
    });
    address
}

/// Says each of these, and reads a line between any two.
pub fn say(stream: &TcpStream, words: &[&str]) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    for (at, words) in words.iter().enumerate() {
        if at > 0 {
            let mut line = String::new();
            let _ = reader.read_line(&mut line);
        }
        let _ = stream.try_clone().unwrap().write_all(words.as_bytes());
    }
}

/// A server that speaks TLS after these words, with the key in one file and the certificates in the
/// others, and passes on the first line that is said to it then.
pub fn tls_server(
    words: &'static [&'static str],
    key: &Path,
    certificates: &[&Path],
) -> (SocketAddr, Receiver<String>) {
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain(certificates), PrivateKeyDer::from_pem_file(key).unwrap())
        .unwrap();
    tls_server_with(words, config)
}

/// The certificates at the beginning of these files.
pub fn chain(paths: &[&Path]) -> Vec<CertificateDer<'static>> {
    paths.iter().map(|path| CertificateDer::from_pem_file(path).unwrap()).collect()
}

/// The same with any configuration.
pub fn tls_server_with(
    words: &'static [&'static str],
    config: ServerConfig,
) -> (SocketAddr, Receiver<String>) {
    let config = Arc::new(config);
    let (sender, receiver) = mpsc::channel();
    let address = serve(move |stream| {
        say(&stream, words);
        let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut tls = StreamOwned::new(connection, stream);
        let mut line = Vec::new();
        let mut byte = [0];
        while !line.ends_with(b"\n") && tls.read(&mut byte).is_ok_and(|count| count > 0) {
            line.push(byte[0]);
        }
        let _ = sender.send(String::from_utf8_lossy(&line).into_owned());
        let _ = tls.write_all(b"bye\r\n");
        tls.conn.send_close_notify();
        let _ = tls.flush();
    });
    (address, receiver)
}
