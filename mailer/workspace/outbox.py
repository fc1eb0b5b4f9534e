"""The outbox of a rehearsal: a folder with a file for each letter that would have left."""

import hashlib
import os
import re
from pathlib import Path

from mailer.model.letter import Letter
from mailer.workspace.files import PRIVATE

_UNFIT = re.compile(r"[^\w.@+=-]")
_ADDRESS_SHOWN = 100


class Outbox:
    """A folder of letters."""

    def __init__(self, folder: str, shown: str) -> None:
        """Name it; it is made with its first letter.

        Args:
            shown: What it is called in messages: relative to the workspace.
        """
        self._folder = Path(folder)
        self._shown = shown

    def keep(self, letter: Letter) -> str:
        """Write a letter into its file, whole or not at all; return how that is called.

        The same letter always has the same file, so that a second copy of one is none.

        Raises:
            OSError: when the disk is full, say.
        """
        digest = hashlib.sha256(letter.envelope_id.encode()).hexdigest()[:12]
        address = _UNFIT.sub("_", letter.recipient)[:_ADDRESS_SHOWN].lstrip(".")
        name = f"{address}-{digest}.eml"
        self._folder.mkdir(parents=True, exist_ok=True)
        part = self._folder / f".{name}.{os.getpid()}.part"
        try:
            # Personal data is in it. It need not outlast a power cut: nobody waits for it.
            file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
            with os.fdopen(file, "wb") as opened:
                opened.write(letter.content)
            part.replace(self._folder / name)
        finally:
            part.unlink(missing_ok=True)
        return f"{self._shown}/{name}"
