"""/contact/…: where somebody writes to a mailbox of ours, without an account.

What may answer her at once is shown before it is sent. The answer is the same whoever the
address belongs to; a field that people do not see is the only trap.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from mailer.compose.typed import Typed
from mailer.errors import AddressError
from mailer.jobs.write_to_us import keep_typed
from mailer.model.address import parse_address
from mailer.triage.mailboxes import Mailbox
from mailer.triage.tickets import clean, name_of
from mailer.web.answers import shown
from mailer.web.client import client_address
from mailer.web.form import read_form
from mailer.web.language import language_of
from mailer.web.means import Means

TEXT_AT_MOST = 20_000
_SUBJECT_AT_MOST = 150
_TRAP = "website"
_UNPROCESSABLE, _TOO_MANY = 422, 429
_ONCE = re.compile(r"(\d{9,11})\.[0-9a-f]{16}")
_ONCE_HOLDS = timedelta(days=2)


async def get(request: Request, means: Means) -> Response:
    """Show the form."""
    mailbox, language = mailbox_of(request, means), language_of(request, means.pages)
    if mailbox is None:
        return means.pages.not_found(language)
    return _form(means, _Filled({}, new_once(means.clock())), language)


async def post(request: Request, means: Means) -> Response:
    """Take what was written; show first what may answer it."""
    mailbox, language = mailbox_of(request, means), language_of(request, means.pages)
    if mailbox is None:
        return means.pages.not_found(language)
    fields = await read_form(request)
    now = means.clock()
    once = fields.get("once", "")
    once, at = (once, moment_of(once, now)) if is_once(once, now) else (new_once(now), now)
    filled = _Filled(fields, once)
    problems = _problems(means, fields)
    if problems:
        return _form(means, filled, language, problems=problems)
    text = clean(fields["text"].replace("\r\n", "\n"), TEXT_AT_MOST)
    subject = _line(fields.get("subject", ""), _SUBJECT_AT_MOST) or _line(text, 60)
    if not fields.get("sure"):
        found = means.shelf.suggest(f"{subject}\n{text}", language)
        if found:
            answers = [shown(means, one) for one in found]
            return _form(means, filled, language, answers=answers)
    address = parse_address(fields["email"])
    if not fields.get(_TRAP):
        typed = Typed(
            address.wire, name_of(_line(fields.get("name", ""), 60)), mailbox.address,
            subject, text, "contact", language, once, at,
        )  # fmt: skip
        if not await keep(request, means, typed):
            return means.pages.problem(_TOO_MANY, language=language)
    values = {"address": address.given}
    return means.pages.page("contacted", values, language=language)


async def keep(request: Request, means: Means, typed: Typed) -> bool:
    """Keep what was typed; False when too much is written at once."""
    network = client_address(request, means.joining.proxies)
    rules, ring = means.joining.rules, means.logbook.ring
    return await means.joining.threads.do(
        lambda: keep_typed(means.database, ring, rules, typed, network, means.clock())
    )


def mailbox_of(request: Request, means: Means) -> Mailbox | None:
    """Return whose form it is: only a mailbox that promises an answer has one."""
    name: str = request.path_params["name"]
    return next((one for one in means.mailboxes if one.name == name and one.has_form), None)


def new_once(now: datetime) -> str:
    """Return what makes a page's message one, however often it is sent."""
    return f"{int(now.timestamp())}.{os.urandom(8).hex()}"


def is_once(once: str, now: datetime) -> bool:
    """Say whether a page's own mark can be one of ours, and not long ago."""
    found = _ONCE.fullmatch(once)
    return found is not None and abs(now - moment_of(once, now)) < _ONCE_HOLDS


def moment_of(once: str, now: datetime) -> datetime:
    """Return when a page was shown, by its own mark."""
    found = _ONCE.fullmatch(once)
    return now if found is None else datetime.fromtimestamp(int(found[1]), UTC)


@dataclass(frozen=True, slots=True)
class _Filled:
    fields: Mapping[str, str]
    once: str


def _problems(means: Means, fields: Mapping[str, str]) -> dict[str, str]:
    found = {name: "missing" for name in ("email", "text") if not fields.get(name)}
    if "email" not in found:
        try:
            address = parse_address(fields["email"])
        except AddressError:
            found["email"] = "text"
        else:
            # Nobody writes to us in our own name.
            ours = {one for box in means.mailboxes for one in box.addresses}
            if address.wire.lower() in ours:
                found["email"] = "ours"
    if len(fields.get("text", "")) > TEXT_AT_MOST:
        found["text"] = "long"
    return found


def _line(text: str, longest: int) -> str:
    return clean(" ".join(text.split()), longest).strip()


def _form(
    means: Means,
    filled: _Filled,
    language: str,
    *,
    problems: Mapping[str, str] | None = None,
    answers: object = (),
) -> Response:
    problems = problems or {}
    fields = filled.fields
    values = {
        "email": fields.get("email", ""),
        "email_problem": problems.get("email", ""),
        "name": fields.get("name", ""),
        "subject": fields.get("subject", ""),
        "text": fields.get("text", ""),
        "text_problem": problems.get("text", ""),
        "once": filled.once,
        "answers": answers,
    }
    status = _UNPROCESSABLE if problems else 200
    return means.pages.page("contact", values, status, language=language)
