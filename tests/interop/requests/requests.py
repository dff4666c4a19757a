"""Writes KIND.csr with Python's cryptography: requests.py KIND"""

import ipaddress
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

kind = sys.argv[1]
digest = hashes.SHA256()
options = {}
if kind == "rsa-2048":
    key = rsa.generate_private_key(65537, 2048)
elif kind == "pss":
    key = rsa.generate_private_key(65537, 2048)
    options = {"rsa_padding": padding.PSS(padding.MGF1(digest), digest.digest_size)}
elif kind == "p521-sha256":
    key = ec.generate_private_key(ec.SECP521R1())
elif kind == "ed25519":
    key, digest = ed25519.Ed25519PrivateKey.generate(), None
elif kind == "ed448":
    key, digest = ed448.Ed448PrivateKey.generate(), None
elif kind == "dsa":
    key = dsa.generate_private_key(2048)
else:
    key = ec.generate_private_key(ec.SECP256R1())

name = x509.Name(
    [
        x509.NameAttribute(NameOID.DOMAIN_COMPONENT, "com"),
        x509.NameAttribute(NameOID.DOMAIN_COMPONENT, "example"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Müller"),
        x509.NameAttribute(NameOID.COMMON_NAME, "mail.example.com"),
    ]
)
builder = x509.CertificateSigningRequestBuilder().subject_name(name)
if kind == "many":
    names = [x509.DNSName("mail.example.com"), x509.IPAddress(ipaddress.ip_address("192.0.2.1"))]
    builder = (
        builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=9), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=True)
        .add_extension(x509.OCSPNoCheck(), critical=False)
        .add_extension(x509.TLSFeature([x509.TLSFeatureType.status_request]), critical=False)
        .add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"x"), critical=True)
        .add_attribute(x509.oid.AttributeOID.CHALLENGE_PASSWORD, b"secret")
    )
request = builder.sign(key, digest, **options)
with open(f"{kind}.csr", "wb") as file:
    file.write(request.public_bytes(serialization.Encoding.PEM))
