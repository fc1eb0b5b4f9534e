"""What a provider posts to us: proven, kept, and only then answered.

What it means and what follows is found out where mail is understood: by the same rules,
from what is kept, each event once.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from mailer.jobs.slices import forget
from mailer.model.hook import (
    HookEvent,
    HookKeys,
    Proven,
    Provider,
    ToConfirm,
    Unproven,
)
from mailer.store import hooks as store
from mailer.store.database import Database
from mailer.triage.hooks.proving import Headers, prove
from mailer.wire.fetching import fetch

_log = logging.getLogger(__name__)

_TOGETHER = 100
"""Events in one commit: on SQLite nobody else writes meanwhile."""

_CERTIFICATES_AT_MOST = 8
_REMEMBERED = timedelta(days=30)
_FORGOTTEN_TOGETHER = 500


class HookAnswer(StrEnum):
    """What a provider is answered."""

    KEPT = "kept"
    NOT_SET_UP = "not set up"
    REFUSED = "refused"
    LATER = "later"


class _NoCertificateError(Exception):
    """Amazon's certificate cannot be had at the moment, so that nothing is proven."""


class HookDoor:
    """Takes what providers post; used by several threads."""

    def __init__(
        self,
        database: Database,
        keys: HookKeys,
        clock: Callable[[], datetime],
        get: Callable[[str], bytes] = fetch,
    ) -> None:
        """Make one.

        Args:
            get: Asks a web server for an address of Amazon's; b"" when it can't.
        """
        self._database = database
        self._keys = keys
        self._clock = clock
        self._get = get
        self._certificates: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def take(self, provider: Provider, headers: Headers, body: bytes) -> HookAnswer:
        """Keep what a provider posts; when this returns `KEPT` it is on disk.

        What Amazon's servers must be asked for and do not say is to be posted again
        (`LATER`): it is as good as ever then.

        Args:
            headers: By names in small letters.

        Raises:
            DatabaseError: it is not kept, and must be posted again.
        """
        if not self._keys.has(provider):
            return HookAnswer.NOT_SET_UP
        now = self._clock()
        try:
            proof = prove(provider, self._keys, (headers, body), self._certificate, now)
        except _NoCertificateError as problem:
            _log.warning("hook of %s: %s; it is posted again", provider, problem)
            return HookAnswer.LATER
        match proof:
            case Unproven(because):
                _log.warning("hook of %s refused: %s", provider, because)
                return HookAnswer.REFUSED
            case ToConfirm(url):
                done = bool(self._get(url))
                words = "confirmed" if done else "could not be confirmed"
                _log.info("hook of %s: the topic's subscription %s", provider, words)
                return HookAnswer.KEPT if done else HookAnswer.LATER
            case Proven(events, once):
                return self._keep(provider, events, once, now)

    def _keep(
        self, provider: Provider, events: Sequence[HookEvent], once: str, now: datetime
    ) -> HookAnswer:
        for first in range(0, len(events), _TOGETHER):
            some = events[first : first + _TOGETHER]
            with self._database.write() as connection:
                for event in some if once else ():
                    if not store.comes_once(connection, provider, once, event.id, now):
                        _log.warning("hook of %s refused: its token was used", provider)
                        return HookAnswer.REFUSED
                store.keep_events(connection, provider, some, now)
        return HookAnswer.KEPT

    def _certificate(self, url: str) -> bytes:
        """Get a certificate of Amazon's; it is asked for once."""
        with self._lock:
            known = self._certificates.get(url)
        if known:
            return known
        got = self._get(url)
        if not got:
            raise _NoCertificateError(f"its certificate could not be got from {url[:200]}")
        with self._lock:
            if len(self._certificates) >= _CERTIFICATES_AT_MOST:
                self._certificates.clear()
            self._certificates[url] = got
        return got


def forget_signed(database: Database, max_age: timedelta, now: datetime) -> int:
    """Forget by what events were signed that would be refused as too old by now."""
    before = now - max(max_age * 2, _REMEMBERED)
    return forget(
        database,
        lambda one, most: store.forget_once(one, before, most),
        _FORGOTTEN_TOGETHER,
    )
