"""An SMTP server that takes every message: sink.py CA [FOLDER with cert.pem and key.pem].

It asks its clients for a certificate and prints who they are. Without a folder it has no TLS.
"""

import socket
import ssl
import sys

context = None
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{sys.argv[2]}/cert.pem", f"{sys.argv[2]}/key.pem")
    context.load_verify_locations(sys.argv[1])
    context.verify_mode = ssl.CERT_OPTIONAL


def serve(connection):
    stream = connection.makefile("rb")

    def say(text):
        connection.sendall(text.encode() + b"\r\n")

    say("220 client.example.org ESMTP")
    while line := stream.readline():
        word = line.strip().upper()
        if word.startswith(b"EHLO"):
            say("250-client.example.org")
            is_plain = not isinstance(connection, ssl.SSLSocket)
            say("250 STARTTLS" if context and is_plain else "250 HELP")
        elif word == b"STARTTLS":
            say("220 go")
            connection = context.wrap_socket(connection, server_side=True)
            stream = connection.makefile("rb")
            names = [value for rdn in (connection.getpeercert() or {}).get("subject", ())
                     for key, value in rdn if key == "commonName"]
            print("the client is", *(names or ["nobody"]), flush=True)
        elif word == b"DATA":
            say("354 go")
            while stream.readline() not in (b".\r\n", b""):
                pass
            say("250 taken")
        elif word == b"QUIT":
            say("221 bye")
            return
        else:
            say("250 yes")


server = socket.create_server(("10.77.0.2", 25))
while True:
    connection, _ = server.accept()
    try:
        serve(connection)
    except OSError as error:
        print("the client left:", error, flush=True)
    finally:
        connection.close()
