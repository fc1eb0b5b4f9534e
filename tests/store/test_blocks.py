"""Who is blocked is kept, closed and not acknowledged, and still heard about leaving."""

import pytest
from frontdesks import NOW, SUPPORT, a_desk, a_message, all_tickets, decisions, take
from sqlalchemy import text

from mailer.errors import AddressError, NotFoundError, RefusedError
from mailer.jobs import blocks
from mailer.jobs.erase import erase
from mailer.jobs.incoming import Desk
from mailer.jobs.tickets import conversation
from mailer.model.ticket import EntryKind, TicketState


@pytest.fixture
def desk(database, logbook, ring, tmp_path) -> Desk:
    return a_desk(database, logbook, ring, tmp_path, SUPPORT)


def block(desk: Desk, value: str, why: str = "threats"):
    shared = frozenset({"gmail.com"})
    return blocks.block(desk.database, (SUPPORT,), shared, (value, why), "Kari", NOW)


def letters(desk: Desk) -> int:
    with desk.database.read() as connection:
        return connection.execute(text("SELECT count(*) FROM delivery")).scalar_one()


@pytest.mark.parametrize(
    ("value", "sender"),
    [
        ("OLA@Example.com", "Ola <ola@example.com>"),
        ("example.com", "x@example.com"),
        ("@example.com", "x@mail.example.com"),
        ("bücher.example", "x@xn--bcher-kva.example"),
    ],
)
def test_what_a_blocked_one_writes_is_kept_closed_and_not_acknowledged(desk, value, sender):
    block(desk, value)
    take(desk, a_message("I will find you", sender))
    (ticket,) = all_tickets(desk)
    assert (ticket.state, ticket.tags, ticket.due_at) == (
        TicketState.CLOSED, ("blocked",), None,
    )  # fmt: skip
    assert letters(desk) == 0
    (decided,) = decisions(desk, ticket.id)
    assert "is blocked" in decided.why
    found = conversation(desk.database, ticket.id)
    assert found.entries[0].text == "I will find you"
    assert "is blocked" in found.entries[1].text


@pytest.mark.parametrize("sender", ["x@notexample.com", "x@example.com.evil.example"])
def test_a_domain_that_only_looks_alike_is_not_blocked(desk, sender):
    block(desk, "example.com")
    take(desk, a_message(sender=sender))
    (ticket,) = all_tickets(desk)
    assert ticket.state is TicketState.NEW


def test_an_answer_to_nobody_by_another_from_is_blocked_too(desk):
    block(desk, "ola@example.com")
    take(desk, a_message(sender="other@example.org", Reply_To="ola@example.com"))
    (ticket,) = all_tickets(desk)
    assert ticket.state is TicketState.CLOSED


def test_what_is_added_to_an_old_ticket_opens_nothing(desk):
    take(desk, a_message())
    block(desk, "ola@example.com")
    with desk.database.write() as connection:
        connection.execute(text("UPDATE ticket SET state = 'closed', due_at = NULL"))
    take(desk, a_message("More", number=2, In_Reply_To="<m1.ola@example.com>"))
    (ticket,) = all_tickets(desk)
    assert ticket.state is TicketState.CLOSED
    came = [
        one.text
        for one in conversation(desk.database, ticket.id).entries
        if one.kind is EntryKind.CAME
    ]
    assert came == ["Do you ship tents to Iceland?", "More"]


def test_a_block_is_listed_lifted_and_said_once(desk):
    block(desk, "ola@example.com")
    with pytest.raises(RefusedError, match="already"):
        block(desk, "Ola@EXAMPLE.com")
    (one,) = blocks.all_blocks(desk.database)
    assert (one.value, one.who, one.why) == ("ola@example.com", "Kari", "threats")
    with pytest.raises(NotFoundError, match=r"did you mean.*ola@example\.com"):
        blocks.unblock(desk.database, "olaf@example.com")
    assert blocks.unblock(desk.database, "OLA@example.com") == "ola@example.com"
    take(desk, a_message())
    assert all_tickets(desk)[0].state is TicketState.NEW


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("gmail.com", "many people"),
        ("support@shop.example", "is ours"),
        ("help@shop.example", "is ours"),
        ("shop.example", "is ours"),
        ("example", "is ours"),
    ],
)
def test_nobody_is_blocked_for_another_s_mail_and_we_are_not(desk, value, words):
    with pytest.raises((RefusedError, AddressError)) as refused:
        block(desk, value)
    assert value == "example" or words in str(refused.value)
    assert blocks.all_blocks(desk.database) == []


def test_erasing_somebody_takes_the_block_of_her_address_too(desk):
    block(desk, "ola@example.com")
    block(desk, "example.org")
    erase(
        desk.database, desk.logbook, "ola@example.com", "Kari", lambda: NOW, lambda _: None
    )
    assert [one.value for one in blocks.all_blocks(desk.database)] == ["example.org"]
