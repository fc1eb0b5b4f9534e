"""The keys that letters are signed with: `dkim/DOMAIN/SELECTOR.pem` beside `keys.toml`."""

from pathlib import Path

from mailer.errors import KeyFileError
from mailer.workspace.files import PRIVATE, write_new

FOLDER = "dkim"
_ENDING = ".pem"


def dkim_key_file(folder: str, domain: str, selector: str) -> str:
    """Return where a key is."""
    return str(Path(folder, domain, f"{selector}{_ENDING}"))


def dkim_keys_in(folder: str) -> list[tuple[str, str]]:
    """Return domain and selector of each key in the folder, sorted."""
    return sorted(
        (path.parent.name, path.stem) for path in Path(folder).glob(f"[!.]*/[!.]*{_ENDING}")
    )


def read_dkim_key(folder: str, domain: str, selector: str) -> bytes:
    """Read a key's file.

    Raises:
        KeyFileError: when it cannot be read; says what to do.
    """
    path = dkim_key_file(folder, domain, selector)
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise KeyFileError(
            f"{path}: there is no such key, so letters from {domain} cannot be signed:"
            f" bring the file back, or make a key with `mailer dkim new {domain}`"
        ) from None
    except OSError as problem:
        raise KeyFileError(f"{path} cannot be read: {problem.strerror}") from problem


def write_dkim_key(folder: str, domain: str, selector: str, pem: bytes) -> str:
    """Write a new key, readable by its owner only; return where.

    Raises:
        KeyFileError: when there is one by that name.
    """
    path = dkim_key_file(folder, domain, selector)
    if not write_new(path, pem, PRIVATE):
        raise KeyFileError(f"{path}: there is a key by that name: choose another selector")
    return path
