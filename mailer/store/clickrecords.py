"""Who agrees that her clicks on a list's links are on record."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from mailer.model.kind import Kind
from mailer.model.separate import click_record_id
from mailer.model.suppression import scopes_against
from mailer.store.contacts import get_contacts
from mailer.store.lists import SeenList, all_lists
from mailer.store.subscriptions import of_contacts
from mailer.store.suppressions import in_force

Clicker = tuple[int, int]
"""A contact's id, and the number of the list in whose letter the link stands."""


def who_agrees(
    connection: Connection, clickers: Collection[Clicker], now: datetime
) -> dict[Clicker, str]:
    """Return which of some people agree now, to words in force, each with the list's id.

    Who is not on the list any more does not, whatever she said of her clicks.
    """
    lists = all_lists(connection)
    by_number = {one.number: one for one in lists.values()}
    found: dict[Clicker, str] = {}
    for number in {number for _, number in clickers}:
        asked, words = by_number.get(number), None
        if asked is not None:
            words = lists.get(click_record_id(asked.id))
        if asked is not None and words is not None:
            people = [contact_id for contact_id, its in clickers if its == number]
            for contact_id in _agreeing(connection, asked, words, people, now):
                found[contact_id, number] = asked.id
    return found


def agreeing_of(
    connection: Connection, list_id: str, contact_ids: Collection[int], now: datetime
) -> frozenset[int]:
    """Return who of some people agrees now that her clicks on a list's links are kept."""
    lists = all_lists(connection)
    asked, words = lists.get(list_id), lists.get(click_record_id(list_id))
    if asked is None or words is None:
        return frozenset()
    return frozenset(_agreeing(connection, asked, words, contact_ids, now))


def _agreeing(
    connection: Connection,
    asked: SeenList,
    words: SeenList,
    contact_ids: Collection[int],
    now: datetime,
) -> list[int]:
    places = of_contacts(connection, sorted(contact_ids))
    agreed: list[int] = []
    for contact_id in contact_ids:
        on, yes = places.get((contact_id, asked.id)), places.get((contact_id, words.id))
        stands = on is not None and on.stands(now) and yes is not None and yes.stands(now)
        if stands and yes is not None and yes.wording >= words.words_floor:
            agreed.append(contact_id)
    people = get_contacts(connection, agreed)
    scopes = {
        *scopes_against(Kind.MARKETING, asked.id),
        *scopes_against(Kind.MARKETING, words.id),
    }
    stopped = in_force(connection, [one.hash for one in people.values()], scopes, now)
    return [number for number, one in people.items() if one.hash not in stopped]
