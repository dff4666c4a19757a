//! A TLS server that is not ours.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::Folder;

/// `openssl s_server` with these arguments, until it goes out of scope.
pub struct Openssl(Child, pub SocketAddr);

impl Openssl {
    /// Starts it, and waits until it can be connected to.
    pub fn start(folder: &Folder, arguments: &str) -> Self {
        let place = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child = Command::new("openssl")
            .args(["s_server", "-quiet", "-accept", &place.to_string()])
            .args(arguments.split_whitespace())
            .current_dir(folder.root())
            // At the end of its input it closes every connection after the handshake.
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self(child, place);
        while TcpStream::connect(place).is_err() {
            std::thread::sleep(Duration::from_millis(10));
        }
        server
    }
}

impl Drop for Openssl {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
