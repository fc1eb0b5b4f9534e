"""Who agrees that her clicks on a list's links are on record."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from mailer.model.separate import click_record_id
from mailer.store.agreeing import agreeing
from mailer.store.contacts import get_contacts
from mailer.store.lists import SeenList, all_lists

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
    people = [*get_contacts(connection, sorted(contact_ids)).values()]
    floors = {asked.id: 0, words.id: words.words_floor}
    return [one.id for one in agreeing(connection, floors, people, now)]
