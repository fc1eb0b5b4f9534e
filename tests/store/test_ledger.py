"""The ledger on both databases: gapless, chained, and the subscriptions that follow."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from mailer.errors import RefusedError
from mailer.model.consent import Act, Basis, How, NewEntry, SubscriptionStatus
from mailer.model.mailinglist import MailingList, OptIn, Wording
from mailer.store import evidence, ledger, salting, subscriptions
from mailer.store.lists import see_list
from mailer.store.tables import LedgerRow, table

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ROWS = table(LedgerRow)


def a_list(id="news", *wordings):
    return MailingList(
        id=id,
        name=id,
        title=id,
        purpose="",
        wordings=wordings or (Wording(1, "Yes, write to me."),),
        opt_in=OptIn.SINGLE,
        sender_name="S",
        sender_address="s@example.com",
        reply_to="",
        postal_address="P",
        list_host="news.example.com",
    )


def granted(contact=1, *, who="kari@example.com", at=NOW, **more):
    facts = {
        "contact_id": contact,
        "who": who,
        "list_id": "news",
        "wording": 1,
        "act": Act.GRANTED,
        "at": at,
        "how": How.IMPORT,
        "basis": Basis.EXPRESS,
        "source": "stall",
    }
    return NewEntry(**{**facts, **more})


@pytest.fixture
def seen(database):
    with database.write() as connection:
        see_list(connection, a_list(), NOW)
    return database


def test_entries_are_numbered_without_gaps_from_one(seen, ring):
    with seen.write() as connection:
        first = ledger.append(connection, ring, [granted(1), granted(2)])
    with seen.write() as connection:
        second = ledger.append(connection, ring, [granted(3)])
    assert (list(first), list(second)) == ([1, 2], [3])
    with seen.read() as connection:
        assert evidence.checkpoint(connection, NOW).number == 3


def test_an_undone_transaction_leaves_no_gap(seen, ring):
    def fail_after_writing():
        with seen.write() as connection:
            ledger.append(connection, ring, [granted(1)])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_writing()
    with seen.write() as connection:
        assert list(ledger.append(connection, ring, [granted(2)])) == [1]


def test_alike_and_one_by_one_write_the_same(seen, ring):
    def chance(size):
        return b"s" * size

    with seen.write() as connection:
        ledger.append(connection, ring, [granted(7, who="ola@example.com")], chance)
        single = connection.execute(select(ROWS)).one()
        connection.execute(text("DELETE FROM ledger"))
        connection.execute(text("DELETE FROM ledger_head"))
        people = salting.personal(["ola@example.com"], chance)
        entry = ledger.alike(connection, granted(0))
        head = ledger.lock(connection)
        ledger.append_alike(connection, ring, head, entry, [(7, people[0])])
        assert connection.execute(select(ROWS)).one() == single


def test_a_grant_subscribes_and_carries_what_it_rests_on(seen, ring):
    until = NOW + timedelta(days=180)
    with seen.write() as connection:
        ledger.append(connection, ring, [granted(1, basis=Basis.IMPLIED, expires_at=until)])
        found = subscriptions.subscription(connection, 1, "news")
    assert found is not None
    assert (found.status, found.basis) == (SubscriptionStatus.SUBSCRIBED, Basis.IMPLIED)
    assert (found.wording, found.since_at) == (1, NOW)
    assert (found.expires_at, found.ledger_number) == (until, 1)


def test_leaving_all_marketing_ends_every_subscription(seen, ring):
    with seen.write() as connection:
        see_list(connection, a_list("offers"), NOW)
        ledger.append(connection, ring, [granted(1), granted(1, list_id="offers")])
        ledger.append(
            connection,
            ring,
            [granted(1, list_id=None, act=Act.OBJECTED, wording=0, how=How.PAGE)],
        )
        found = subscriptions.of_contacts(connection, [1])
    assert {one.status for one in found.values()} == {SubscriptionStatus.UNSUBSCRIBED}
    assert len(found) == 2


def test_undoing_a_first_grant_takes_the_contact_off_the_record(seen, ring):
    with seen.write() as connection:
        ledger.append(connection, ring, [granted(1, batch_id=5)])
        ledger.append(connection, ring, [granted(1, act=Act.UNDONE, batch_id=5)])
        assert subscriptions.subscription(connection, 1, "news") is None
        # A corrected file may be imported again.
        ledger.append(connection, ring, [granted(1, batch_id=6)])
        found = subscriptions.subscription(connection, 1, "news")
    assert found is not None
    assert found.ledger_number == 3


def test_undoing_goes_back_to_what_the_earlier_entries_say(seen, ring):
    with seen.write() as connection:
        soft = granted(1, basis=Basis.SOFT_OPT_IN)
        ledger.append(connection, ring, [soft, granted(1, batch_id=5)])
        ledger.append(connection, ring, [granted(1, act=Act.UNDONE, batch_id=5)])
        found = subscriptions.subscription(connection, 1, "news")
    assert found is not None
    assert (found.basis, found.ledger_number) == (Basis.SOFT_OPT_IN, 1)


def test_words_that_are_not_on_record_are_refused(seen, ring):
    with seen.write() as connection, pytest.raises(ValueError, match="version 2"):
        ledger.append(connection, ring, [granted(1, wording=2)])


def test_threads_cannot_fork_the_chain(seen, ring):
    def write(first):
        for contact in range(first, first + 25):
            with seen.write() as connection:
                ledger.append(connection, ring, [granted(contact)])

    threads = [threading.Thread(target=write, args=(n * 100 + 1,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with seen.read() as connection:
        numbers = connection.execute(select(ROWS.c.number).order_by(ROWS.c.number))
        assert list(numbers.scalars()) == list(range(1, 101))


def test_a_list_keeps_its_number_and_an_id_is_never_used_again(seen):
    with seen.write() as connection:
        number = see_list(connection, a_list(), NOW)
        assert see_list(connection, a_list(), NOW) == number
        other = a_list()
        object.__setattr__(other, "name", "offers")
        with pytest.raises(RefusedError, match="never used again"):
            see_list(connection, other, NOW)


def test_words_that_people_agreed_to_cannot_be_changed_or_lost(seen):
    with seen.write() as connection:
        with pytest.raises(RefusedError, match="Yes, write to me"):
            see_list(connection, a_list("news", Wording(1, "Yes, call me.")), NOW)
        two = (Wording(1, "Yes, write to me."), Wording(2, "And call me."))
        see_list(connection, a_list("news", *two), NOW)
        with pytest.raises(RefusedError, match="version 2 of the words is gone"):
            see_list(connection, a_list(), NOW)
