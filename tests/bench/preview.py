"""`preview-reload`: from a saved file to the new letter on the page of the live preview."""

import http.client
import statistics
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from bench.figures import Figure, compared, require
from bench.shop import TEMPLATE, Shop, environment
from ports import free_port

NAMES = ("preview-reload",)
_TARGET_MS = 300.0
_BEGIN = "{% block body %}"


def run(folder: Path, scale: float) -> list[Figure]:
    """Save a letter again and again, and hear of it and load it as the page does."""
    rounds = max(5, int(40 * scale))
    shop = Shop(folder / "preview", free_port())
    body = shop.folder / "templates/mail" / TEMPLATE / "body.html"
    whole = body.read_text(encoding="utf-8")
    require(_BEGIN in whole, "the letter begins otherwise")
    took: list[float] = []
    again: list[float] = []
    with _preview(shop.folder) as url:
        changes = _Changes(url)
        for number in range(rounds):
            word = f"saved-{number}"
            began = time.perf_counter()
            body.write_text(whole.replace(_BEGIN, f"{_BEGIN}<p>{word}</p>"), "utf-8")
            changes.wait()
            while word not in _get(f"{url}letter"):
                # It was looked at while the file was half written: that is heard of too.
                changes.wait()
            took.append((time.perf_counter() - began) * 1000)
            began = time.perf_counter()
            require(word in _get(f"{url}letter"), "the letter went again")
            again.append((time.perf_counter() - began) * 1000)
        changes.close()
    value, baseline = statistics.median(took), statistics.median(again)
    note = f"median of {rounds}, worst {max(took):.0f} ms; baseline: loaded unchanged"
    return [
        Figure(
            NAMES[0],
            value,
            "ms",
            baseline,
            compared(value, baseline),
            f"<= {_TARGET_MS:g} ms",
            value <= _TARGET_MS,
            note,
        )
    ]


@contextmanager
def _preview(folder: Path) -> Generator[str, None, None]:
    order = ("template", "preview", TEMPLATE, "--serve")
    running = subprocess.Popen(
        [sys.executable, "-m", "mailer", *order],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    try:
        url = running.stdout.readline().strip()
        require(url.startswith("http://127.0.0.1:"), f"it said {url!r}")
        yield url
    finally:
        running.terminate()
        running.wait(60)
        running.stdout.close()


class _Changes:
    """The stream of changes, as a browser listens to it."""

    def __init__(self, url: str) -> None:
        self._connection, path = _connected(f"{url}changes")
        self._connection.request("GET", path)
        self._answer = self._connection.getresponse()
        # The state at the beginning.
        self.wait()

    def wait(self) -> None:
        """Wait for the next change."""
        while True:
            line = self._answer.fp.readline()
            require(bool(line), "the stream of changes ended")
            if line.startswith(b"data: "):
                return

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def _connected(url: str) -> tuple[http.client.HTTPConnection, str]:
    place = urlsplit(url)
    return http.client.HTTPConnection(place.netloc, timeout=20), place.path


def _get(url: str) -> str:
    connection, path = _connected(url)
    connection.request("GET", path)
    text = connection.getresponse().read().decode()
    connection.close()
    return text
