"""What was snoozed wakes with what is due of it then."""

from datetime import UTC, datetime, timedelta
from itertools import product

from mailer.jobs.tickets import due_values, wake
from mailer.model.ticket import TicketState
from mailer.store.database import Database
from mailer.store.tickets import create_ticket, get_ticket

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_what_wakes_is_due_as_it_would_be_without_having_slept(database: Database):
    hours = (None, 1, 2, 3)
    wanted: dict[int, datetime] = {}
    with database.write() as connection:
        for first, following, solved, answered in product(hours, hours, hours, (None, -1)):
            moments = [
                None if one is None else NOW + one * HOUR
                for one in (first, following, solved, answered)
            ]
            names = ("first_due_at", "next_due_at", "solve_due_at", "answered_at")
            facts = dict(zip(names, moments, strict=True)) | {
                "mailbox": "support", "subject": "Hello", "contact_id": None, "match": "x",
                "address": "x", "person": "", "language": "en", "opened_at": NOW,
                "changed_at": NOW, "state": "snoozed", "snoozed_until": NOW,
            }  # fmt: skip
            number = create_ticket(connection, facts)
            ticket = get_ticket(connection, number)
            assert ticket is not None
            wanted[number] = due_values(ticket, TicketState.OPEN)["due_at"] or NOW
    wake(database, NOW)
    with database.read() as connection:
        found = {number: get_ticket(connection, number) for number in wanted}
    assert {one.state for one in found.values() if one} == {TicketState.OPEN}
    assert {number: one.due_at for number, one in found.items() if one} == wanted
