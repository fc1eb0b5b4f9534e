"""SpamAssassin for tests: the machine's own, or Debian's package in `.servers/`."""

import os
import shutil
import stat
from pathlib import Path

from mailservers import SERVERS, MissingServerError, unpacked

PACKAGE = "spamassassin"
_LIBRARIES = (
    "libhtml-parser-perl", "libhtml-tagset-perl", "libnet-dns-perl", "libnetaddr-ip-perl",
    "liburi-perl",
)  # fmt: skip
"""What it cannot do without when only offline rules are asked."""

_SCRIPT = """\
#!/bin/sh
exec perl -T -I{root}/usr/share/perl5 {architecture} {root}/usr/bin/spamassassin \\
  -C {root}/usr/share/spamassassin --siteconfigpath={root}/etc/spamassassin "$@"
"""


def folder() -> Path:
    """Return a folder with `spamassassin` in it, fetching it if need be.

    Raises:
        MissingServerError: names the package and what to do.
    """
    if found := shutil.which(PACKAGE):
        return Path(found).parent
    root = unpacked(PACKAGE, *_LIBRARIES)
    if shutil.which("perl") is None:
        raise MissingServerError(f"perl is missing, which {PACKAGE} runs on: install perl")
    script = SERVERS / PACKAGE / "run" / PACKAGE
    if not script.exists():
        script.parent.mkdir(exist_ok=True)
        own = [f"-I{one}" for one in sorted(root.glob("usr/lib/*/perl5/*"))]
        part = script.with_name(f"{PACKAGE}.{os.getpid()}")
        part.write_text(_SCRIPT.format(root=root, architecture=" ".join(own)))
        part.chmod(part.stat().st_mode | stat.S_IXUSR)
        part.rename(script)
    return script.parent
