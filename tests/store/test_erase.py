"""Erasing a person, on both databases: everything goes but a keyed hash."""

from datetime import timedelta

import pytest
from people import NOW, People
from plans import asked, read_through
from sqlalchemy import insert, select, text

from mailer.errors import RefusedError
from mailer.jobs.erase import erase, finish_erasures, look
from mailer.model.consent import Act, SuppressionReason
from mailer.model.delivery import DeliveryState
from mailer.model.outcome import Reply
from mailer.store import erasing
from mailer.store.incoming import keep, mark_sorted
from mailer.store.outcomes import Change, record
from mailer.store.suppressions import suppressions_of
from mailer.store.tables import (
    AttemptRow,
    DeliveryRow,
    LedgerRow,
    VerdictRow,
    metadata,
    table,
)

KARI = "kari@example.com"
SECRETS = (KARI, "Kari Nordmann", "192.0.2.77")


@pytest.fixture
def people(database, ring, tmp_path):
    made = People(database, ring, tmp_path)
    made.run(
        made.file(
            "email,name,points,consent_ip",
            f"{KARI},Kari Nordmann,7,192.0.2.77",
            "ola@example.com,Ola,,",
        )
    )
    # So that there is something to put back.
    made.run(made.file("email,name", f"{KARI},Kari Nordmann-Lie", name="more.csv"))
    return made


def letters(people, match, states=tuple(DeliveryState), cause=1):
    """Owe a contact a letter in each of some states, each for a campaign of its own."""
    contact = people.contact(match)
    with people.database.write() as connection:
        for place, state in enumerate(states):
            number = connection.execute(
                insert(table(DeliveryRow))
                .values(
                    cause_kind="campaign", cause_id=cause + place, kind="marketing", lane=3,
                    contact_id=contact.id, hash=contact.hash, address=contact.address,
                    list_id="news", state=state.value, attempt=1, deferrals=0, due_at=NOW,
                    give_up_at=NOW + timedelta(days=1), reply=f"550 {match} unknown",
                    owner_id=1 if state in {"claimed", "sending"} else None,
                )
                .returning(table(DeliveryRow).c.id)
            ).scalar_one()  # fmt: skip
            connection.execute(
                insert(table(AttemptRow)).values(
                    delivery_id=number, attempt=1, at=NOW, outcome="deferred",
                    stage="rcpt", code=450, enhanced="", words=f"{match} is busy",
                    relay="main",
                )
            )  # fmt: skip


def everything(people):
    """Return all that the database holds, as one text."""
    with people.database.read() as connection:
        rows = [
            str(tuple(row))
            for one in metadata.sorted_tables
            for row in connection.execute(select(one))
        ]
    return "\n".join(rows)


def gone(people, by="Ola", wait=lambda _: None):
    return erase(people.database, people.logbook, KARI, by, people.clock, wait)


def test_nothing_of_her_is_left_and_the_chain_verifies(people):
    letters(people, KARI)
    before = everything(people)
    assert all(secret in before for secret in SECRETS)
    done = gone(people)
    after = everything(people)
    assert [secret for secret in SECRETS if secret in after] == []
    assert "ola@example.com" in after
    assert people.contact(KARI) is None
    assert (done.known, done.entries, done.letters) == (True, 2, len(DeliveryState))
    assert people.problems() == []


def test_a_campaign_s_sum_stays_and_what_waits_is_withheld(people):
    letters(people, KARI)
    done = gone(people)
    with people.database.read() as connection:
        found = connection.execute(
            text("SELECT state, reason, contact_id, address, owner_id FROM delivery")
        ).all()
    states = [row.state for row in found]
    assert len(states) == len(DeliveryState)
    assert not {"queued", "claimed"} & set(states)
    assert done.withheld == 2
    assert sum(row.reason == "erased" for row in found) == 2
    assert {(row.contact_id, row.address) for row in found} == {(None, "")}


def test_a_keyed_hash_keeps_everybody_from_writing_again(people):
    gone(people)
    with people.database.read() as connection:
        (held,) = suppressions_of(connection, people.ring.suppression_hash(KARI))
    assert (held.scope, held.reason) == ("marketing", SuppressionReason.ERASED)
    again = people.run(people.file("email", KARI, name="again.csv"))
    assert again.counts == {"suppressed": 1}
    assert people.contact(KARI) is None


def test_who_is_nobody_is_kept_away_too(people):
    done = erase(people.database, people.logbook, "x@example.com", "Ola", people.clock)
    assert not done.known
    again = people.run(people.file("email", "x@example.com", name="again.csv"))
    assert again.counts == {"suppressed": 1}


def test_the_ledger_says_that_she_was_erased_and_by_whom(people):
    gone(people, by=" Ola ")
    with people.database.read() as connection:
        rows = connection.execute(
            select(table(LedgerRow)).where(table(LedgerRow).c.act == Act.ERASED.value)
        ).all()
    assert [(row.by_value, row.who_value) for row in rows] == [("Ola", None)]
    with pytest.raises(RefusedError, match="--by NAME"):
        gone(people, by=" ")


def test_what_was_cut_off_goes_on(people, monkeypatch):
    letters(people, KARI, [DeliveryState.ACCEPTED] * 3)

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(erasing, "erase_contact", stop)
        with pytest.raises(KeyboardInterrupt):
            gone(people)
    assert people.contact(KARI) is not None
    done = gone(people)
    # The letters lost her in the first run, and the ledger says it once.
    assert (done.entries, done.letters) == (2, 0)
    assert KARI not in everything(people)
    assert people.problems() == []


def test_looking_changes_nothing(people):
    letters(people, KARI)
    before = everything(people)
    found = look(people.database, KARI)
    assert (found.entries, found.letters, found.withheld) == (1, len(DeliveryState), 2)
    assert everything(people) == before


def test_an_answer_that_comes_late_is_emptied_too(people):
    letters(people, KARI, [DeliveryState.SENDING])

    def answer(_):
        with people.database.write() as connection:
            connection.execute(
                text(f"UPDATE delivery SET state = 'refused', reply = '550 {KARI}'")
            )

    assert gone(people, wait=answer).on_the_line == 0
    assert KARI not in everything(people)


@pytest.mark.parametrize("after", [DeliveryState.REFUSED, DeliveryState.ACCEPTED])
def test_an_answer_that_comes_later_still_holds_nothing_of_her(people, after):
    letters(people, KARI, [DeliveryState.SENDING])
    assert gone(people, wait=lambda _: None).on_the_line == 1
    with people.database.write() as connection:
        (row,) = connection.execute(text("SELECT id, attempt FROM delivery")).all()
        said = Change(
            row.id, row.attempt, after, people.clock(), reply=Reply(550, "5.1.1", KARI),
            logged=after.value, relay="local", relay_id=KARI,
        )  # fmt: skip
        record(connection, [said])
    with people.database.read() as connection:
        (found,) = connection.execute(text("SELECT state, relay FROM delivery")).all()
        *_, logged = connection.execute(
            text("SELECT code, outcome FROM attempt ORDER BY id")
        ).all()
    assert (*found, *logged) == (after.value, "local", 550, after.value)
    assert KARI not in everything(people)


def test_what_came_about_her_letters_is_emptied(people):
    letters(people, KARI, [DeliveryState.REFUSED])
    with people.database.write() as connection:
        (delivery,) = connection.execute(text("SELECT id FROM delivery")).scalars()
        incoming, _ = keep(connection, f"To: {KARI}".encode(), "pipe", people.clock())
        mark_sorted(connection, incoming, "bounce", f"says {KARI}", people.clock())
        connection.execute(
            insert(table(VerdictRow)).values(
                incoming_id=incoming, delivery_id=delivery, notice="bounce",
                reason="userunknown", hard=True, status="5.1.1", said=f"550 {KARI}",
                effect="suppressed", points=0, words=f"no {KARI}", at=people.clock(),
            )
        )  # fmt: skip
    gone(people)
    assert KARI not in everything(people)
    with people.database.write() as connection:
        again = keep(connection, f"To: {KARI}".encode(), "pipe", people.clock())
    assert again == (incoming, False)


def test_who_came_back_can_be_erased_again(people):
    letters(people, KARI, [DeliveryState.ACCEPTED])
    gone(people)
    with people.database.write() as connection:
        connection.execute(text("DELETE FROM suppression"))
    people.run(people.file("email", KARI, name="again.csv"))
    letters(people, KARI, [DeliveryState.ACCEPTED])
    gone(people)
    assert KARI not in everything(people)
    assert people.problems() == []


def test_who_comes_back_with_a_backup_is_erased_again(people):
    hashed = people.ring.suppression_hash(KARI)
    with people.database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO suppression (hash, scope, reason, since_at, source)"
                " VALUES (:hash, 'marketing', 'erased', :at, 'logbook')"
            ),
            {"hash": hashed, "at": 2_000_000_000_000_000},
        )
    assert finish_erasures(people.database, people.logbook, people.clock) == 1
    assert KARI not in everything(people)
    assert people.contact("ola@example.com") is not None
    assert finish_erasures(people.database, people.logbook, people.clock) == 0
    assert people.problems() == []


def test_every_table_that_names_a_contact_says_what_becomes_of_it():
    naming = {
        one.name
        for one in metadata.sorted_tables
        if {"contact_id", "address", "hash", "words", "match"} & set(one.c.keys())
    }
    assert naming - {"frozen", "wording", "enclosure"} <= set(erasing.TABLES)


def test_nothing_is_read_through_while_others_wait(people):
    letters(people, KARI)
    with asked(people.database) as noted:
        assert gone(people).letters == len(DeliveryState)
    read = read_through(people.database, noted, writing_only=True)
    grows = {"delivery", "contact", "ledger", "incoming", "event", "ticket"}
    assert not grows & set(read), read
