"""The staff of the console: added by a command, ready once they have followed a link."""

import base64
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pyotp.totp import TOTP

from mailer.errors import NotFoundError, RefusedError, did_you_mean
from mailer.jobs.sign_in import digest_of, hash_password, step_of
from mailer.model.address import parse_address
from mailer.model.news import News
from mailer.model.quiet import hours_of
from mailer.model.staff import Deeds, Role, Staff
from mailer.model.token import TokenBox, TokenKind
from mailer.store import staff as store
from mailer.store.database import Connection, Database
from mailer.store.staff import Secrets

INVITED_FOR = timedelta(hours=48)
PASSWORD_AT_LEAST = 12
_NAME = re.compile(r"[^\W_](?:[\w .'-]{0,38}[\w.])?")
_ISSUER_AT_MOST = 60
_SECRET_BYTES = 20
"""As many as SHA-1 gives, which these codes are made with (RFC 4226 §4)."""


@dataclass(frozen=True, slots=True)
class NewStaff:
    """Somebody who begins at the front desk.

    Args:
        mailboxes: The only ones that they see; none for all.
    """

    name: str
    role: Role = Role.AGENT
    email: str = ""
    mailboxes: tuple[str, ...] = ()


def add(
    database: Database, new: NewStaff, known: Sequence[str], by: str, now: datetime
) -> str:
    """Add somebody; return the secret of the link by which they choose a password.

    Args:
        known: The mailboxes that there are.

    Raises:
        RefusedError: when the name cannot be one, or is taken.
        NotFoundError: when there is no such mailbox.
        AddressError: when the email address cannot be one.
    """
    if not _NAME.fullmatch(new.name):
        raise RefusedError(
            f"the name {new.name[:40]!r} must begin with a letter or digit and have at most"
            " 40 letters, digits, spaces, . ' and -, as in Kari N"
        )
    _require_mailboxes(new.mailboxes, known)
    email = parse_address(new.email).wire if new.email else ""
    secret = secrets.token_urlsafe(32)
    with database.write() as connection:
        if store.find_staff(connection, new.name) is not None:
            raise RefusedError(
                f"there is a {new.name!r} already: `mailer staff invite` gives them a new"
                " link, or choose another name"
            )
        store.add_staff(
            connection,
            {
                "name": new.name,
                "role": new.role.value,
                "email": email,
                "mailboxes": " ".join(new.mailboxes),
                "made_at": now,
                "invited": digest_of(secret),
                "invited_until": now + INVITED_FOR,
            },
        )
        store.note_deed(connection, by, f"added {new.name} as {new.role.value}", now)
    return secret


def invite(database: Database, name: str, by: str, now: datetime) -> str:
    """Give somebody a new link: for who forgot the password or lost the telephone.

    Their sessions end, and what they signed in with opens nothing any more.

    Raises:
        NotFoundError: when there is nobody of that name.
    """
    secret = secrets.token_urlsafe(32)
    with database.write() as connection:
        found = _found(connection, name)
        store.change_staff(
            connection,
            found.staff.id,
            {
                "password": "",
                "secret": None,
                "left_at": None,
                "invited": digest_of(secret),
                "invited_until": now + INVITED_FOR,
            },
        )
        store.end_sessions(connection, found.staff.id)
        store.note_deed(connection, by, f"invited {found.staff.name}", now)
    return secret


def leave(database: Database, name: str, by: str, now: datetime) -> int:
    """Let somebody in no more; return how many sessions of theirs ended.

    What they wrote stays under their name, and their tickets stay theirs until given on.

    Raises:
        NotFoundError: when there is nobody of that name.
    """
    with database.write() as connection:
        found = _found(connection, name)
        store.change_staff(
            connection,
            found.staff.id,
            {"left_at": now, "password": "", "secret": None, "invited": None},
        )
        ended = store.end_sessions(connection, found.staff.id)
        store.note_deed(connection, by, f"removed {found.staff.name}", now)
        return ended


def change(  # noqa: PLR0913 - each is a thing of its own
    database: Database,
    name: str,
    by: str,
    now: datetime,
    *,
    role: Role | None = None,
    email: str | None = None,
    mailboxes: Sequence[str] | None = None,
    known: Sequence[str] = (),
    signature: str | None = None,
    notify: Sequence[News] | None = None,
    quiet: str | None = None,
) -> Staff:
    """Change what somebody may do and see, from their next click on.

    Raises:
        NotFoundError: when there is nobody of that name, or no such mailbox.
        AddressError: when the email address cannot be one.
        RefusedError: when nothing is to change.
    """
    values: dict[str, object] = {}
    if role is not None:
        values["role"] = role.value
    if email is not None:
        values["email"] = parse_address(email).wire if email else ""
    if mailboxes is not None:
        _require_mailboxes(mailboxes, known)
        values["mailboxes"] = " ".join(mailboxes)
    if signature is not None:
        values["signature"] = signature.strip()
    if notify is not None:
        values["notify"] = " ".join(sorted(one.value for one in notify))
        # What was before is no news.
        values["notify_since"] = now
    if quiet is not None:
        values["quiet"] = _hours(quiet)
    if not values:
        raise RefusedError(
            "say what is to change: --role, --email, --mailbox, --signature, --notify,"
            " --quiet"
        )
    with database.write() as connection:
        found = _found(connection, name)
        store.change_staff(connection, found.staff.id, values)
        words = ", ".join(sorted(values.keys() - {"notify_since"}))
        store.note_deed(connection, by, f"changed {found.staff.name}: {words}", now)
        return _found(connection, name).staff


def _hours(text: str) -> str:
    try:
        hours_of(text.strip())
    except ValueError as problem:
        raise RefusedError(str(problem)) from None
    return text.strip()


def staff_list(database: Database) -> list[Staff]:
    """Return everybody, also who has left, by name."""
    with database.read() as connection:
        return store.all_staff(connection)


def deeds(
    database: Database, limit: int, who: str | None, ticket: int | None
) -> list[Deeds]:
    """Return who did what, the newest first."""
    with database.read() as connection:
        return store.deeds(connection, limit, who=who, ticket=ticket)


@dataclass(frozen=True, slots=True)
class Invitation:
    """What somebody who was invited is shown.

    Args:
        secret: For the program that makes codes, in base32.
        uri: The same as a link for it.
    """

    staff: Staff
    secret: str
    uri: str


def invitation(
    database: Database, tokens: TokenBox, link: str, company: str, now: datetime
) -> Invitation | None:
    """Return what an invited one is shown; None when the link does not work (any more).

    The secret follows from the link, so that looking changes nothing and a page that is
    opened twice shows the same.
    """
    with database.read() as connection:
        found = store.find_invited(connection, digest_of(link), now)
    if found is None:
        return None
    secret = _secret_of(tokens, link)
    issuer = company[:_ISSUER_AT_MOST] or "mailer"
    uri = TOTP(secret).provisioning_uri(name=found.staff.name, issuer_name=issuer)
    return Invitation(found.staff, secret, uri)


def accept(
    database: Database, tokens: TokenBox, link: str, password: str, code: str, now: datetime
) -> Staff:
    """Take the password that somebody has chosen, once their code shows to be right.

    Raises:
        NotFoundError: when the link does not work (any more).
        RefusedError: when the password is too easy, or the code is not right.
    """
    with database.read() as connection:
        found = store.find_invited(connection, digest_of(link), now)
    if found is None:
        raise NotFoundError("this link does not work any more; ask for a new one")
    problem = weakness(password, found.staff.name)
    if problem:
        raise RefusedError(problem)
    secret = _secret_of(tokens, link)
    step = step_of(secret, code, now)
    if step is None:
        raise RefusedError(
            "that is not the code that your program shows now; is its clock right?"
        )
    hashed = hash_password(password)
    with database.write() as connection:
        again = store.find_invited(connection, digest_of(link), now)
        if again is None:
            raise NotFoundError("this link does not work any more; ask for a new one")
        store.change_staff(
            connection,
            found.staff.id,
            {
                "password": hashed,
                "secret": tokens.sealed(TokenKind.STAFF, secret.encode()),
                "step": step,
                "invited": None,
                "invited_until": None,
            },
        )
        store.note_deed(connection, found.staff.name, "chose a password", now)
    return found.staff


def weakness(password: str, name: str) -> str:
    """Say what is wrong with a password; "" when nothing is (NIST SP 800-63B §5.1.1.2)."""
    if len(password) < PASSWORD_AT_LEAST:
        return f"the password needs at least {PASSWORD_AT_LEAST} characters"
    folded = password.casefold()
    if len(set(folded)) < PASSWORD_AT_LEAST // 2 or folded.strip() == name.casefold():
        return "this password would be guessed: choose words that do not belong together"
    if any(one in folded for one in ("password", "passord", "passwort", "12345678")):
        return "this password would be guessed: choose words that do not belong together"
    return ""


def _secret_of(tokens: TokenBox, link: str) -> str:
    """Derive a code's secret from a link that only the invited one has, and our key."""
    sealed = tokens.sealed(TokenKind.STAFF, b"invited " + link.encode())
    return base64.b32encode(digest_of(sealed.hex())[:_SECRET_BYTES]).decode()


def _require_mailboxes(named: Sequence[str], known: Sequence[str]) -> None:
    for one in named:
        if one not in known:
            near = did_you_mean(one, known)
            raise NotFoundError(f"config.toml has no [mailboxes.{one}]{near}")


def _found(connection: Connection, name: str) -> Secrets:
    found = store.find_staff(connection, name)
    if found is None:
        known = [one.name for one in store.all_staff(connection)]
        raise NotFoundError(f"there is no {name[:40]!r}{did_you_mean(name, known)}")
    return found
