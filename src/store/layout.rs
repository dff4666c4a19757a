//! Names and modes: each file's name and mode are one value, so that no caller picks a mode.

/// A file of a fixed name in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileKind {
    /// The path under the folder.
    pub name: &'static str,
    /// The mode that it is created with.
    pub mode: u32,
}

const fn file(name: &'static str, mode: u32) -> FileKind {
    FileKind { name, mode }
}

/// The mode of the CA folder and of every folder with a key in it.
pub const FOLDER_MODE: u32 = 0o700;
/// The mode of what holds a private key or a password.
pub const SECRET_MODE: u32 = 0o400;
/// The mode of index.txt and its like, which openssl rewrites too.
pub const RECORD_MODE: u32 = 0o644;

/// The CA's certificate, issuer first where there are several.
pub const CA_CERTIFICATE: FileKind = file("cacert.pem", 0o444);
/// The request that the CA's certificate was made from.
pub const CA_REQUEST: FileKind = file("careq.pem", 0o444);
/// The CA's private key.
pub const CA_KEY: FileKind = file("private/cakey.pem", SECRET_MODE);
/// The key that is to take its place, while the CA is given a new one.
pub const NEXT_CA_KEY: FileKind = file("private/next-cakey.pem", SECRET_MODE);
/// One line a certificate.
pub const INDEX: FileKind = file("index.txt", RECORD_MODE);
/// OpenSSL's setting on duplicate subjects.
pub const INDEX_ATTRIBUTES: FileKind = file("index.txt.attr", RECORD_MODE);
/// The next serial number, for openssl.
pub const SERIAL: FileKind = file("serial", RECORD_MODE);
/// The next CRL number.
pub const CRL_NUMBER: FileKind = file("crlnumber", RECORD_MODE);
/// The current revocation list.
pub const CRL: FileKind = file("crl.pem", 0o644);
/// The same in DER, where it is asked for.
pub const CRL_DER: FileKind = file("crl.der", 0o644);
/// The same where CA.pl puts it; once it is there, it is kept current.
pub const CRL_OF_CA_PL: FileKind = file("crl/crl.pem", 0o644);
/// The reasons of revocations that openssl has no word for.
pub const REASONS: FileKind = file("reasons.txt", RECORD_MODE);
/// When the last backup was made, and of how much.
pub const BACKUP_RECORD: FileKind = file("backup.txt", RECORD_MODE);
/// There from a restored backup on until `doctor --fix` has looked for what was revoked since.
pub const RESTORED: FileKind = file("restored.txt", RECORD_MODE);
/// A configuration for `openssl ca`.
pub const OPENSSL_CONFIGURATION: FileKind = file("openssl.cnf", 0o644);
/// The defaults of this CA.
pub const CONFIGURATION: FileKind = file("mailca.toml", 0o644);
/// The lock: an empty file of its own, since openssl renames index.txt.
pub const LOCK: FileKind = file("mailca.lock", 0o600);
/// There while access maps may lack what was done last.
pub const ACCESS_MAPS_DUE: FileKind = file("access-maps.due", 0o600);
/// The lock of whoever writes access maps, which servers' programs may take a while over.
pub const ACCESS_MAP_LOCK: FileKind = file("access-map.lock", 0o600);
/// The lock of whoever issues for a list of persons, which takes as long as their keys do.
pub const LIST_LOCK: FileKind = file("issue-list.lock", 0o600);
/// A half line that was found at the end of index.txt.
pub const TORN_INDEX: FileKind = file("index.txt.torn", RECORD_MODE);

/// Where every issued certificate is kept, as SERIAL.pem.
pub const NEW_CERTIFICATES: &str = "newcerts";
/// The mode of a certificate there.
pub const NEW_CERTIFICATE_MODE: u32 = 0o444;
/// Keys and certificates of the CA from before it was given a new key, as KEYID.key.pem and
/// KEYID.cert.pem.
pub const PREVIOUS: &str = "previous";
/// Certificates that are not recorded or not delivered yet.
pub const PENDING: &str = "pending";
/// The folders of a CA, those of CA.pl and ours.
pub const CA_FOLDERS: [&str; 5] = ["certs", "crl", NEW_CERTIFICATES, "private", PENDING];

/// The private key of a certificate folder.
pub const KEY: FileKind = file("key.pem", SECRET_MODE);
/// The key that takes its place at the next renewal, where one was prepared.
pub const NEXT_KEY: FileKind = file("next-key.pem", SECRET_MODE);
/// The request made with it.
pub const REQUEST: FileKind = file("req.pem", 0o400);
/// The certificate.
pub const CERTIFICATE: FileKind = file("cert.pem", 0o400);
/// The chain of CA certificates, issuer first, root last.
pub const CHAIN: FileKind = file("cacert.pem", 0o400);
