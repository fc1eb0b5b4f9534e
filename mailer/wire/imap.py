"""One connection to an IMAP server, which is only ever read from (RFC 3501).

The folder is opened with EXAMINE and messages are fetched with BODY.PEEK, so that nothing
is deleted, moved or marked as seen: people may read the same mailbox.
A server is not believed: what it announces is asked for, what it does not hand out is
asked for again, and what is longer than was asked for breaks the line.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError, LoginError

from mailer.errors import MailboxError, MailerError
from mailer.model.imap import ImapAddress, ImapTls

_CLIENT: Any = IMAPClient
"""The library does not say its types."""

_WINDOW = 20_000
"""Messages that are searched at a time: the answer is one line, and lines have an end."""

_OVERHEAD_BYTES = 65_536
_LOOK_EVERY_S = 1.0


class ImapLine:
    """An open connection, logged in. Use it as a context manager, in one thread."""

    def __init__(self, address: ImapAddress, largest_bytes: int) -> None:
        """Connect, secure the line and log in.

        Args:
            largest_bytes: What is longer is fetched in part.

        Raises:
            MailboxError: says at which step, and what the server said.
        """
        self._address = address
        self._largest_bytes = largest_bytes
        self._budget = _Budget(largest_bytes + _OVERHEAD_BYTES)
        with self._step("connecting"):
            self._client: Any = _connect(address, self._budget)
        try:
            if address.tls is ImapTls.REQUIRED:
                with self._step("STARTTLS"):
                    self._client.starttls(_context(address))
            self._log_in()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection, without waiting for an answer."""
        with contextlib.suppress(*_TROUBLE):
            self._client.shutdown()

    def open_folder(self) -> tuple[int, int]:
        """Look at the folder anew.

        Returns:
            Its UIDVALIDITY, and how many messages it has.

        Raises:
            MailboxError: when there is none, or it has no UIDVALIDITY.
        """
        folder = self._address.folder
        with self._step(f"opening {folder}"):
            found: dict[bytes, Any] = self._client.select_folder(folder, readonly=True)
        validity, exists = found.get(b"UIDVALIDITY"), found.get(b"EXISTS")
        if not isinstance(validity, int) or not isinstance(exists, int):
            raise self._error(f"opening {folder}", "it says no UIDVALIDITY or no EXISTS")
        return validity, exists

    def uids_above(self, uid: int, exists: int) -> list[int]:
        """Return the UIDs above one, in their order.

        Args:
            exists: How many messages there are; they stand in the order of their UIDs.
        """
        found: set[int] = set()
        for window in _windows(exists):
            here = self._search([window, "UID", f"{uid + 1}:*"])
            # `n:*` always names the last message, even if its UID is below n.
            above = {one for one in here if one > uid}
            found |= above
            if len(here) > len(above) or not above:
                break
        return sorted(found)

    def uids_since(self, day: date, exists: int) -> list[int]:
        """Return the UIDs of messages that came on a day or later, in their order."""
        found: set[int] = set()
        for window in _windows(exists):
            found.update(self._search([window, "SINCE", day]))
        return sorted(found)

    def listed(self, uids: Sequence[int]) -> set[int]:
        """Return which of some UIDs the server says that there are."""
        if not uids:
            return set()
        return set(self._search(["UID", ",".join(map(str, uids))])) & set(uids)

    def fetch(self, uids: Sequence[int]) -> dict[int, bytes]:
        """Return messages, or a byte more than the limit of those that are longer.

        What the server does not hand out is left out.
        """
        part = f"BODY.PEEK[]<0.{self._largest_bytes + 1}>"
        with self._step("fetching"):
            self._budget.left = self._largest_bytes + _OVERHEAD_BYTES
            found: dict[int, dict[bytes, Any]] = self._client.fetch(list(uids), [part])
        return {
            uid: value
            for uid in uids
            for key, value in found.get(uid, {}).items()
            if key.startswith(b"BODY[]") and isinstance(value, bytes)
        }

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """Return how long the server says that messages are, in bytes."""
        with self._step("fetching"):
            found: dict[int, dict[bytes, Any]] = self._client.fetch(
                list(uids), ["RFC822.SIZE"]
            )
        sizes = {uid: found.get(uid, {}).get(b"RFC822.SIZE") for uid in uids}
        return {uid: size for uid, size in sizes.items() if isinstance(size, int)}

    def wait(self, wait_s: float, stop: threading.Event) -> None:
        """Wait until the server announces something (RFC 2177), the time is over or we end.

        A server without IDLE announces nothing.
        """
        with self._step("IDLE"):
            if not self._client.has_capability("IDLE"):
                stop.wait(wait_s)
                self._client.noop()
                return
            self._client.idle()
            left_s, heard = wait_s, self._has_read_more()
            while left_s > 0 and not heard and not stop.is_set():
                heard = bool(self._client.idle_check(min(_LOOK_EVERY_S, left_s)))
                left_s -= _LOOK_EVERY_S
            if not stop.is_set():
                self._client.idle_done()

    def _has_read_more(self) -> bool:
        """Say whether more was read already than was asked for.

        What is announced right after the beginning of IDLE comes with it in one packet, and
        the library then waits for the next one.
        """
        line = self._client.socket()
        line.setblocking(False)
        try:
            return bool(self._client._imap.file.peek(1))  # noqa: SLF001 - as below
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            line.settimeout(self._address.timeout_s)

    def _search(self, criteria: list[Any]) -> list[int]:
        with self._step("searching"):
            return [int(one) for one in self._client.search(criteria)]

    def _log_in(self) -> None:
        address = self._address
        secret = address.password if address.token is None else self._token(address.token)
        with self._step("login"):
            try:
                if address.token is not None:
                    self._log_in_by_token(secret)
                elif self._client.has_capability("AUTH=PLAIN"):
                    self._client.plain_login(address.user, secret)
                else:
                    self._client.login(address.user, secret)
            except LoginError as refused:
                # A server that is in trouble says so in brackets (RFC 5530).
                words = _words(refused)
                if secret:
                    words = words.replace(secret, "…")
                gone = "UNAVAILABLE" in words or "EOF" in words or "INUSE" in words
                raise MailboxError(f"{address}: login: {words}", login=not gone) from None

    def _log_in_by_token(self, token: str) -> None:
        """Log in as RFC 7628 has it where the server does, else as Google first did."""
        user, client = self._address.user, self._client
        if client.has_capability("AUTH=OAUTHBEARER"):
            client.oauthbearer_login(user, token)
        elif client.has_capability("AUTH=XOAUTH2"):
            client.oauth2_login(user, token)
        else:
            raise LoginError("it takes no token (neither OAUTHBEARER nor XOAUTH2)")

    def _token(self, give: Callable[[], str]) -> str:
        try:
            return give()
        except MailerError as problem:
            words = f"{self._address}: login: no access token: {problem}"
            raise MailboxError(words, login=True) from problem

    @contextlib.contextmanager
    def _step(self, what: str) -> Generator[None, None, None]:
        try:
            yield
        except _TROUBLE as problem:
            raise self._error(what, _words(problem)) from problem

    def _error(self, what: str, words: str) -> MailboxError:
        return MailboxError(f"{self._address}: {what}: {words}")


_TROUBLE = (OSError, IMAPClientError, ssl.SSLError, ValueError, LookupError, AttributeError)
"""What comes of a line that ends, and of answers that are none."""


@dataclass(slots=True)
class _Budget:
    """How many bytes of messages a server may still hand out."""

    left: int


def _connect(address: ImapAddress, budget: _Budget) -> Any:
    implicit = address.tls is ImapTls.IMPLICIT
    client = _CLIENT(
        address.host,
        address.port,
        ssl=implicit,
        ssl_context=_context(address) if implicit else None,
        timeout=SocketTimeout(connect=address.timeout_s, read=address.timeout_s),
    )
    _limit(client, budget)
    return client


def _limit(client: Any, budget: _Budget) -> None:
    """Break the line when the server begins to hand out more than was asked for.

    The library reads as much into memory as a server claims that there is.
    """
    under = client._imap  # noqa: SLF001 - there is no other place
    read: Callable[[int], bytes] = under.read

    def limited(size: int) -> bytes:
        budget.left -= size
        if budget.left < 0:
            raise OSError(f"the server claims {size} bytes, and so much was not asked for")
        return read(size)

    under.read = limited


def _context(address: ImapAddress) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=address.certificate_file or None)


def _windows(exists: int) -> Generator[str, None, None]:
    """Give ranges of messages, the newest first, with those that just came."""
    last, end = exists, "*"
    while last > 0:
        first = max(1, last - _WINDOW + 1)
        yield f"{first}:{end}"
        last = first - 1
        end = str(last)


def _words(problem: BaseException) -> str:
    if isinstance(problem, TimeoutError | socket.timeout):
        return "no answer in time"
    text = " ".join(str(problem).split())
    if text.startswith(("b'", 'b"')):
        text = text[2:-1]
    return text[:300] or type(problem).__name__
