"""The mark of what all letters of a sender have in common: settings, keys and program."""

import hashlib
from importlib.metadata import version

from mailer.compose.sign import Signers
from mailer.jobs.letters import Pen

_VERSION = version("permission-mailer")


def mark_of(pen: Pen, signers: Signers) -> str:
    """Return another mark when a letter may be made of other bytes."""
    selectors = sorted((domain, one.selector) for domain, one in signers.items())
    rehearsal = pen.rehearsal.to if pen.rehearsal else ""
    said = (_VERSION, pen.site, pen.tokens.newest_key, rehearsal, selectors)
    return hashlib.sha256(repr(said).encode()).hexdigest()[:12]
