//! A verifier that accepts every certificate and remembers it, and sees whether the server has its key;
//! and what answers when the server asks for ours, and remembers that it did.
//!
//! An odd certificate must not keep us from seeing it, so that only a signature that is surely wrong
//! ends the handshake; after one that cannot be checked the key counts as unproven, however well the
//! handshake ends.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};

use crate::net::probe::CertificateRequest;
use crate::net::probe::scheme::{self, Proof, Version};

/// Signatures of RSA keys for RSASSA-PSS only, with SHA-256, 384 and 512 (RFC 8446 4.2.3), which rustls
/// has no names for.
const RSA_PSS_PSS: [u16; 3] = [0x0809, 0x080a, 0x080b];

/// What was seen of a handshake.
#[derive(Clone, Debug, Default)]
pub(super) struct Testimony {
    /// The certificates in DER, the server's own first.
    pub(super) chain: Vec<Vec<u8>>,
    /// Whether the server signed with the key of its certificate.
    pub(super) is_proven: bool,
    /// Whether the server sent a response of OCSP along.
    pub(super) is_stapled: bool,
    /// Why that could not be seen.
    pub(super) doubt: Option<String>,
}

/// The verifier of one handshake.
#[derive(Debug)]
pub(super) struct Witness {
    testimony: Mutex<Testimony>,
}

impl Witness {
    pub(super) fn new() -> Self {
        Self { testimony: Mutex::default() }
    }

    pub(super) fn testimony(&self) -> Testimony {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Testimony> {
        self.testimony.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(
        &self,
        version: Version,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match scheme::prove(version, certificate, message, signed.scheme, signed.signature()) {
            Proof::Given => self.lock().is_proven = true,
            Proof::Wrong => return Err(CertificateError::BadSignature.into()),
            Proof::Unknown(why) => {
                self.lock().doubt = Some(format!(
                    "the server has not shown that it has the key of its certificate: {why}"
                ));
            }
        }
        Ok(HandshakeSignatureValid::assertion())
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let all = std::iter::once(end_entity).chain(intermediates);
        let mut testimony = self.lock();
        testimony.chain = all.map(|one| one.to_vec()).collect();
        testimony.is_stapled = !ocsp_response.is_empty();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.hear(Version::Tls12, message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.hear(Version::Tls13, message, certificate, signed)
    }

    /// Those too that are not checked: a server that has nothing else would show us nothing.
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let known = aws_lc_rs::default_provider().signature_verification_algorithms;
        let mut schemes = known.supported_schemes();
        schemes.push(SignatureScheme::ED448);
        schemes.extend(RSA_PSS_PSS.map(SignatureScheme::from));
        schemes
    }
}

/// The client certificate of one handshake, which may be none.
#[derive(Debug)]
pub(super) struct ClientCertificate {
    certified: Option<Arc<CertifiedKey>>,
    request: Mutex<Option<CertificateRequest>>,
}

impl ClientCertificate {
    pub(super) fn new(certified: Option<Arc<CertifiedKey>>) -> Self {
        Self { certified, request: Mutex::default() }
    }

    pub(super) fn request(&self) -> Option<CertificateRequest> {
        self.request.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ResolvesClientCert for ClientCertificate {
    /// Whatever names the server wants: which of them is right is the server's to say.
    fn resolve(&self, names: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let fitting = self.certified.clone().filter(|one| one.key.choose_scheme(schemes).is_some());
        *self.request.lock().unwrap_or_else(PoisonError::into_inner) = Some(CertificateRequest {
            authorities: names.iter().map(|name| name.to_vec()).collect(),
            is_answered: fitting.is_some(),
        });
        fitting
    }

    fn has_certs(&self) -> bool {
        true
    }
}
