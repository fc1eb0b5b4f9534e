"""SpamAssassin, when this machine has it: what its offline rules say of a letter.

It is run as a program that reads the letter and writes a report (`-L -t`): nothing is asked
over the network, nothing is learnt, no service is needed.
"""

import re
import shutil
import subprocess

from mailer.compose.checking import SpamScore
from mailer.errors import WorkspaceError

PROGRAM = "spamassassin"
PACKAGE = "spamassassin"
WITHIN_S = 60.0

_TOTAL = re.compile(
    r"Content analysis details:\s+\((-?[\d.]+) points, (-?[\d.]+) required\)"
)
_RULE = re.compile(r"\s*(-?\d[\d.]*)\s+([A-Z][A-Z0-9_]+)\s+(\S.*)")
_GOES_ON = re.compile(r"\s{20,}(\S.*)")


def is_installed() -> bool:
    """Say whether this machine has SpamAssassin."""
    return shutil.which(PROGRAM) is not None


def spam_score(letter: bytes, within_s: float = WITHIN_S) -> SpamScore:
    """Ask SpamAssassin about a letter; takes a second or two.

    Raises:
        WorkspaceError: when it is not installed, or gives no answer in time.
    """
    path = shutil.which(PROGRAM)
    if path is None:
        raise WorkspaceError(
            f"SpamAssassin is not installed: install Debian's package {PACKAGE}"
        )
    try:
        ended = subprocess.run(  # noqa: S603 - the program's name is ours, its input a letter
            [path, "-L", "-t"],
            input=letter,
            capture_output=True,
            timeout=within_s,
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise WorkspaceError(
            f"SpamAssassin gave no answer within {within_s:g} s: try `{PROGRAM} -L -t`"
        ) from None
    except (OSError, subprocess.CalledProcessError) as problem:
        raise WorkspaceError(
            f"SpamAssassin failed: {problem}: try `{PROGRAM} --lint`"
        ) from problem
    return read_report(ended.stdout.decode("utf-8", "replace"))


def read_report(text: str) -> SpamScore:
    """Read the report at the end of what SpamAssassin wrote.

    Raises:
        WorkspaceError: when there is none.
    """
    totals = [*_TOTAL.finditer(text)]
    if not totals:
        raise WorkspaceError(f"SpamAssassin wrote no report: try `{PROGRAM} --lint`")
    rules: list[tuple[float, str, str]] = []
    for line in text[totals[-1].end() :].splitlines():
        if found := _RULE.fullmatch(line):
            rules.append((float(found[1]), found[2], found[3].strip()))
        elif rules and (more := _GOES_ON.fullmatch(line)):
            points, name, words = rules[-1]
            rules[-1] = (points, name, f"{words} {more[1].strip()}")
    return SpamScore(float(totals[-1][1]), float(totals[-1][2]), tuple(rules))
