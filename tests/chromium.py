"""Headless Chromium for tests, spoken to over a pipe (Chrome DevTools Protocol)."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from typing import Any

from browsers import QUIET, chromium

_OPTIONS = ("--disable-dev-shm-usage", "--remote-debugging-pipe")
_AS_THREE_AND_FOUR = """
import fcntl, os, sys
into, out = (fcntl.fcntl(int(one), fcntl.F_DUPFD, 10) for one in sys.argv[1:3])
os.dup2(into, 3)
os.dup2(out, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Where the browser looks for its pipe."""

_FROM_THE_RIGHT = """
(() => {
  const there = document.querySelector(PLACE), range = document.createRange();
  there.textContent = '\u0645\u0631\u062d\u0628\u0627!';
  const at = place => {
    range.setStart(there.firstChild, place); range.setEnd(there.firstChild, place + 1);
    return range.getBoundingClientRect();
  };
  const box = there.getBoundingClientRect();
  const right = box.right - parseFloat(getComputedStyle(there).paddingRight);
  return Math.abs(at(0).right - right) < 3 && at(5).right <= at(4).left + 1;
})()
"""

WITHIN_S = 60.0


class NavigatedError(Exception):
    """Another page came while a script ran."""


class Tab:
    """One page in a browser of its own."""

    def __init__(self, to: int, out: int) -> None:
        self._to = to
        self._out = out
        self._rest = b""
        self._number = 0
        self._session: str | None = None
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self.ask("Page.enable")
        self.ask("Runtime.enable")

    def ask(self, method: str, **values: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": values}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                error = answer.get("error", {})
                if "navigated" in error.get("message", ""):
                    raise NavigatedError(error["message"])
                assert not error, answer
                result: dict[str, Any] = answer["result"]
                return result

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            more = os.read(self._out, 1 << 20)
            assert more, "the browser has ended"
            self._rest += more
        one, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(one)
        return found

    def size(self, width: int, height: int) -> None:
        """Make the window so large, in pixels."""
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip

    def go(self, url: str) -> None:
        """Open an address and wait until it is loaded."""
        self.ask("Page.navigate", url=url)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def run(self, script: str) -> Any:
        """Run a script in the page and return its value."""
        found = self.ask(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def reads_from_the_right(self, place: str) -> bool:
        """Write Arabic into an element: does it begin at the right, its "!" at its left?

        Args:
            place: A CSS selector.
        """
        return bool(self.run(_FROM_THE_RIGHT.replace("PLACE", json.dumps(place))))

    def until(self, holds: str) -> None:
        """Wait until a script is true."""
        end = time.monotonic() + WITHIN_S
        while not self._holds(holds):
            assert time.monotonic() < end, f"it never came to this: {holds}"
            time.sleep(0.02)

    def _holds(self, script: str) -> bool:
        try:
            return bool(self.run(f"Boolean({script})"))
        except NavigatedError:
            # Another page came while it ran: ask that one.
            return False

    def key(self, name: str) -> None:
        """Press a key."""
        codes = {"Tab": 9, "Enter": 13, " ": 32, "ArrowRight": 39}
        text = {"Enter": "\r", " ": " "}.get(name, "")
        for kind in ("keyDown", "keyUp"):
            self.ask(
                "Input.dispatchKeyEvent", type=kind, key=name, code=name,
                windowsVirtualKeyCode=codes[name], text=text if kind == "keyDown" else "",
            )  # fmt: skip


@contextlib.contextmanager
def browser() -> Generator[Tab, None, None]:
    """Start a browser with one page."""
    into, to = os.pipe()
    out, from_ = os.pipe()

    with tempfile.TemporaryDirectory(
        prefix="mailer-browser-", ignore_cleanup_errors=True
    ) as home:
        running = subprocess.Popen(
            (
                *(sys.executable, "-c", _AS_THREE_AND_FOUR, str(into), str(from_)),
                *(chromium(), *QUIET, *_OPTIONS, f"--user-data-dir={home}"),
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(into, from_),
        )
        os.close(into)
        os.close(from_)
        try:
            yield Tab(to, out)
        finally:
            running.terminate()
            running.wait(30)
            os.close(to)
            os.close(out)
