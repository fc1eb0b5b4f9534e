"""Four hundred people and a thousand machines write to the desk, on both databases."""

from dataclasses import replace

import pytest
from frontdesks import NOW, SUPPORT, a_desk, all_tickets, decisions
from samples.letterbox import letterbox
from samples.machines import machines, unmarked
from sqlalchemy import func, select

from mailer.jobs.incoming import Desk, handle_all, keep
from mailer.model.ticket import EntryKind, Ticket
from mailer.store import tickets
from mailer.store.tables import DeliveryRow, table
from mailer.triage.quotas import Quotas

NO_END = Quotas(*(1_000_000,) * 5)
"""What is silent here is so by the other rules."""


@pytest.fixture
def desk(database, logbook, ring, tmp_path) -> Desk:
    desk = a_desk(database, logbook, ring, tmp_path, SUPPORT)
    return replace(desk, front=replace(desk.front, quotas=NO_END))


def take_all(desk: Desk, raws: list[bytes], channel: str = "pipe") -> None:
    for raw in raws:
        keep(desk.database, raw, channel, NOW)
    list(handle_all(desk, NOW))


def count_letters(desk: Desk) -> int:
    with desk.database.read() as connection:
        letters = select(func.count()).select_from(table(DeliveryRow))
        return int(connection.execute(letters).scalar_one())


def all_of(desk: Desk) -> dict[str, Ticket]:
    return {one.address: one for one in all_tickets(desk)}


def said_on(desk: Desk, ticket: Ticket) -> str:
    with desk.database.read() as connection:
        entries = tickets.entries_of(connection, ticket.id)
    (came,) = (one for one in entries if one.kind is EntryKind.CAME)
    return "".join(came.text.split())


def test_what_people_write_is_read_and_acknowledged_once(desk):
    sent = letterbox()
    assert len(sent) >= 300
    take_all(desk, [one.raw for one in sent])
    found = all_of(desk)
    for number, one in enumerate(sent, 1):
        ticket = found.pop(f"n{number}.{one.said.address}")
        assert one.said.subject in ticket.subject, one.name
        assert ticket.person == one.said.name, one.name
        assert "".join(one.said.text.split()) in said_on(desk, ticket), one.name
        (decided,) = decisions(desk, ticket.id)
        assert decided.delivery_id is not None, (one.name, decided)
    assert not found
    assert count_letters(desk) == len(sent)
    # They come again, by another way, and once more with another Received in front.
    take_all(desk, [one.raw for one in sent], "imap")
    assert len(all_tickets(desk)) == len(sent)
    assert count_letters(desk) == len(sent)


def test_no_machine_is_acknowledged_whatever_marks_it(desk):
    made = machines()
    assert len(made) >= 1000
    take_all(desk, [one.raw for one in made])
    for ticket in all_tickets(desk):
        for decided in decisions(desk, ticket.id):
            assert decided.delivery_id is None, (ticket.subject, ticket.address)
            assert decided.rule
    assert count_letters(desk) == 0


def test_no_machine_is_acknowledged_that_only_its_subject_tells(desk):
    take_all(desk, [one.raw for one in unmarked()])
    for ticket in all_tickets(desk):
        assert [one.rule for one in decisions(desk, ticket.id)] == [14], ticket.subject
    assert count_letters(desk) == 0
