"""How files are read, and written so that a crash leaves the old or the new one.

Paths come and go as `str`, so that nothing above needs to know about files.
"""

import os
import tempfile
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from mailer.errors import WorkspaceError

_ONE_AT_A_TIME = threading.Lock()  # threads have the same name for what is half written
PRIVATE = 0o600
"""Readable and writable by the owner only."""


def inside(folder: str, path: str) -> str:
    """Return a path of the workspace, absolute: relative ones begin in its folder."""
    return str((Path(folder).expanduser() / Path(path).expanduser()).absolute())


def exists(path: str) -> bool:
    """Say whether there is something at a path."""
    return Path(path).exists()


def absolute(path: str) -> str:
    """Return a path that holds from any folder."""
    return str(Path(path).absolute())


def temporary_folder(beginning: str) -> str:
    """Make a folder of our own among the temporary files, and return its path."""
    return tempfile.mkdtemp(prefix=beginning)


@contextmanager
def folder_for_a_moment(beginning: str) -> Generator[str, None, None]:
    """Give a folder among the temporary files that is gone afterwards with all in it."""
    with tempfile.TemporaryDirectory(prefix=beginning) as folder:
        yield folder


def names_in(folder: str, ending: str) -> list[str]:
    """Return the names in a folder that have an ending, without it; none without it."""
    return sorted(path.stem for path in Path(folder).glob(f"[!._]*{ending}"))


def folders_with(folder: str, file: str) -> list[str]:
    """Return the names of the folders in a folder that have a file, sorted.

    One that is not ours to look into is among them: whoever reads it hears why.
    """

    def has_it(path: Path) -> bool:
        try:
            (path / file).stat()
        except PermissionError:
            return True
        except OSError:
            return False
        return True

    return sorted(path.name for path in Path(folder).glob("[!._]*") if has_it(path))


def others_may_read(path: str) -> bool:
    """Say whether more users than a file's owner may read or write it."""
    try:
        return bool(Path(path).stat().st_mode & 0o077)
    except OSError:
        return False


def free_bytes(folder: str) -> int:
    """Return how many bytes are free for us on a folder's disk; it may be to be made."""
    place = Path(folder).absolute()
    while not place.exists():
        place = place.parent
    found = os.statvfs(place)
    return found.f_bavail * found.f_frsize


def folder_of(path: str) -> str:
    """Return the folder that a file is in."""
    return str(Path(path).absolute().parent)


def make_folder(path: str) -> None:
    """Make a folder, and those above it, unless it is there."""
    Path(path).mkdir(parents=True, exist_ok=True)


def new_file(path: str) -> int:
    """Make an empty file for a program to write to; return its number, to be closed."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
    return os.open(path, flags, 0o644)


def read_text(path: str, shown: str) -> str:
    """Read a file as UTF-8.

    Args:
        shown: What the file is called in messages, such as `lists/news.toml`.

    Raises:
        WorkspaceError: when it cannot be read, or is not UTF-8.
    """
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise WorkspaceError(f"{shown}: there is no such file") from None
    except UnicodeDecodeError as problem:
        raise WorkspaceError(
            f"{shown}: byte {problem.start} is not UTF-8: save the file as UTF-8"
        ) from None
    except OSError as problem:
        raise WorkspaceError(cannot_be_read(shown, problem)) from problem


def cannot_be_read(shown: str, problem: OSError) -> str:
    """Say that something cannot be read, and what to do where somebody else may."""
    remedy = (
        ": let the user that runs this program read it (chown, chmod)"
        if isinstance(problem, PermissionError)
        else ""
    )
    return f"{shown} cannot be read: {problem.strerror}{remedy}"


def closed(folder: str, below: str) -> str:
    """Return why nobody can say what is in a folder of the workspace; "" where one can.

    One that is not there has nothing in it.
    """
    try:
        os.scandir(inside(folder, below)).close()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as problem:
        return cannot_be_read(f"{below}/", problem)
    return ""


def read_limited(path: str, bytes_at_most: int) -> bytes:
    """Read a file that somebody named, unless it is too large.

    Raises:
        WorkspaceError: when it cannot be read, or has more bytes.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(bytes_at_most + 1)
    except OSError as problem:
        why = problem.strerror or problem
        raise WorkspaceError(f"{path} cannot be read: {why}") from None
    if len(content) > bytes_at_most:
        raise WorkspaceError(f"{path} has more than {bytes_at_most / 1e6:.0f} MB")
    return content


def read_secret(path: str, shown: str) -> str:
    """Read a secret from a file of its own: its first line."""
    lines = read_text(path, shown).splitlines()
    if not lines or not lines[0].strip():
        raise WorkspaceError(f"{shown} is empty: the password is its first line")
    return lines[0].strip()


def write_new(path: str, content: bytes, mode: int = 0o644) -> bool:
    """Write a file unless there is one: False then, and nothing is changed."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = _write_part(target, content, mode)
    try:
        # A link fails where a rename would overwrite.
        os.link(part, target)
    except FileExistsError:
        return False
    finally:
        part.unlink()
    sync_folder(str(target.parent))
    return True


def replace(path: str, content: bytes, mode: int = 0o644) -> None:
    """Write a file in one step: after a crash there is the old or the new one, whole."""
    target = Path(path)
    with _ONE_AT_A_TIME:
        part = _write_part(target, content, mode)
        try:
            part.replace(target)
        except OSError:
            part.unlink(missing_ok=True)
            raise
    sync_folder(str(target.parent))


def write_asked(path: str, content: bytes) -> None:
    """Write a file where somebody asked for it, in one step.

    Raises:
        WorkspaceError: when it cannot be written there.
    """
    if not Path(path).name:
        raise WorkspaceError(f"{path!r} cannot be written: name a file")
    try:
        replace(path, content)
    except OSError as problem:
        raise WorkspaceError(
            f"{path} cannot be written: {problem.strerror or problem}"
        ) from problem


def _write_part(target: Path, content: bytes, mode: int) -> Path:
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(file, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
    except OSError:
        # On a full disk it would hold the last room that there is.
        part.unlink(missing_ok=True)
        raise
    return part


def sync_folder(folder: str) -> None:
    """Make the names in a folder outlast a power cut."""
    file = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
