"""Signing in to the console: a password, a code, and a session in exchange.

Sources: RFC 6238 (codes by time), RFC 9106 (Argon2, by argon2-cffi), NIST SP 800-63B §5.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pyotp.totp import TOTP

from mailer.model.staff import SignedIn, Staff
from mailer.model.token import TokenBox, TokenKind
from mailer.store import sessions
from mailer.store.database import Database
from mailer.store.staff import (
    Secrets,
    find_staff,
    get_staff,
    note_deed,
    use_step,
)

_HASHER = PasswordHasher()
_STEP_S = 30
_WITHIN_STEPS = (0, -1, 1)
"""A code of the step before or after counts too: clocks differ."""

_PASSWORD_AT_MOST = 1_000
_NAME_AT_MOST = 100
# Of no password: who asks for a name that is nobody's waits as long. Written down, because
# making one takes 64 MB and half a second of each program that only imports this.
NO_PASSWORD = (
    f"$argon2id$v=19$m={_HASHER.memory_cost},t={_HASHER.time_cost}"
    f",p={_HASHER.parallelism}${'A' * 22}${'A' * 43}"
)


@dataclass(frozen=True, slots=True)
class SignInRules:
    """What limits signing in.

    Args:
        idle: Who does nothing for so long must sign in again.
        lasts: And everybody after so long.
        within: Attempts that failed count for so long.
        here: So many under one name from one network.
        name: So many under one name, from wherever.
        network: So many from one network.
    """

    idle: timedelta = timedelta(hours=2)
    lasts: timedelta = timedelta(hours=12)
    within: timedelta = timedelta(minutes=15)
    here: int = 5
    name: int = 30
    network: int = 30


@dataclass(frozen=True, slots=True)
class Knock:
    """What somebody shows to be let in."""

    name: str
    password: str
    code: str
    network: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A session was opened; its secret stands in the browser's cookie only."""

    secret: str
    staff: Staff


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something does not fit, and nobody is told what."""


@dataclass(frozen=True, slots=True)
class TooOften:
    """Too many attempts failed; none is looked at for a while."""


Answer = Opened | Wrong | TooOften


def sign_in(
    database: Database, tokens: TokenBox, knock: Knock, rules: SignInRules, now: datetime
) -> Answer:
    """Let somebody of the staff in.

    The attempt is written down before it is looked at, so that however many come at once
    none goes uncounted; the session is a new one, whatever the browser had.
    """
    name = knock.name[:_NAME_AT_MOST]
    since = now - rules.within
    with database.write() as connection:
        tries = sessions.count_tries(connection, name, knock.network, since, now)
        if (
            tries.here >= rules.here
            or tries.name >= rules.name
            or tries.network >= rules.network
        ):
            return TooOften()
        number = sessions.add_try(connection, name, knock.network, since, now)
        found = find_staff(connection, name)
    step = _step_shown(tokens, found, knock, now)
    if found is None or step is None:
        with database.write() as connection:
            who = found.staff.name if found else "(nobody's name)"
            note_deed(connection, who, "could not sign in", now, network=knock.network)
        return Wrong()
    secret = secrets.token_urlsafe(32)
    with database.write() as connection:
        fresh = get_staff(connection, found.staff.id)
        if fresh is None or fresh.password != found.password or fresh.staff.left_at:
            return Wrong()
        if not use_step(connection, found.staff.id, step):
            return Wrong()
        sessions.forget_try(connection, number)
        sessions.open_session(
            connection, digest_of(secret), found.staff.id, now, now + rules.lasts,
            knock.network,
        )  # fmt: skip
        note_deed(connection, found.staff.name, "signed in", now, network=knock.network)
    return Opened(secret, found.staff)


def _step_shown(
    tokens: TokenBox, found: Secrets | None, knock: Knock, now: datetime
) -> int | None:
    """Return the time step of the code when all fits; None when anything does not."""
    password = found.password if found and found.password else NO_PASSWORD
    right = fits(password, knock.password)
    if found is None or not found.password or found.secret is None:
        return None
    if found.staff.left_at is not None:
        return None
    opened = tokens.unsealed(TokenKind.STAFF, found.secret)
    step = None if opened is None else step_of(opened.decode(), knock.code, now)
    return step if right else None


def fits(hashed: str, password: str) -> bool:
    """Say whether a password is the one that was hashed; takes some 50 ms on purpose."""
    try:
        return _HASHER.verify(hashed, password[:_PASSWORD_AT_MOST])
    except (VerificationError, InvalidHashError):
        return False


def hash_password(password: str) -> str:
    """Hash a password as it is kept."""
    return _HASHER.hash(password[:_PASSWORD_AT_MOST])


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step that a code is of; None when it is of none near now."""
    digits = "".join(code.split())
    totp = TOTP(secret)
    here = int(now.timestamp()) // _STEP_S
    for off in _WITHIN_STEPS:
        if hmac.compare_digest(totp.at(now, counter_offset=off).encode(), digits.encode()):
            return here + off
    return None


def session_behind(
    database: Database, secret: str, rules: SignInRules, now: datetime
) -> SignedIn | None:
    """Return who shows a session's secret; None when it opens nothing (any more)."""
    digest = digest_of(secret)
    with database.read() as connection:
        found = sessions.session_of(connection, digest, rules.idle, now)
    if found is None:
        return None
    signed_in, unseen = found
    if unseen:
        with database.write() as connection:
            sessions.see_session(connection, digest, now)
    return signed_in


def sign_out(database: Database, who: SignedIn, now: datetime) -> None:
    """End a session."""
    with database.write() as connection:
        sessions.end_session(connection, who.session)
        note_deed(connection, who.staff.name, "signed out", now)


def form_key(secret: str) -> str:
    """Return what each form of a session carries: nobody else's page can know it."""
    return hmac.new(secret.encode(), b"mailer console form v1", hashlib.sha256).hexdigest()


def digest_of(secret: str) -> bytes:
    """Return what is kept of a secret of 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()
