"""Where each RFC is obeyed; `python tests/docs/rfc_index.py > docs/rfc.md` writes it."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_CITATION = re.compile(r"RFC (\d{3,5})(?: §(\d+(?:\.\d+)*))?")
_HEAD = """\
# Which standard is obeyed where

Made from the code by `python tests/docs/rfc_index.py > docs/rfc.md`;
a test holds it current.
In the code every source is written `RFC 8058 §3.1`, so that a search finds it.
"""


def citations() -> dict[tuple[int, tuple[int, ...]], set[str]]:
    """Collect (RFC, section) and the modules that name it."""
    found: dict[tuple[int, tuple[int, ...]], set[str]] = {}
    for path in sorted((ROOT / "mailer").rglob("*.py")):
        for number, section in _CITATION.findall(path.read_text(encoding="utf-8")):
            parts = tuple(int(part) for part in section.split(".") if part)
            found.setdefault((int(number), parts), set()).add(
                path.relative_to(ROOT).as_posix()
            )
    return found


def index() -> str:
    """Write the index."""
    lines = [_HEAD]
    last = 0
    for (number, section), modules in sorted(citations().items()):
        if number != last:
            url = f"https://www.rfc-editor.org/rfc/rfc{number}"
            lines.append(f"\n## [RFC {number}]({url})\n")
            last = number
        words = f"§{'.'.join(map(str, section))}" if section else "as a whole"
        places = ", ".join(f"`{module}`" for module in sorted(modules))
        lines.append(f"- {words}: {places}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(index())
