"""What was said on tickets is found by its words, alike on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text, update

from mailer.jobs.forget_tickets import forget_old_tickets, forget_tickets_of
from mailer.jobs.read_entries import read_entries
from mailer.model.ticket import EntryKind, Envelope
from mailer.store import tickets
from mailer.store.database import Database
from mailer.store.tables import table
from mailer.store.ticketsearch import search
from mailer.store.tickettables import TicketEntryRow

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
entry = table(TicketEntryRow)


def a_ticket(
    connection, said: str, *, by: str = "ola@example.com", name: str = "", mailbox="support"
) -> int:
    number = tickets.create_ticket(
        connection,
        {
            "mailbox": mailbox, "subject": "Hello", "contact_id": None, "match": by,
            "address": by, "person": name, "language": "en", "opened_at": NOW,
            "changed_at": NOW,
        },
    )  # fmt: skip
    tickets.add_entry(
        connection, number, EntryKind.CAME, NOW, author=by, subject="Hello", text=said,
        envelope=Envelope(name, by),
    )  # fmt: skip
    return number


def found(database: Database, *words: str, limit: int = 50, mailboxes=()) -> list[int]:
    with database.read() as connection:
        return [one.id for one in search(connection, words, limit, mailboxes)]


def raw(database: Database) -> bytes:
    """Everything that the index itself holds, as it lies in its own tables."""
    with database.read() as connection:
        if not database.is_sqlite:
            rows = connection.execute(select(entry.c.words, entry.c.folded)).all()
            return repr(rows).encode()
        names = connection.execute(
            text("SELECT name FROM sqlite_master WHERE name LIKE 'ticket_entry_index_%'")
        ).scalars()
        rows = [connection.execute(text(f"SELECT * FROM {name}")).all() for name in names]
        return b"".join(
            value if isinstance(value, bytes) else str(value).encode()
            for table_rows in rows
            for row in table_rows
            for value in row
        )


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("Do you ship tents to Iceland?", ["tent", "ICELAND"]),
        ("Die Größe paßt nicht, Straße 5", ["grosse", "strasse"]),
        ("Die Größe paßt nicht", ["GRÖSSE"]),
        ("Blåbærsyltetøy fra Asbjørn", ["asbjorn", "blabaer"]),
        ("Où est ma commande déjà payée ?", ["deja", "payée"]),
        ("ZAŻÓŁĆ gęślą jaźń", ["zazolc"]),
        ("Где мой заказ № 55-213?", ["заказ", "55-213"]),
        ("テントについて教えてください", ["について"]),
        ("我想退货 请问怎么办", ["退货"]),
        ("我想退货 请问怎么办", ["请"]),
        ("เต็นท์ของฉันขาด", ["ขาด"]),
        ("텐트가 찢어졌어요", ["텐트"]),
        ("हमारा तंबू फट गया", ["तंबू"]),
        ("أين طلبي؟", ["طلبي"]),
        ("call (+47) 22 33 44 55", ["+47", "22"]),
        ("it's O'Brien's", ["o'brien"]),
        ("a\x1fb ' \" * & | ! : \\ -- ;", ["a", "b"]),
    ],
)
def test_words_are_found_in_any_letters(database, said: str, asked: list[str]):
    with database.write() as connection:
        number = a_ticket(connection, said)
        a_ticket(connection, "something else")
    assert found(database, *asked) == [number]
    assert found(database, " ".join(asked)) == [number]
    assert found(database, *asked, "nowhere") == []


@pytest.mark.parametrize(
    "asked",
    [["'"], ['"*'], ["\\"], ["a' & 'b"], ["OR"], ["tent*"], ["NEAR(a b)"], ["\x00"], []],
)
def test_what_is_asked_for_is_never_taken_for_a_language(database, asked: list[str]):
    with database.write() as connection:
        a_ticket(connection, "We have nothing of the kind")
    assert found(database, *asked) == []


def test_an_address_is_found_as_a_whole_a_name_and_a_domain_too(database):
    with database.write() as connection:
        ola = a_ticket(
            connection, "Hi", by="ola+tents@shop.example.com", name="Ólafur Jónsson"
        )
        a_ticket(
            connection, "ola is a name, tents are not, example com", by="x@example.net"
        )
    assert found(database, "Ola+Tents@shop.example.com") == [ola]
    assert found(database, "ola+tents@shop") == [ola]
    assert found(database, "@shop.example.com") == [ola]
    assert found(database, "olafur", "jonsson") == [ola]


def test_all_words_stand_in_one_message_and_the_newest_comes_first(database):
    with database.write() as connection:
        first = a_ticket(connection, "red tent")
        second = a_ticket(connection, "red tent")
        third = a_ticket(connection, "red")
        tickets.add_entry(connection, third, EntryKind.NOTE, NOW, text="tent")
        tickets.add_entry(connection, first, EntryKind.NOTE, NOW, text="a red tent again")
    assert found(database, "tent", "red") == [first, second]
    assert found(database, "tent", limit=2) == [first, third]


def test_one_ticket_with_very_many_messages_hides_no_other(database):
    with database.write() as connection:
        quiet = a_ticket(connection, "a word")
        loud = a_ticket(connection, "a word")
        for _ in range(900):
            tickets.add_entry(connection, loud, EntryKind.NOTE, NOW, text="a word")
    assert found(database, "word") == [loud, quiet]


def test_only_what_was_written_to_given_mailboxes_is_found(database):
    with database.write() as connection:
        one = a_ticket(connection, "a word", mailbox="press")
        a_ticket(connection, "a word", mailbox="support")
    assert found(database, "word", mailboxes=["press"]) == [one]
    assert found(database, "word", mailboxes=["nobody"]) == []


def test_what_came_before_the_index_is_found_at_once_and_put_into_it_in_slices(database):
    with database.write() as connection:
        old = [a_ticket(connection, f"an old word{number}") for number in range(250)]
        new = a_ticket(connection, "a new word")
        said = func.lower(entry.c.text)
        connection.execute(
            update(entry).where(entry.c.ticket_id != new).values(words=None, folded=said)
        )
    assert found(database, "word", limit=3) == [new, *old[:-3:-1]]
    assert found(database, "word7", limit=300) == [
        old[place] for place in range(79, 69, -1)
    ] + [old[7]]
    assert read_entries(database) == 250
    assert read_entries(database) == 0
    with database.read() as connection:
        unread = select(func.count()).where(entry.c.words.is_(None))
        assert connection.execute(unread).scalar_one() == 0
    assert found(database, "word", limit=3) == [new, *old[:-3:-1]]


def test_an_erased_persons_words_are_gone_from_the_index_itself(database):
    with database.write() as connection:
        a_ticket(connection, "Xylophonist is my secret", by="xaver@example.com")
    with database.write() as connection:
        kept = a_ticket(connection, "Something about a zither", by="ola@example.com")
    assert b"ylophonist" in raw(database)
    assert b"aver" in raw(database)
    forget_tickets_of(database, None, ("xaver@example.com", b"x" * 32), NOW)
    assert b"ylophonist" not in raw(database)
    assert b"aver" not in raw(database)
    assert b"zither" in raw(database)
    assert found(database, "zither") == [kept]
    assert found(database, "xylophonist") == []


def test_what_retention_takes_is_gone_from_the_index_itself(database):
    with database.write() as connection:
        old = a_ticket(connection, "Xylophonist is my secret", by="xaver@example.com")
        ticket = tickets.get_ticket(connection, old)
        assert ticket is not None
        long_ago = NOW - timedelta(days=400)
        tickets.change_ticket(connection, ticket, {"state": "closed"}, long_ago)
    with database.write() as connection:
        a_ticket(connection, "Something about a zither")
    assert forget_old_tickets(database, timedelta(days=365), NOW) == 1
    assert b"ylophonist" not in raw(database)
    assert b"zither" in raw(database)


def test_a_purge_that_was_cut_off_is_made_good_by_the_next_days(database):
    with database.write() as connection:
        number = a_ticket(connection, "Xylophonist")
    with database.write() as connection:
        a_ticket(connection, "zither")
    with database.write() as connection:
        connection.execute(entry.delete().where(entry.c.ticket_id == number))
    assert found(database, "xylophonist") == []
    assert forget_old_tickets(database, timedelta(days=365), NOW) == 0
    assert b"ylophonist" not in raw(database)
    assert len(found(database, "zither")) == 1


def test_what_is_written_and_taken_back_in_one_transaction_leaves_nothing(database):
    with database.engine.connect() as connection, connection.begin() as transaction:
        a_ticket(connection, "a word")
        transaction.rollback()
    assert found(database, "word") == []
    with database.write() as connection:
        number = a_ticket(connection, "zither")
        said = tickets.entries_of(connection, number)[0]
        tickets.drop_entry(connection, said.id)
    assert found(database, "zither") == []


def test_a_number_finds_its_ticket_first_and_with_a_sign_no_other(database):
    with database.write() as connection:
        numbers = [a_ticket(connection, "order 3") for _ in range(4)]
    assert found(database, "3") == [numbers[2], numbers[3], numbers[1], numbers[0]]
    assert found(database, "#3") == [numbers[2]]
    assert found(database, "3", mailboxes=["press"]) == []
    assert found(database, "#" + "9" * 40) == []
    assert len(found(database, "#order")) == 4
    assert len(found(database, "#3", "order")) == 4


def test_our_automatic_words_are_found_with_nothing(database):
    with database.write() as connection:
        number = a_ticket(connection, "a question")
        tickets.add_entry(
            connection, number, EntryKind.ACKNOWLEDGEMENT, NOW, text="a person will answer"
        )
        said = entry.c.kind == "acknowledgement"
        connection.execute(update(entry).where(said).values(words=None))
    assert read_entries(database) == 1
    assert found(database, "person") == []
