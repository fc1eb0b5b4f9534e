"""Whether the files of letters have changed: one word that changes with any of them."""

import os
from hashlib import blake2b
from pathlib import Path

_FOLDERS = ("templates/mail", "lists")


def stamp(folder: str) -> str:
    """Return a word for the state of a workspace's letters and lists.

    It is another one after a file was saved, added, renamed or removed.
    """
    digest = blake2b(digest_size=8)
    for name in _FOLDERS:
        for path, folders, files in os.walk(Path(folder, name)):
            folders.sort()
            for file in sorted(files):
                try:
                    state = Path(path, file).stat()
                except OSError:
                    # It went while we looked: the next look sees that.
                    continue
                facts = (path, file, state.st_mtime_ns, state.st_size, state.st_ino)
                digest.update(repr(facts).encode())
    return digest.hexdigest()
