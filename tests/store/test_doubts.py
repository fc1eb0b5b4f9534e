"""What is in doubt and must arrive goes out once more, whoever looks after it."""

import threading
from dataclasses import replace

import pytest
from audiences import world
from sending import a_campaign, change, claimed, now, rows, states
from sqlalchemy import insert, text, update

from mailer.errors import RefusedError
from mailer.jobs.doubts import doubts, settle
from mailer.jobs.logbook import Logbook
from mailer.jobs.unsubscribe import unsubscribe
from mailer.model.consent import How
from mailer.model.delivery import CauseKind, DeliveryState
from mailer.model.key import KeyRing
from mailer.model.kind import Kind
from mailer.model.mode import Mode
from mailer.model.token import Reader
from mailer.store import metrics
from mailer.store.campaigns import freeze
from mailer.store.contents import Recipient, queue_letter
from mailer.store.database import Connection, Database
from mailer.store.doubts import send_again, settle_known
from mailer.store.groups import Sheet, groups
from mailer.store.outcomes import record
from mailer.store.tables import AttemptRow, DeliveryRow, table
from mailer.store.transactions import Transaction, begin_transaction, made_of

DELIVERY, ATTEMPT = table(DeliveryRow), table(AttemptRow)


def doubt(connection: Connection, attempt: int) -> None:
    """Let every letter be in doubt after an attempt."""
    ids = connection.execute(
        update(DELIVERY)
        .values(state="in_doubt", attempt=attempt, ended_at=now())
        .returning(DELIVERY.c.id)
    ).scalars()
    connection.execute(
        insert(ATTEMPT),
        [
            {"delivery_id": one, "attempt": attempt, "at": now(), "outcome": "in_doubt",
             "stage": "content", "code": 0, "enhanced": "", "words": "", "relay": ""}
            for one in ids
        ],
    )  # fmt: skip


def again(database: Database) -> int:
    with database.write() as connection:
        return send_again(connection, now())


@pytest.mark.parametrize(
    ("kind", "goes"),
    [
        (Kind.CONFIRMATION, True),
        (Kind.TRANSACTIONAL, True),
        (Kind.ALARM, True),
        (Kind.MARKETING, False),
        (Kind.JOURNEY, False),
        (Kind.NOTICE, False),
        (Kind.ACKNOWLEDGEMENT, False),
        (Kind.REPLY, False),
        (Kind.TEST, False),
    ],
)
def test_what_must_arrive_goes_once_more_and_then_no_more(
    database: Database, ring: KeyRing, kind: Kind, *, goes: bool
) -> None:
    a_campaign(database, ring, 3, kind=kind)
    with database.write() as connection:
        doubt(connection, 1)
    assert again(database) == (3 if goes else 0)
    assert again(database) == 0
    assert states(database) == {"queued" if goes else "in_doubt": 3}
    with database.write() as connection:
        doubt(connection, 2)
    assert again(database) == 0
    assert states(database) == {"in_doubt": 3}


def test_a_doubt_that_was_written_down_twice_is_one(
    database: Database, ring: KeyRing
) -> None:
    """A commit whose answer is lost is made again: nobody can tell that it was made."""
    (claim,) = claimed(database, ring, 1, kind=Kind.CONFIRMATION)
    lost = change(claim, DeliveryState.IN_DOUBT, logged="in_doubt")
    writing = groups(database)
    assert writing.commit(Sheet.of([], [(claim.id, claim.fence)]), now(), None)
    writing.close()
    for _ in range(2):
        with database.write() as connection:
            record(connection, [lost])
    assert again(database) == 1
    assert states(database) == {"queued": 1}


def test_more_than_a_slice_goes_at_once(database: Database, ring: KeyRing) -> None:
    a_campaign(database, ring, 1203, kind=Kind.CONFIRMATION)
    with database.write() as connection:
        doubt(connection, 1)
    assert again(database) == 1203
    assert states(database) == {"queued": 1203}


def test_two_senders_who_look_at_the_same_moment_send_it_once(
    database: Database, ring: KeyRing
) -> None:
    a_campaign(database, ring, 40, kind=Kind.CONFIRMATION)
    with database.write() as connection:
        doubt(connection, 1)
    start, queued = threading.Barrier(4), list[int]()

    def one() -> None:
        start.wait()
        queued.append(again(database))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(queued) == 40
    assert states(database) == {"queued": 40}


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_who_looked_before_it_went_again_does_not_send_it_a_third_time(
    database: Database, ring: KeyRing
) -> None:
    a_campaign(database, ring, 1, kind=Kind.CONFIRMATION)
    with database.write() as connection:
        doubt(connection, 1)
    late = list[int]()
    thread = threading.Thread(target=lambda: late.append(again(database)))
    waits = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with database.write() as connection:
        # All that another sender does with it while the late one still looks.
        assert send_again(connection, now()) == 1
        thread.start()
        while thread.is_alive():
            with database.read() as looking:
                if looking.execute(waits).scalar_one():
                    break
        doubt(connection, 2)
    thread.join()
    assert late == [0]
    assert [row.state for row in rows(database)] == ["in_doubt"]


def leave_by_link(database: Database, logbook: Logbook, person: int, campaign: int) -> None:
    reader = Reader(contact_id=person, list_number=1, campaign_id=campaign)
    assert unsubscribe(database, logbook, reader, How.ONE_CLICK, now()).known


def test_who_leaves_by_a_letters_link_has_it(
    database: Database, ring: KeyRing, logbook: Logbook
) -> None:
    first, second = a_campaign(database, ring, 1), a_campaign(database, ring, 1)
    with database.write() as connection:
        doubt(connection, 1)
    leave_by_link(database, logbook, 1, first)
    assert states(database) == {"accepted": 1, "in_doubt": 1}
    # A person's own letter alone, and of the campaign whose link it is.
    leave_by_link(database, logbook, 2, first)
    leave_by_link(database, logbook, 2, 0)
    assert states(database) == {"accepted": 1, "in_doubt": 1}
    # Having left does not keep the next letter's link from telling.
    leave_by_link(database, logbook, 2, second)
    assert states(database) == {"accepted": 2}
    said = {row.reply for row in rows(database)}
    assert said == {"in doubt, settled as accepted: its link was used to leave"}


def test_who_left_while_her_letter_was_on_the_line_has_it(
    database: Database, ring: KeyRing, logbook: Logbook
) -> None:
    first, second = a_campaign(database, ring, 1), a_campaign(database, ring, 1)
    leave_by_link(database, logbook, 1, first)
    leave_by_link(database, logbook, 2, first)
    with database.write() as connection:
        doubt(connection, 1)
        assert settle_known(connection, now()) == 1
    assert states(database) == {"accepted": 1, "in_doubt": 1}
    assert first != second


def test_what_no_campaign_wrote_is_listed_and_settled(
    database: Database, ring: KeyRing
) -> None:
    a_campaign(database, ring, 2)
    with database.write() as connection:
        receipts = [
            queue_letter(
                connection,
                (CauseKind.TRANSACTION, number),
                Kind.TRANSACTIONAL,
                Recipient(None, f"p{number}@example.com", b"%d" % number, rehearsal=False),
                now(),
            )
            for number in (1, 2, 3)
        ]
        doubt(connection, 1)
        assert metrics.doubts(connection) == ({1: 2}, 3)
    assert [one.letter.delivery.id for one in doubts(database)] == receipts
    here = replace(world(database), mode=Mode.LIVE)
    for number, after in zip(receipts, ("accepted", "refused", "queued"), strict=True):
        settle(here, number, DeliveryState(after))
    assert list(doubts(database)) == []
    assert states(database) == {"accepted": 1, "refused": 1, "queued": 1, "in_doubt": 2}
    with pytest.raises(RefusedError, match="is a campaign's"):
        settle(here, 1, DeliveryState.ACCEPTED)


def test_of_what_a_letter_with_a_key_was_made_is_found_by_the_key(
    database: Database,
) -> None:
    order = Transaction("receipt", "h1", "staff", now(), b"key", b"", b"", None, {})
    with database.write() as connection:
        begin_transaction(connection, order)
        assert made_of(connection, b"key") is None
        freeze(connection, "h1", {"template": {"name": "receipt"}}, now())
        assert made_of(connection, b"key") == {"template": {"name": "receipt"}}
        assert made_of(connection, b"other") is None
