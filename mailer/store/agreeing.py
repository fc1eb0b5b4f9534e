"""Who agrees now: to words in force of each of some purposes, and said no to none."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from mailer.model.contact import Contact
from mailer.model.kind import Kind
from mailer.model.suppression import scopes_against
from mailer.store.subscriptions import of_contacts
from mailer.store.suppressions import in_force


def agreeing(
    connection: Connection,
    floors: Mapping[str, int],
    people: Sequence[Contact],
    now: datetime,
) -> list[Contact]:
    """Return who of some people agrees to all of some purposes.

    Args:
        floors: By the ids of lists and separate purposes the oldest version of the words
            that counts.
    """
    places = of_contacts(connection, [one.id for one in people])
    scopes = {scope for name in floors for scope in scopes_against(Kind.MARKETING, name)}
    stopped = in_force(connection, [one.hash for one in people], scopes, now)
    return [
        one
        for one in people
        if one.hash not in stopped
        and all(
            (place := places.get((one.id, name))) is not None
            and place.stands(now)
            and place.wording >= floor
            for name, floor in floors.items()
        )
    ]
