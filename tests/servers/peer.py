"""A mail server of somebody else's: takes every message, and tells of each in a line of JSON.

Arguments: its address, the folder with its cert.pem and key.pem, a CA for the clients' certificates,
and the file for the lines: {"tls", "client": common name, "from", "to"}.
"""

import json
import socketserver
import ssl
import sys

address, folder, ca, log = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
context.load_verify_locations(ca)
context.verify_mode = ssl.CERT_OPTIONAL


class Conversation(socketserver.StreamRequestHandler):
    def say(self, *lines):
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def handle(self):
        told = {"tls": False, "client": None}
        self.say("220 client.example.org ESMTP")
        while line := self.rfile.readline():
            word = line.decode().strip().upper().split(" ")[0].split(":")[0]
            if word == "EHLO":
                more = [] if told["tls"] else ["250-STARTTLS"]
                self.say("250-client.example.org", *more, "250 8BITMIME")
            elif word == "STARTTLS":
                self.say("220 go ahead")
                self.connection = context.wrap_socket(self.connection, server_side=True)
                self.rfile = self.connection.makefile("rb")
                self.wfile = self.connection.makefile("wb", buffering=0)
                shown = self.connection.getpeercert() or {}
                subject = dict(pair[0] for pair in shown.get("subject", ()))
                told |= {"tls": True, "client": subject.get("commonName")}
            elif word == "DATA":
                self.say("354 go ahead")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                with open(log, "a") as lines:
                    print(json.dumps(told), file=lines)
                self.say("250 taken")
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                if word in ("MAIL", "RCPT"):
                    told[{"MAIL": "from", "RCPT": "to"}[word]] = line.decode().split("<")[1].split(">")[0]
                self.say("250 ok")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that does not like the certificate


Server((address, 25), Conversation).serve_forever()
