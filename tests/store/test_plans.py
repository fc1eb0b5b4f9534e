"""What grows with every letter is not read through by what runs often or while others wait.

A million letters take a second to read, and nothing leaves meanwhile if it is a writer
that reads them.
"""

from datetime import timedelta

from audiences import NOW
from plans import asked, read_through
from sending import a_campaign
from sqlalchemy import Connection, insert

from mailer.jobs.ageing import age
from mailer.jobs.hooks import forget_signed
from mailer.jobs.keeper import empty_old
from mailer.model.campaign import CampaignState
from mailer.model.key import KeyRing
from mailer.store import brakes, history, holds, warmups
from mailer.store.campaigns import campaigns_in
from mailer.store.database import Database
from mailer.store.doortables import HookOnceRow, TransactionRow
from mailer.store.incoming import keep, mark_sorted
from mailer.store.tables import TestLetterRow, table
from mailer.store.waiting import providers_of

LONG = timedelta(days=900)
MANY = {"delivery", "contact", "incoming", "transaction_letter", "ledger", "event"}


def asked_for(connection: Connection, number: int, days_ago: int) -> None:
    """Write down a letter that a program asked for, whose delivery is gone."""
    connection.execute(
        insert(table(TransactionRow)).values(
            id=number, template="order", frozen_hash=f"hash{number}", asked_by="key shop",
            asked_at=NOW - timedelta(days=days_ago), key_hash=b"%d" % number,
            body_hash=b"", hash=b"", language="en", data={"order": number},
        )
    )  # fmt: skip


def test_of_a_campaign_its_own_letters_are_read(database: Database) -> None:
    with asked(database) as noted, database.read() as connection:
        brakes.lately(connection, 1, "gmail", NOW)
        history.sent_to_all(connection, "news", 5)
        warmups.count_today(connection, [1, 2], NOW)
    assert len(noted.statements) >= 3
    assert "delivery" not in read_through(database, noted)


def test_letters_that_wait_for_another_day_are_found_by_their_index(
    database: Database, ring: KeyRing
) -> None:
    a_campaign(database, ring, 3)
    with database.read() as connection:
        (campaign,) = campaigns_in(connection, CampaignState.RUNNING)
    with asked(database) as noted, database.read() as connection:
        for name in providers_of(connection, campaign.id):
            after = NOW, 0
            warmups.waiting_for_another_day(connection, campaign, name, after, 5)
    assert len(noted.statements) >= 3
    assert "delivery" not in read_through(database, noted)


def test_messages_that_hold_somebodys_marketing_are_found_by_their_index(
    database: Database,
) -> None:
    with asked(database) as noted, database.read() as connection:
        assert holds.waiting(connection) == []
    assert "incoming" not in read_through(database, noted)


def test_forgetting_reads_nothing_through_while_others_wait(database: Database) -> None:
    with database.write() as connection:
        asked_for(connection, 1, 700)
        asked_for(connection, 2, 3)
        connection.execute(
            insert(table(TestLetterRow)),
            [
                {"id": one, "template": "x", "frozen_hash": "x", "sent_at": NOW - LONG}
                for one in (1, 2)
            ],
        )
    with asked(database) as noted:
        age(database, timedelta(days=365), NOW)
    written = {words.split()[2] for words, _ in noted.statements if "DELETE" in words}
    assert {"transaction_letter", "test_letter"} <= written
    assert not MANY & set(read_through(database, noted, writing_only=True))
    assert "delivery" not in read_through(database, noted)


def test_emptying_reads_nothing_through_while_others_wait(database: Database) -> None:
    with database.write() as connection:
        for number in range(50):
            one, _ = keep(connection, b"message %d" % number, "lmtp", NOW)
            mark_sorted(connection, one, "bounce", "", NOW)
    with asked(database) as noted:
        assert empty_old(database, timedelta(days=9), NOW + timedelta(days=10)) == 50
    assert sum("UPDATE incoming" in words for words, _ in noted.statements) > 1
    assert "incoming" not in read_through(database, noted, writing_only=True)


def test_what_was_signed_is_forgotten_in_slices(database: Database) -> None:
    with database.write() as connection:
        connection.execute(
            insert(table(HookOnceRow)),
            [
                {"digest": b"%d" % one, "event_digest": b"", "at": NOW}
                for one in range(1200)
            ],
        )
    later = NOW + timedelta(days=99)
    with asked(database) as noted:
        assert forget_signed(database, timedelta(days=3), later) == 1200
    assert sum("DELETE" in words for words, _ in noted.statements) > 2
    assert forget_signed(database, timedelta(days=3), later) == 0


def test_what_was_asked_for_goes_in_slices(database: Database) -> None:
    with database.write() as connection:
        for number in range(1, 1001):
            asked_for(connection, number, 700)
    with asked(database) as noted:
        age(database, timedelta(days=365), NOW)
    deleted = [words for words, _ in noted.statements if "DELETE FROM transaction" in words]
    assert len(deleted) > 1
    with database.read() as connection:
        rows = connection.execute(table(TransactionRow).select()).all()
    # The highest number stays, so that it is not given again, without its data.
    assert [(row.id, row.data, row.language) for row in rows] == [(1000, {}, None)]


def test_what_was_asked_for_lately_keeps_its_key_and_loses_its_data(
    database: Database,
) -> None:
    with database.write() as connection:
        for number, days_ago in ((1, 8), (2, 6), (3, 2)):
            asked_for(connection, number, days_ago)
    age(database, timedelta(days=3), NOW)
    with database.read() as connection:
        rows = connection.execute(table(TransactionRow).select()).all()
    assert {row.id: row.data for row in rows} == {2: {}, 3: {"order": 3}}
