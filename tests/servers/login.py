"""An IMAP login at mx.example.com: a CA, a folder with cert.pem and key.pem or nothing, a password, and a
user name, on the command line. EXTERNAL for a password asks to be taken for the owner of the certificate; the
password `plain` is said without TLS.
"""

import imaplib
import ssl
import sys

ca, folder, secret, user = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
if folder:
    context.load_cert_chain(folder + "/cert.pem", folder + "/key.pem")
try:
    server = imaplib.IMAP4("mx.example.com", 143)
    if secret != "plain":
        server.starttls(context)
    if secret == "EXTERNAL":
        server.authenticate("EXTERNAL", lambda _: user.encode())
    else:
        server.login(user, secret)
    print("logged in")
    server.logout()
except (imaplib.IMAP4.error, OSError) as error:
    print("refused:", error)
