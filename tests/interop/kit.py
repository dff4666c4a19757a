"""Takes a kit apart as other programs do: KIT-FOLDER PASSWORD-FILE OUT-FOLDER.

The profile is read by plistlib, autoconfig.xml by an XML parser, and what the payloads hold is
written to files of their own. What is in them is printed as JSON.
"""

import json
import pathlib
import plistlib
import sys
import xml.etree.ElementTree as tree
import zipfile

kit, out = map(pathlib.Path, sys.argv[1:3])
if kit.suffix == ".zip":
    with zipfile.ZipFile(kit) as archive:
        assert archive.testzip() is None
        top = {name.split("/")[0] for name in archive.namelist()}
        assert len(top) == 1, top
        archive.extractall(out)
        kit = out / top.pop()

(profile,) = kit.glob("*.mobileconfig")
content = profile.read_bytes()
if content[:1] == b"\x30":
    content = (out / "content").read_bytes()
outer = plistlib.loads(content, fmt=plistlib.FMT_XML)
payloads = outer.pop("PayloadContent")
for number, payload in enumerate(payloads):
    inside = payload.pop("PayloadContent", None)
    if inside is not None:
        (out / f"payload{number}").write_bytes(inside)

accounts = []
settings = kit / "autoconfig.xml"
if settings.exists():
    root = tree.parse(settings).getroot()
    assert root.tag == "clientConfig" and root.get("version") == "1.1"
    (provider,) = root
    for server in provider:
        if server.tag.endswith("Server"):
            accounts.append({"kind": server.get("type"), **{part.tag: part.text for part in server}})
print(json.dumps({"outer": outer, "payloads": payloads, "accounts": accounts}, indent=1))
