"""Requests with an Idempotency-Key: done once, however often they are sent.

What is done may be done twice without harm, so a program that dies over a request leaves
only a mark that grows old. A repeated request is answered as the first was.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from mailer.jobs.post_contact import Done, Outcome, Result
from mailer.jobs.slices import forget
from mailer.model.key import KeyRing
from mailer.store.apikeys import (
    Request,
    begin_request,
    drop_request,
    end_request,
    forget_requests,
)
from mailer.store.database import Database

REMEMBERED_FOR = timedelta(days=7)
_STALE = timedelta(seconds=60)
_SLICE = 500


class Repeated(StrEnum):
    """Why a request with a known key is not done."""

    OTHER_BODY = "other_body"
    """The key was used for something else."""
    GOING_ON = "going_on"
    """It is being worked on at this moment."""


@dataclass(frozen=True, slots=True)
class Ticketed:
    """A request as it came.

    Args:
        key_id: The API key's number.
        idempotency: What the header says.
        rehearsed: It is done in a rehearsal, whose keys are its own.
    """

    key_id: int
    idempotency: str
    body: bytes
    rehearsed: bool = False


def once(
    database: Database,
    ring: KeyRing,
    request: Ticketed,
    work: Callable[[], Outcome],
    now: datetime,
) -> Outcome | Repeated:
    """Do a request, or say what came of it before."""
    what = "rehearsed idempotency" if request.rehearsed else "idempotency"
    new = Request(
        request.key_id,
        ring.suppression_hash(f"{what} {request.key_id} {request.idempotency}"),
        ring.suppression_hash(f"body {request.body.hex()}"),
        now,
    )
    with database.write() as connection:
        before = begin_request(connection, new, _STALE)
    if before is not None:
        if before.body_hash != new.body_hash:
            return Repeated.OTHER_BODY
        if before.result is None:
            return Repeated.GOING_ON
        return Done(Result(before.result), before.contact_id)
    try:
        outcome = work()
    except BaseException:
        with database.write() as connection:
            drop_request(connection, new.key_id, new.hash)
        raise
    with database.write() as connection:
        if isinstance(outcome, Done):
            result, contact_id = outcome.result.value, outcome.contact_id
            end_request(connection, replace(new, result=result, contact_id=contact_id))
        else:
            # It may be sent again, put right.
            drop_request(connection, new.key_id, new.hash)
    return outcome


def forget_old_requests(database: Database, now: datetime) -> int:
    """Forget the requests of a week ago and before, in slices; return how many."""
    before = now - REMEMBERED_FOR
    return forget(database, lambda one, most: forget_requests(one, before, most), _SLICE)
