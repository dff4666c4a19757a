"""An SMTP conversation: arguments as JSON on stdin, the replies as a JSON list on stdout.

{"address", "port", "name", "tls": "" | "starttls" | "wrapped", "ca", "certificate", "key",
"commands"}. The replies to EHLO and STARTTLS are only told where they end the conversation. A
connection that ends before its time is the last entry: "closed: WHY".
"""

import json
import socket
import ssl
import sys

talk = json.load(sys.stdin)
replies = []


def reply():
    """The lines of a reply as they came, joined."""
    lines = []
    while True:
        line = stream.readline()
        if not line.endswith(b"\n"):
            raise EOFError("the server hung up")
        lines.append(line.decode("utf-8", "replace").rstrip("\r\n"))
        if line[3:4] != b"-":
            return "\n".join(lines)


def say(command):
    connection.sendall(command.encode() + b"\r\n")
    return reply()


def wanted(code, text):
    if not text.startswith(code):
        replies.append(text)
        raise EOFError(f"wanted {code}")


def encrypt(plain):
    context = ssl.create_default_context(cafile=talk["ca"])
    if talk["certificate"]:
        context.load_cert_chain(talk["certificate"], talk["key"])
    return context.wrap_socket(plain, server_hostname=talk["name"])


try:
    connection = socket.create_connection((talk["address"], talk["port"]), timeout=60)
    if talk["tls"] == "wrapped":
        connection = encrypt(connection)
    stream = connection.makefile("rb")
    wanted("220", reply())
    wanted("250", say("EHLO client.example.org"))
    if talk["tls"] == "starttls":
        wanted("220", say("STARTTLS"))
        connection = encrypt(connection)
        stream = connection.makefile("rb")
        wanted("250", say("EHLO client.example.org"))
    for command in talk["commands"]:
        replies.append(say(command))
    say("QUIT")
except (OSError, EOFError) as error:
    replies.append(f"closed: {error}")
json.dump(replies, sys.stdout)
