"""What people write in their languages, charsets and mail programs is read here."""

from html import unescape

from consoles import a_console, signed_in
from samples.letterbox import SHAPES, letterbox

from mailer.jobs.incoming import handle_all, keep
from mailer.receiving import desk_of
from mailer.store.ticketqueue import queue
from mailer.web.app import build_app
from mailer.wiring import utc_now

EACH = 3


def bare(text: str) -> str:
    return "".join(unescape(text).split())


def test_a_page_shows_what_each_person_said_and_who_said_it(tmp_path):
    sent = letterbox()[::EACH]
    shapes = {one.name.split(" ", 3)[3] for one in sent}
    assert shapes == set(SHAPES)
    assert len({one.said.language for one in sent}) >= 34
    with a_console(tmp_path) as workspace:
        for one in sent:
            keep(workspace.database, one.raw, "pipe", utc_now())
        list(handle_all(desk_of(workspace), utc_now()))
        with workspace.database.read() as connection:
            tickets = {one.address: one for one in queue(connection, 1000)}
        kari = signed_in(workspace, build_app(workspace))
        for place, one in enumerate(sent):
            number = place * EACH + 1
            ticket = tickets[f"n{number}.{one.said.address}"]
            page = bare(kari.get(f"/tickets/{ticket.id}").text)
            for words in (one.said.subject, one.said.name, one.said.text):
                assert bare(words) in page, one.name
