"""Lints every certificate named on the command line with pkilint's RFC 5280 linter, and a list of
revoked certificates where the name ends in crl.pem.

Prints the findings of severity ERROR and above under the name of the file, and nothing else. The
same as `lint_pkix_cert lint -s ERROR FILE`, or `lint_crl`, for each of them, in one process.
"""

import contextlib
import io
import sys

from pkilint.bin import lint_crl, lint_pkix_cert

for name in sys.argv[1:]:
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        if name.endswith("crl.pem"):
            # The lists of mailca are without findings of any severity.
            status = lint_crl.main(["lint", "-t", "CRL", "-p", "PKIX", "-s", "INFO", name])
        else:
            status = lint_pkix_cert.main(["lint", "-s", "ERROR", name])
    if status != 0 or output.getvalue().strip():
        print(f"{name}: {output.getvalue().strip() or status}")
