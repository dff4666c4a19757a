"""Loads a PKCS#12 file with Python cryptography: load_p12.py FILE PASSWORD_FILE."""

import sys

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, pkcs12

with open(sys.argv[2], "rb") as file:
    password = file.readline().rstrip(b"\n")
with open(sys.argv[1], "rb") as file:
    store = pkcs12.load_pkcs12(file.read(), password)


def public(key):
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


print(store.cert.friendly_name.decode())
matches = public(store.key.public_key()) == public(store.cert.certificate.public_key())
print("key matches" if matches else "key does not match")
print(len(store.additional_certs), "CA certificate")
