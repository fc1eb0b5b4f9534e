"""Copies and files of answers, and what goes on to others, on both databases."""

import threading
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy

import pytest
from frontdesks import (
    ADDRESS,
    NOW,
    SUPPORT,
    a_desk,
    a_message,
    all_tickets,
    everything,
    take,
)
from sqlalchemy import text

from mailer.compose.limits import Limits
from mailer.compose.links import Site
from mailer.errors import RefusedError
from mailer.jobs import letters
from mailer.jobs.answering import reply
from mailer.jobs.correspond import Along, Pen
from mailer.jobs.erase import erase, finish_erasures
from mailer.jobs.forwarding import Passing, forward
from mailer.jobs.incoming import Desk
from mailer.jobs.letters import Letters
from mailer.jobs.tickets import conversation
from mailer.model.attached import Attached
from mailer.model.consent import SuppressionReason
from mailer.model.contact import Details
from mailer.model.letter import Letter
from mailer.model.suppression import Suppression
from mailer.model.ticket import EntryKind
from mailer.model.token import TokenBox
from mailer.store.contacts import create_contacts, new_row
from mailer.store.history import claim_to_show
from mailer.store.suppressions import suppress
from mailer.store.ticketsearch import search

FILE = Attached("bill.pdf", "application/pdf", b"%PDF" + bytes(range(256)))


@pytest.fixture
def desk(database, logbook, ring, tmp_path) -> Desk:
    return a_desk(database, logbook, ring, tmp_path, SUPPORT)


@pytest.fixture
def pen(ring) -> Pen:
    return Pen(
        (SUPPORT,), Site("https://x.example"), ring, TokenBox(ring), rehearsing=False
    )


def composed(desk: Desk, *deliveries: int) -> list[Letter]:
    """Compose letters as a sender does."""
    maker = Letters(
        desk.database, letters.Pen(Site("https://x.example"), desk.tokens, Limits()), print
    )
    with desk.database.read() as connection:
        found = [claim_to_show(connection, one) for one in deliveries]
    claims = [one for one in found if one is not None]
    maker.get_ready(claims)
    return [maker.compose(one) for one in claims]


def test_each_who_gets_a_copy_has_a_letter_and_answers_to_it_are_on_the_ticket(desk, pen):
    take(desk, a_message())
    along = Along(("per@example.org", "OLA@example.com", "per@example.org"), (FILE,))
    reply(desk.database, pen, 1, "See the bill.", "Kari", NOW, along=along)
    found = conversation(desk.database, 1)
    answer = found.entries[-1]
    owed = [one for one in found.letters.values() if one.id >= (answer.delivery_id or 0)]
    assert [one.address for one in owed] == ["ola@example.com", "per@example.org"]
    made = composed(desk, *(one.id for one in owed))
    heads = [message_from_bytes(one.content, policy=policy.default) for one in made]
    assert {(one["To"], one["Cc"]) for one in heads} == {
        ("Ola Nordmann <ola@example.com>", "per@example.org")
    }
    assert [one.recipient for one in made] == ["ola@example.com", "per@example.org"]
    assert made[0].sender == ADDRESS
    for head in heads:
        (file,) = head.iter_attachments()
        assert file.get_content() == FILE.content
        assert head["In-Reply-To"] == "<m1.ola@example.com>"
    # Per answers, to his own copy's id alone.
    take(
        desk,
        a_message(
            "Thank you.", "per@example.org", number=2, In_Reply_To=heads[1]["Message-ID"]
        ),
    )
    assert len(all_tickets(desk)) == 1
    assert conversation(desk.database, 1).entries[-1].text == "Thank you."


def test_what_others_answer_is_no_message_of_the_person(desk, pen):
    take(desk, a_message())
    forward(desk.database, pen, 1, Passing("depot@example.net"), "Kari", NOW)
    sent = conversation(desk.database, 1).entries[-1]
    assert sent.delivery_id is not None
    (letter,) = composed(desk, sent.delivery_id)
    head = message_from_bytes(letter.content, policy=policy.default)
    assert (head["To"], head["In-Reply-To"]) == ("depot@example.net", None)
    assert head["Subject"] == "Fwd: Tents [#1]"
    take(
        desk,
        a_message("On Monday.", "Depot <depot@example.net>", number=2,
                  In_Reply_To=head["Message-ID"]),
    )  # fmt: skip
    assert len(all_tickets(desk)) == 1
    answer = reply(desk.database, pen, 1, "On Monday.", "Kari", NOW)
    assert answer.envelope.in_reply_to == "m1.ola@example.com"


def test_of_two_who_answer_at_the_same_moment_one_does(desk, pen):
    take(desk, a_message())
    seen = conversation(desk.database, 1).ticket.version
    ready = threading.Barrier(4)

    def answer(by: str) -> bool:
        ready.wait(60)
        try:
            reply(desk.database, pen, 1, f"Yes, says {by}.", by, NOW, version=seen)
        except RefusedError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(answer, ["Kari", "Ola", "Per", "Eva"]))
    assert sum(done) == 1
    found = conversation(desk.database, 1)
    assert [one.kind for one in found.entries].count(EntryKind.REPLY) == 1
    with desk.database.read() as connection:
        owed = text("SELECT count(*) FROM delivery WHERE kind = 'reply'")
        assert connection.execute(owed).scalar_one() == 1


def test_erasing_a_person_takes_files_and_copies_with_her(desk, pen):
    take(desk, a_message())
    along = Along(("per@example.org",), (FILE,))
    reply(desk.database, pen, 1, "See the bill.", "Kari", NOW, along=along)
    forward(desk.database, pen, 1, Passing("depot@example.net"), "Kari", NOW)
    erase(
        desk.database, desk.logbook, "ola@example.com", "Kari", lambda: NOW, lambda _: None
    )
    with desk.database.read() as connection:
        files = connection.execute(text("SELECT count(*) FROM ticket_file")).scalar_one()
        left = connection.execute(text("SELECT address, state FROM delivery")).all()
    assert files == 0
    assert {tuple(row) for row in left} == {("", "withheld")}


def test_files_are_kept_in_memory_only_while_they_are_sent(desk, pen):
    take(desk, a_message())
    reply(desk.database, pen, 1, "One.", "Kari", NOW, along=Along((), (FILE,)))
    reply(desk.database, pen, 1, "Two.", "Kari", NOW)
    kinds = conversation(desk.database, 1).entries
    one, two = (found.delivery_id for found in kinds if found.kind is EntryKind.REPLY)
    maker = Letters(
        desk.database, letters.Pen(Site("https://x.example"), desk.tokens, Limits()), print
    )
    with desk.database.read() as connection:
        first, second = (claim_to_show(connection, number or 0) for number in (one, two))
    assert first is not None
    assert second is not None
    maker.get_ready([first])
    assert b"bill.pdf" in maker.compose(first).content
    maker.get_ready([second])
    assert b"Two." in maker.compose(second).content
    # Asked for again, it is read again.
    maker.get_ready([first])
    assert b"bill.pdf" in maker.compose(first).content


def with_per(desk: Desk, pen: Pen) -> int:
    """Let Per get a copy, answer to it, and be passed a message; return his letter."""
    take(desk, a_message())
    reply(
        desk.database, pen, 1, "See the bill.", "Kari", NOW,
        along=Along(("PER@example.org", "eva@example.org")),
    )  # fmt: skip
    owed = conversation(desk.database, 1).letters.values()
    (his,) = (one.id for one in owed if one.address == "PER@example.org")
    (letter,) = composed(desk, his)
    head = message_from_bytes(letter.content, policy=policy.default)
    take(
        desk,
        a_message("My own secret.", "Per Persen <per@example.org>", number=2,
                  In_Reply_To=head["Message-ID"]),
    )  # fmt: skip
    forward(desk.database, pen, 1, Passing("per@example.org"), "Kari", NOW)
    found = everything(desk)
    assert "PER@example.org" in found
    assert "My own secret." in found
    return his


@pytest.mark.parametrize("known", [False, True], ids=["a stranger", "a contact"])
def test_who_got_copies_is_erased_from_anothers_conversation(desk, pen, ring, known):
    if known:
        row = new_row(
            "per@example.org", ring.suppression_hash("per@example.org"),
            "per@example.org", Details({}, None, None), NOW,
        )  # fmt: skip
        with desk.database.write() as connection:
            create_contacts(connection, [row])
    his = with_per(desk, pen)
    done = erase(
        desk.database, desk.logbook, "per@example.org", "Kari", lambda: NOW, lambda _: None
    )
    assert (done.known, done.tickets, done.letters, done.withheld) == (known, 0, 2, 2)
    left = everything(desk)
    assert "per@example.org" not in left.lower()
    assert "Persen" not in left
    assert "secret" not in left
    with desk.database.read() as connection:
        assert search(connection, ["secret"], 9) == []
        assert search(connection, ["per@example.org"], 9) == []
    # The conversation is Ola's, and goes on.
    found = conversation(desk.database, 1)
    assert [one.text for one in found.entries if one.kind is EntryKind.REPLY] == [
        "See the bill."
    ]
    assert [one.text for one in found.entries if one.kind is EntryKind.CAME] == [
        "Do you ship tents to Iceland?", "(erased)",
    ]  # fmt: skip
    first = next(one for one in found.entries if one.kind is EntryKind.REPLY)
    assert first.delivery_id is not None
    (letter,) = composed(desk, first.delivery_id)
    head = message_from_bytes(letter.content, policy=policy.default)
    assert (head["To"], head["Cc"]) == ("Ola Nordmann <ola@example.com>", "eva@example.org")
    assert found.letters[his].address == ""
    # The next answer is to what Ola wrote.
    answer = reply(desk.database, pen, 1, "One thing more.", "Kari", NOW)
    assert answer.envelope.in_reply_to == "m1.ola@example.com"


def test_who_got_copies_and_comes_back_with_a_backup_is_erased_again(desk, pen, ring):
    with_per(desk, pen)
    hashed = ring.suppression_hash("per@example.org")
    no = Suppression("marketing", SuppressionReason.ERASED, NOW, None, "by request")
    with desk.database.write() as connection:
        suppress(connection, hashed, no)
    finish_erasures(desk.database, desk.logbook, lambda: NOW)
    left = everything(desk)
    assert "per@example.org" not in left.lower()
    assert "secret" not in left
    assert "ola@example.com" in left
    assert "eva@example.org" in left
