"""Writing to us on a page, and following the conversation by its link."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from customers import NOW, ROOT, RULES, app_of, joining
from frontdesks import SUPPORT, a_desk, a_mailbox, acknowledgement, all_tickets
from sqlalchemy import func, select
from starlette.testclient import TestClient

from mailer.jobs.answering import reply
from mailer.jobs.correspond import Pen
from mailer.jobs.desk_stats import stats
from mailer.jobs.incoming import handle_all
from mailer.jobs.known import known_about
from mailer.jobs.own_document import as_document
from mailer.jobs.ticket_steps import close, note
from mailer.model.signup import SignUpRules
from mailer.model.ticket import EntryKind
from mailer.model.token import TokenKind
from mailer.store import tickets
from mailer.store.tables import DeliveryRow, IncomingRow, table
from mailer.workspace.acknowledgements import read_acknowledgements

HERS = {"email": "eva@example.org", "name": "Eva", "text": "Is the blue tent back?"}


def opened(world, folder, rules=RULES, mailbox=SUPPORT):
    app = app_of(world, folder=folder, rules=rules, mailboxes=(mailbox,))
    return TestClient(
        app, "https://mail.example.com", client=("192.0.2.1", 5000), follow_redirects=False
    )


@pytest.fixture
def page(world, folder):
    with opened(world, folder) as client:
        yield client


@pytest.fixture
def desk(world):
    return a_desk(world.database, world.logbook, world.ring, Path(ROOT), SUPPORT)


def understood(desk):
    list(handle_all(desk, NOW))
    return all_tickets(desk)


def kept(world):
    with world.database.read() as connection:
        return connection.execute(
            select(func.count()).select_from(table(IncomingRow))
        ).scalar_one()


def link(world, ticket):
    return f"/t/{world.tokens.for_number(TokenKind.TICKET_PAGE, ticket.id)}"


def once_of(answer):
    return re.search(r'name="once" value="([^"]+)"', answer.text)[1]


def entries(world, ticket):
    with world.database.read() as connection:
        return tickets.entries_of(connection, ticket.id)


def test_what_is_typed_becomes_a_ticket_that_is_acknowledged_in_its_language(
    page, world, desk
):
    answer = page.post("/contact/support?lang=nb", data=HERS)
    assert answer.status_code == 200
    assert "eva@example.org" in answer.text
    assert "set-cookie" not in answer.headers
    (ticket,) = understood(desk)
    assert (ticket.match, ticket.person, ticket.language) == (
        "eva@example.org", "Eva", "nb",
    )  # fmt: skip
    (came,) = [one for one in entries(world, ticket) if one.kind is EntryKind.CAME]
    assert came.text.strip() == "Is the blue tent back?"
    letter = acknowledgement(desk, came.incoming_id)
    assert letter is not None
    assert b"Eva" in letter.content
    assert b"Hei" in letter.content


def test_an_address_with_letters_of_any_alphabet_is_taken(page, world, desk):
    address = "b\u00f8rre@example.org"
    answer = page.post("/contact/support", data={**HERS, "email": address})
    assert (answer.status_code, address in answer.text) == (200, True)
    (ticket,) = understood(desk)
    assert (ticket.match, ticket.address, ticket.person) == (address, address, "Eva")


def test_the_same_page_sent_twice_is_one_message_and_one_acknowledgement(page, world, desk):
    once = once_of(page.get("/contact/support"))
    for _ in range(2):
        page.post("/contact/support", data={**HERS, "once": once})
    assert kept(world) == 1
    assert len(understood(desk)) == 1
    with world.database.read() as connection:
        letters = connection.execute(select(table(DeliveryRow))).all()
    assert [one.kind for one in letters] == ["acknowledgement"]


def test_what_may_answer_it_is_shown_before_it_is_sent_and_nothing_is_lost(page, world):
    asked = {**HERS, "text": "How do I return a jacket of the wrong size?"}
    shown = page.post("/contact/support", data=asked)
    assert "/answers/returns?lang=en" in shown.text
    assert "How do I return a jacket of the wrong size?" in shown.text
    assert kept(world) == 0
    page.post("/contact/support", data={**asked, "sure": "yes", "once": once_of(shown)})
    assert kept(world) == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"email": ""}, "Please fill this in."),
        ({"email": "eva@"}, "This is no email address"),
        ({"email": "Support@shop.example"}, "This is our own address"),
        ({"text": " "}, "Please fill this in."),
        ({"text": "x" * 20_001}, "too long"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_what_was_typed_stays(
    page, world, changed, said
):
    answer = page.post("/contact/support", data=HERS | changed)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert 'value="Eva"' in answer.text
    assert kept(world) == 0


def test_no_line_that_is_typed_becomes_a_field_of_the_message(page, world, desk):
    lies = {"name": "Eva\r\nBcc: x@y.test", "subject": "Hi\r\nReply-To: x@y.test"}
    page.post("/contact/support", data=HERS | lies)
    (ticket,) = understood(desk)
    assert ticket.address == "eva@example.org"
    (came, *_) = entries(world, ticket)
    with world.database.read() as connection:
        raw = tickets.raw_of(connection, came.incoming_id)
    head = raw.partition(b"\r\n\r\n")[0].lower()
    assert b"\r\nbcc" not in head
    assert b"\r\nreply-to" not in head


def test_a_network_that_writes_too_much_waits_as_with_signing_up(world, folder):
    with opened(world, folder, SignUpRules(from_network_an_hour=2)) as page:
        answers = [
            page.post("/contact/support", data={**HERS, "text": f"Number {turn}"})
            for turn in range(3)
        ]
        assert [one.status_code for one in answers] == [200, 200, 429]
        world.now += timedelta(hours=2)
        assert page.post("/contact/support", data=HERS).status_code == 200


def test_robots_that_fill_in_what_nobody_sees_hear_the_same_and_are_not_kept(page, world):
    answer = page.post("/contact/support", data={**HERS, "website": "https://x.test"})
    assert answer.status_code == 200
    assert kept(world) == 0


def test_only_a_mailbox_that_promises_an_answer_has_a_form(world, folder):
    for mailbox in (a_mailbox(staff=()), a_mailbox(hours=None), a_mailbox(form=False)):
        with opened(world, folder, mailbox=mailbox) as page:
            assert page.get("/contact/support").status_code == 404
            assert page.post("/contact/support", data=HERS).status_code == 404


def test_the_page_of_a_ticket_shows_the_conversation_and_never_what_staff_note(
    page, world, desk
):
    page.post("/contact/support", data=HERS | {"text": "Is it <b>back</b>?"})
    (ticket,) = understood(desk)
    note(world.database, ticket.id, "Asks often, be patient", "Kari", NOW)
    pen = Pen((SUPPORT,), desk.front.site, world.ring, world.tokens, rehearsing=False)
    reply(world.database, pen, ticket.id, "It is back.", "Kari", NOW)
    shown = page.get(link(world, ticket))
    assert "Is it &lt;b&gt;back&lt;/b&gt;?" in shown.text
    assert "be patient" not in shown.text
    # It has not left yet, so that it can still be taken back.
    assert "It is back." not in shown.text
    with world.database.write() as connection:
        connection.execute(table(DeliveryRow).update().values(state="accepted"))
    assert "It is back." in page.get(link(world, ticket)).text


def test_what_is_added_on_its_page_goes_on_the_ticket_without_an_acknowledgement(
    page, world, desk
):
    page.post("/contact/support", data=HERS)
    (ticket,) = understood(desk)
    here = link(world, ticket)
    assert page.post(here, data={"text": " "}).status_code == 422
    added = {"text": "And the red one?", "once": once_of(page.get(here))}
    for _ in range(2):
        assert page.post(here, data=added).status_code == 200
    (same,) = understood(desk)
    assert same.id == ticket.id
    said = [
        one.text.strip() for one in entries(world, ticket) if one.kind is EntryKind.CAME
    ]
    assert said == ["Is the blue tent back?", "And the red one?"]
    with world.database.read() as connection:
        assert len(connection.execute(select(table(DeliveryRow))).all()) == 1


def test_neither_another_token_nor_the_address_s_opens_the_page(page, world, desk):
    page.post("/contact/support", data=HERS)
    (ticket,) = understood(desk)
    for kind in (TokenKind.TICKET, TokenKind.CONFIRM, TokenKind.UNDO):
        token = world.tokens.for_number(kind, ticket.id)
        assert page.get(f"/t/{token}").status_code == 404
        assert page.post(f"/t/{token}", data={"text": "Hi"}).status_code == 404
    assert page.get("/t/1").status_code == 404
    other = world.tokens.for_number(TokenKind.TICKET_PAGE, ticket.id + 1)
    assert page.get(f"/t/{other}").status_code == 404


def test_were_you_helped_is_asked_in_the_closing_letter_and_counted_once(page, world, desk):
    page.post("/contact/support?lang=de", data=HERS)
    (ticket,) = understood(desk)
    texts = read_acknowledgements(str(ROOT))
    pen = Pen((SUPPORT,), desk.front.site, world.ring, world.tokens, False, texts)
    answer = reply(world.database, pen, ticket.id, "Ja.", "Kari", NOW, close=True)
    assert "Wurde Ihnen geholfen?" in answer.text
    assert link(world, ticket) in answer.text
    here = link(world, ticket)
    for _ in range(3):
        # Scanners open links: only the button says something.
        assert page.get(f"{here}?helped=yes").status_code == 200
    assert (stats(world.database, 7, NOW)[0].helped) == 0
    for word in ("no", "yes", "yes"):
        assert page.post(here, data={"helped": word}).status_code == 200
    (counted,) = stats(world.database, 7, world.now)
    assert (counted.helped, counted.not_helped) == (1, 0)
    told = [one.text for one in entries(world, ticket) if "helped" in one.text]
    assert told[-2:] == ["the person was not helped", "the person was helped"]


def test_a_ticket_that_is_open_is_not_asked_whether_it_helped(page, world, desk):
    page.post("/contact/support", data=HERS)
    (ticket,) = understood(desk)
    page.post(link(world, ticket), data={"helped": "yes"})
    assert stats(world.database, 7, world.now)[0].helped == 0
    close(world.database, ticket.id, "Kari", NOW)
    assert "Were you helped?" in page.get(link(world, ticket)).text


def test_whether_she_was_helped_is_in_what_she_downloads(page, world, desk):
    eva = world.person("eva@example.org")
    page.post("/contact/support", data=HERS)
    (ticket,) = understood(desk)

    def downloaded():
        known = known_about(joining(world).world, eva.contact_id)
        assert known is not None
        (spoken,) = as_document(known, NOW)["conversations"]
        return spoken["you_were_helped"]

    assert downloaded() is None
    close(world.database, ticket.id, "Kari", NOW)
    page.post(link(world, ticket), data={"helped": "no"})
    assert downloaded() == "no"
