"""Debian's mail servers for benchmarks and tests: kept in `.servers/`, never installed.

What the machine has already is used as it is. Otherwise a package is fetched with
`apt-get download`, and with it the libraries that its programs miss.
"""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SERVERS = ROOT / ".servers"
_DIRS = ("usr/sbin", "usr/bin", "usr/lib/postfix/sbin", "usr/lib/dovecot")
_SYSTEM_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))


class MissingServerError(Exception):
    """A program is not here and could not be fetched; says in one line what to do."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program that can be run: where it is, and the environment that it needs."""

    path: str
    env: Mapping[str, str]


def program(name: str, package: str) -> Program:
    """Find a program on this machine or in `.servers/`, fetching its package if need be.

    Raises:
        MissingServerError: names the program, the package and what to do.
    """
    if found := shutil.which(name, path=_SYSTEM_PATH):
        return Program(found, dict(os.environ))
    unpacked = SERVERS / package
    with alone(package):
        if not (unpacked / "complete").exists():
            try:
                _fetch(package, unpacked)
            except (OSError, subprocess.SubprocessError) as problem:
                shutil.rmtree(unpacked, ignore_errors=True)
                raise MissingServerError(
                    f"{name} is missing, and Debian's package {package} could not be"
                    f" fetched: {_words(problem)}; install {package}, or put {name} on the"
                    " PATH"
                ) from problem
    for folder in _DIRS:
        path = unpacked / folder / name
        if path.exists():
            return Program(str(path), _environment(unpacked))
    raise MissingServerError(f"Debian's package {package} has no program {name}")


def unpacked(package: str, *more: str) -> Path:
    """Return the folder that some packages are unpacked in, fetching them if need be.

    Args:
        more: What it depends on, as far as it is needed.

    Raises:
        MissingServerError: names the package and what to do.
    """
    folder = SERVERS / package
    with alone(package):
        if (folder / "complete").exists():
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for one in (package, *more):
            try:
                _unpack(one, folder)
            except (OSError, subprocess.SubprocessError) as problem:
                raise MissingServerError(
                    f"Debian's package {one} could not be fetched: {_words(problem)};"
                    f" install {package}"
                ) from problem
        (folder / "complete").touch()
    return folder


@contextmanager
def alone(package: str) -> Generator[None]:
    """Work on a package's folder while no other process does.

    Tests run in several processes: one fetches, the others wait for it.
    """
    SERVERS.mkdir(exist_ok=True)
    with (SERVERS / f"{package}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(package: str, unpacked: Path) -> None:
    shutil.rmtree(unpacked, ignore_errors=True)
    unpacked.mkdir(parents=True)
    _unpack(package, unpacked)
    libraries = _libraries_of(package)
    while libraries and _misses_libraries(unpacked):
        _unpack(libraries.pop(0), unpacked)
    (unpacked / "complete").touch()


def _unpack(package: str, unpacked: Path) -> None:
    packages = unpacked / "packages"
    packages.mkdir(exist_ok=True)
    try:
        _run("apt-get", "download", package, folder=packages)
    except subprocess.SubprocessError:
        # Perhaps this machine has no index of packages: one of our own needs no rights.
        (SERVERS / "lists/partial").mkdir(parents=True, exist_ok=True)
        index = (f"Dir::State::Lists={SERVERS}/lists", "Dir::Cache::pkgcache=",
                 "Dir::Cache::srcpkgcache=")  # fmt: skip
        options = [part for one in index for part in ("-o", one)]
        _run("apt-get", *options, "update", folder=packages)
        _run("apt-get", *options, "download", package, folder=packages)
    for file in packages.glob(f"{package}_*.deb"):
        _run("dpkg", "-x", str(file), str(unpacked), folder=packages)


def _libraries_of(package: str) -> list[str]:
    """Return the packages of libraries that a package depends on directly."""
    depends = _run("apt-cache", "depends", package, folder=SERVERS)
    words = (line.split() for line in depends.splitlines())
    return [
        line[1]
        for line in words
        if line[:1] == ["Depends:"] and line[1].startswith("lib") and line[1] != "libc6"
    ]


def _misses_libraries(unpacked: Path) -> bool:
    env = _environment(unpacked)
    return any(
        "not found" in _run("ldd", str(file), env=env) for file in _programs(unpacked)
    )


def _programs(unpacked: Path) -> Iterator[Path]:
    for folder in _DIRS:
        for file in sorted((unpacked / folder).glob("*")):
            if file.is_file() and not file.is_symlink():
                with file.open("rb") as opened:
                    if opened.read(4) == b"\x7fELF":
                        yield file


def _environment(unpacked: Path) -> dict[str, str]:
    folders = {str(file.parent) for file in (unpacked / "usr/lib").rglob("*.so*")}
    return {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(sorted(folders))}


def _run(
    *argv: str, folder: Path | None = None, env: Mapping[str, str] | None = None
) -> str:
    ended = subprocess.run(
        argv, cwd=folder, env=env, capture_output=True, text=True, timeout=300, check=True
    )
    return ended.stdout


def _words(problem: OSError | subprocess.SubprocessError) -> str:
    if isinstance(problem, subprocess.CalledProcessError):
        lines = [line for line in problem.stderr.splitlines() if line.startswith("E:")]
        return (lines or [f"{problem.cmd[0]} ended with {problem.returncode}"])[-1].strip()
    return " ".join(str(problem).split())
