"""The console: who may come in, what is shown of what strangers wrote, who may do what."""

import re
import zlib
from base64 import b64encode
from collections.abc import Generator
from email.message import EmailMessage
from html import unescape
from pathlib import Path

import pytest
from consoles import (
    PASSWORD,
    SITE,
    Agent,
    a_client,
    a_console,
    code_of,
    empty,
    invited,
    signed_in,
    take_in,
    write,
)
from starlette.applications import Starlette

from mailer.jobs import staff
from mailer.jobs.tickets import conversation
from mailer.model.contact import Details
from mailer.model.event import Event, EventKind
from mailer.model.staff import Role
from mailer.model.ticket import EntryKind, Envelope, TicketState
from mailer.model.token import TokenKind
from mailer.store import tickets
from mailer.store.contacts import create_contacts, new_row
from mailer.store.deliveries import find_letter
from mailer.store.events import note_event
from mailer.store.suppressions import suppressions_of
from mailer.web.app import build_app
from mailer.wiring import Workspace, utc_now

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory,
) -> Generator[tuple[Workspace, Starlette], None, None]:
    """A workspace and its pages, made once: both take a second."""
    with a_console(tmp_path_factory.mktemp("console")) as workspace:
        yield workspace, build_app(workspace)


@pytest.fixture
def shop(made: tuple[Workspace, Starlette]) -> Workspace:
    empty(made[0])
    return made[0]


@pytest.fixture
def app(made: tuple[Workspace, Starlette]) -> Starlette:
    return made[1]


@pytest.fixture
def kari(shop: Workspace, app: Starlette) -> Agent:
    return signed_in(shop, app)


def ticket(shop: Workspace, number: int = 1):
    return conversation(shop.database, number)


# Coming in.


@pytest.mark.parametrize(
    "path", ["/", "/stats", "/tickets/1", "/search?q=x", "/tickets/1/messages/1/source"]
)
def test_nobody_sees_anything_without_signing_in(shop, app, path):
    write(shop)
    answer = a_client(app).get(f"/console{path}")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/console/sign-in")


def test_the_console_s_own_address_leads_in(app):
    answer = a_client(app).get("/console")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/")


def test_who_signs_in_is_led_to_where_they_wanted_to_go_and_nowhere_else(shop, app):
    secret = invited(shop, "Kari", Role.AGENT)
    asked = a_client(app).get("/console/tickets/12?all=1").headers["location"]
    assert asked == "/console/sign-in?to=%2Ftickets%2F12%3Fall%3D1"
    for to, place in (
        ("/tickets/12?all=1", "/console/tickets/12?all=1"),
        ("//evil.example", "/console/"),
        ("https://evil.example", "/console/"),
        ("/\\evil.example", "/console/"),
    ):
        with shop.database.write() as connection:
            connection.exec_driver_sql("UPDATE staff SET step = 0")
        fields = {"name": "Kari", "password": PASSWORD, "code": code_of(secret), "to": to}
        answer = a_client(app).post("/console/sign-in", data=fields)
        assert answer.headers["location"] == place


def test_a_link_gives_a_password_and_a_code_once_and_is_used_up(shop, app):
    new = staff.NewStaff("Kari")
    link = staff.add(shop.database, new, [], "test", utc_now())
    page = a_client(app).get(f"/console/invited/{link}")
    key = re.search(r'class="key">(\w+)<', page.text)
    assert key
    assert "data:image/svg+xml" in page.text
    again = a_client(app).get(f"/console/invited/{link}")
    assert key[1] in again.text
    fields = {"password": PASSWORD, "again": PASSWORD, "code": code_of(key[1], -1)}
    short = a_client(app).post(
        f"/console/invited/{link}", data={**fields, "password": "kort", "again": "kort"}
    )
    assert (short.status_code, "at least 12" in short.text) == (422, True)
    wrong = a_client(app).post(
        f"/console/invited/{link}", data={**fields, "code": "000000"}
    )
    assert wrong.status_code == 422
    done = a_client(app).post(f"/console/invited/{link}", data=fields)
    assert done.headers["location"] == "/console/sign-in"
    assert a_client(app).get(f"/console/invited/{link}").status_code == 404
    assert a_client(app).post(f"/console/invited/{link}", data=fields).status_code == 404
    fields = {"name": "kari", "password": PASSWORD, "code": code_of(key[1])}
    assert a_client(app).post("/console/sign-in", data=fields).status_code == 303


def test_the_session_is_a_new_one_whatever_the_browser_had(shop, app):
    secret = invited(shop, "Kari", Role.AGENT)
    client = a_client(app)
    client.cookies.set("__Host-console", "planted-by-somebody")
    fields = {"name": "Kari", "password": PASSWORD, "code": code_of(secret)}
    answer = client.post("/console/sign-in", data=fields)
    cookie = answer.headers["set-cookie"]
    assert "planted" not in cookie
    for mark in ("__Host-console=", "HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert mark in cookie
    other = a_client(app)
    other.cookies.set("__Host-console", "planted-by-somebody")
    assert other.get("/console/").status_code == 303


def test_signing_out_ends_the_session_also_for_who_copied_the_cookie(kari, app):
    stolen = a_client(app)
    stolen.cookies.set("__Host-console", kari.client.cookies["__Host-console"])
    assert stolen.get("/console/").status_code == 200
    assert kari.post("/sign-out").status_code == 303
    assert stolen.get("/console/").status_code == 303


@pytest.mark.parametrize("cookie", ["", "x", "x" * 5000, "%00", "a.b.c", "deadbeef" * 8])
def test_a_session_that_is_none_of_ours_opens_nothing(shop, app, cookie):
    write(shop)
    client = a_client(app)
    for path in ("/", "/tickets/1"):
        headers = {"Cookie": f"__Host-console={cookie}"}
        answer = client.get(f"/console{path}", headers=headers)
        assert answer.status_code == 303
        assert "/sign-in" in answer.headers["location"]


def test_an_old_session_does_nothing_even_with_its_own_form(shop, kari):
    write(shop)
    key = kari.key()
    with shop.database.write() as connection:
        connection.exec_driver_sql("UPDATE staff_session SET seen_at = 0")
    fields = {"form_key": key, "text": "x", "version": "1"}
    answer = kari.client.post("/console/tickets/1/reply", data=fields)
    assert answer.status_code == 303
    assert "/sign-in" in answer.headers["location"]
    assert len(ticket(shop).entries) == 2


def test_how_long_a_session_lasts_is_set(tmp_path):
    with a_console(tmp_path, console={"idle_min": 5.0, "session_h": 2.0}) as shop:
        kari = signed_in(shop)
        assert kari.get("/").status_code == 200
        six_minutes = 6 * 60_000_000
        with shop.database.write() as connection:
            ends, made = connection.exec_driver_sql(
                "SELECT ends_at, made_at FROM staff_session"
            ).one()
            assert ends - made == 2 * 3600 * 1_000_000
            connection.exec_driver_sql(
                f"UPDATE staff_session SET seen_at = seen_at - {six_minutes}"
            )
        assert kari.get("/").status_code == 303


def test_who_guesses_passwords_is_shut_out_of_the_page(shop, app):
    secret = invited(shop, "Kari", Role.AGENT)
    client = a_client(app)
    fields = {"name": "Kari", "password": "wrong", "code": "000000"}
    for _ in range(5):
        assert client.post("/console/sign-in", data=fields).status_code != 303
    right = {"name": "Kari", "password": PASSWORD, "code": code_of(secret)}
    answer = client.post("/console/sign-in", data=right)
    assert answer.status_code != 303
    assert "set-cookie" not in answer.headers


def test_who_is_removed_is_out_at_once(shop, kari):
    assert kari.get("/").status_code == 200
    staff.leave(shop.database, "Kari", "test", utc_now())
    assert kari.get("/").status_code == 303


# Forms from elsewhere.


def test_a_form_without_the_session_s_key_does_nothing(shop, kari):
    write(shop)
    for key in ("", "0" * 64, "é"):
        answer = kari.client.post("/console/tickets/1/close", data={"form_key": key})
        assert answer.status_code == 403
    assert ticket(shop).ticket.state is TicketState.NEW


def test_a_form_with_another_session_s_key_does_nothing(shop, app, kari):
    write(shop)
    ola = signed_in(shop, app, "Ola")
    answer = kari.client.post("/console/tickets/1/close", data={"form_key": ola.key()})
    assert answer.status_code == 403
    assert ticket(shop).ticket.state is TicketState.NEW


@pytest.mark.parametrize(
    "said",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_that_another_site_sends_does_nothing(shop, kari, said):
    write(shop)
    fields = {"form_key": kari.key()}
    answer = kari.client.post("/console/tickets/1/close", data=fields, headers=said)
    assert answer.status_code == 403
    signing_in = kari.client.post("/console/sign-in", data={}, headers=said)
    assert signing_in.status_code == 403
    own = {"Origin": "https://mail.example.com", "Sec-Fetch-Site": "same-origin"}
    answer = kari.client.post("/console/tickets/1/close", data=fields, headers=own)
    assert answer.status_code == 303


def test_looking_changes_nothing(shop, kari):
    write(shop)
    before = ticket(shop).ticket
    for what in ("close", "take", "spam", "reply"):
        assert kari.get(f"/tickets/1/{what}").status_code == 405
    kari.get("/tickets/1")
    assert ticket(shop).ticket == before


# What strangers wrote.


def hostile(**more: str) -> bytes:
    message = EmailMessage()
    message["From"] = f'"{EVIL.replace(chr(34), "")}" <eve@example.com>'
    message["To"] = "support@shop.example"
    message["Subject"] = EVIL
    message["Message-ID"] = "<evil@example.com>"
    message.set_content(f"Hello {EVIL}")
    message.add_alternative(
        "<style>body{display:none}</style><script>alert(3)</script>"
        "<p onclick=alert(4) style='position:fixed;inset:0'>Hello <b>there</b></p>"
        "<img src='https://evil.example/pixel.gif'><iframe src=//evil.example></iframe>"
        "<form action=https://evil.example><input name=password><button>Go</button></form>"
        "<a href='javascript:alert(5)'>a</a><a href='https://example.com/x'>b</a>"
        "<base href=https://evil.example><meta http-equiv=refresh content=0>"
        "<svg onload=alert(6)></svg><link rel=stylesheet href=//evil.example/x.css>",
        subtype="html",
    )
    message.add_attachment(
        b"<script>alert(7)</script>", maintype="text", subtype="html",
        filename='../../"><script>alert(8)</script>\u202egpj.exe',
    )  # fmt: skip
    return bytes(message)


def test_nothing_that_a_stranger_wrote_is_ever_markup(shop, kari):
    take_in(shop, hostile())
    for path in ("/", "/tickets/1", "/search?q=script", f"/search?q={EVIL}"):
        page = kari.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'; script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
    assert "&lt;script&gt;" in kari.get("/tickets/1").text


def test_html_is_harmless_and_in_a_frame_that_can_do_nothing(shop, kari):
    message = take_in(shop, hostile())
    page = kari.get(f"/tickets/1/messages/{message}/html")
    body = page.text.partition("<body>")[2]
    for bad in (
        "script", "onclick", "style", "<img", "<iframe", "<form", "<input", "javascript:",
        "evil.example", "<base", "<meta", "<svg", "<link",
    ):  # fmt: skip
        assert bad not in body, bad
    assert "<b>there</b>" in body
    assert 'href="https://example.com/x"' in body
    assert 'rel="noopener noreferrer nofollow"' in body
    assert "1 image(s) left out" in body
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy


def test_attachments_are_saved_and_never_shown_whatever_they_say(shop, kari):
    raw = hostile()
    message = take_in(shop, raw)
    page = unescape(kari.get("/tickets/1").text)
    assert "gpj.exe" in page
    assert "\u202e" not in page
    assert "may run when opened" in page
    answer = kari.get(f"/tickets/1/messages/{message}/attachments/1")
    assert answer.content.strip() == b"<script>alert(7)</script>"
    assert answer.headers["content-type"] == "application/octet-stream"
    how = answer.headers["content-disposition"]
    assert how.startswith("attachment; ")
    assert "/" not in how
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert kari.get(f"/tickets/1/messages/{message}/attachments/2").status_code == 404
    assert kari.get(f"/tickets/1/messages/{message}/source").content == raw


def test_a_subject_of_10_kb_is_one_line_of_a_page_that_works(shop, kari):
    raw = b"Subject: " + b"\r\n ".join([b"A" * 900] * 12) + b"\r\n"
    take_in(shop, raw + b"From: eve@example.com\r\nTo: support@shop.example\r\n\r\nHi\r\n")
    assert len(ticket(shop).ticket.subject) == 500
    for path in ("/", "/tickets/1", "/search?q=hi"):
        page = kari.get(path)
        assert page.status_code == 200
        assert "A" * 501 not in page.text
    assert kari.post("/tickets/1/reply", text="Yes.", version="1").status_code == 303
    assert len(ticket(shop).entries[-1].subject) <= 500


def test_a_ticket_with_a_thousand_messages_is_shown_and_answered(shop, kari):
    write(shop)
    number = ticket(shop).ticket.id
    with shop.database.write() as connection:
        for one in range(1_000):
            tickets.add_entry(
                connection, number, EntryKind.CAME, utc_now(), author="ola@example.com",
                subject="Tents", text=f"This is message {one}.",
                envelope=Envelope("Ola", "ola@example.com"), message_id=f"m{one}@x",
            )  # fmt: skip
    page = kari.get("/tickets/1").text
    assert "This is message 999." in page
    assert "This is message 900." not in page
    assert "Show 952 earlier" in page
    assert "This is message 0." in kari.get("/tickets/1?all=1").text
    version = str(ticket(shop).ticket.version)
    assert kari.post("/tickets/1/reply", text="Yes.", version=version).status_code == 303
    last = ticket(shop).entries[-1]
    assert last.envelope is not None
    assert last.envelope.in_reply_to == "m999@x"
    assert len(last.envelope.references) <= 20


def bombs() -> dict[str, bytes]:
    head = (
        b"From: eve@example.com\r\nTo: support@shop.example\r\nSubject: x\r\n"
        b"MIME-Version: 1.0\r\n"
    )
    zeros = zlib.compress(bytes(50_000_000), 9)
    mixed = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    part = b"--b\r\nContent-Disposition: attachment; filename=a.zip\r\n"
    archive = part + b"Content-Transfer-Encoding: base64\r\n\r\n" + b64encode(zeros)
    deep = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (one, one)
        for one in range(3_000)
    )
    return {
        "an archive that would be fifty megabytes": head + mixed + archive + b"\r\n--b--",
        "twenty thousand attachments": head + mixed + (part + b"\r\nx\r\n") * 20_000,
        "three thousand in each other": head + deep + b"\r\nHello",
        "HTML that never closes": head
        + b"Content-Type: text/html\r\n\r\n"
        + b"<div><table><tr><td>" * 20_000,
        "a name of ten thousand letters": head
        + mixed
        + b'--b\r\nContent-Disposition: attachment; filename="'
        + b"x" * 10_000
        + b'.pdf"\r\n\r\nx\r\n--b--',
    }


@pytest.mark.parametrize("which", list(bombs()))
def test_bombs_are_kept_as_they_are_and_the_page_works(shop, kari, which):
    raw = bombs()[which]
    message = take_in(shop, raw)
    page = kari.get("/tickets/1")
    assert page.status_code == 200
    assert page.text.count("/attachments/") <= 50
    assert kari.get(f"/tickets/1/messages/{message}/source").content == raw
    saved = kari.get(f"/tickets/1/messages/{message}/attachments/1")
    assert saved.status_code in {200, 404}
    # What is packed is never unpacked.
    assert len(saved.content) < 1_000_000
    assert kari.get(f"/tickets/1/messages/{message}/html").status_code in {200, 404}
    assert kari.get("/").status_code == 200


def test_html_cannot_leave_its_frame(shop, kari):
    message = EmailMessage()
    message["From"] = "eve@example.com"
    message["To"] = "support@shop.example"
    message["Subject"] = "x"
    message.set_content("x")
    message.add_alternative(
        "</body></html></iframe></div><h1 style='position:fixed'>Sign in again</h1>"
        "<a href='/console/sign-out' target=_top>x</a><a href='//evil.example'>y</a>"
        "<a target=_parent href='https://evil.example/z'>z</a>"
        "<style>@import url(//evil.example/a.css);</style><object data=x></object>"
        "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>"
        "<template><script>alert(1)</script></template><marquee onstart=alert(1)>",
        subtype="html",
    )
    number = take_in(shop, bytes(message))
    page = kari.get(f"/tickets/1/messages/{number}/html")
    body = page.text.partition("<body>")[2]
    for bad in (
        "iframe", "style", "_top", "_parent", "alert", "<object", "@import", "marquee",
        "</html></", "/console/",
    ):  # fmt: skip
        assert bad not in body.removesuffix("</body></html>"), bad
    assert 'href="https://evil.example/z"' in body
    # A frame of it alone has no origin, no script and no form.
    frame = re.search(r"<iframe [^>]+>", kari.get("/tickets/1").text)
    assert frame is not None
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in frame[0]
    assert page.headers["x-frame-options"] == "SAMEORIGIN"


def test_a_stranger_with_another_s_number_in_the_subject_changes_nothing_of_it(shop, kari):
    write(shop)
    before = ticket(shop)
    write(
        shop, "Send it to me instead.", sender="eve@example.org", number=2,
        subject="Re: Tents [#1]",
    )  # fmt: skip
    assert ticket(shop).ticket == before.ticket
    assert len(ticket(shop).entries) == len(before.entries)
    assert "Send it to me instead." not in kari.get("/tickets/1").text
    assert ticket(shop, 2).ticket.address == "eve@example.org"


def test_a_message_of_another_ticket_is_not_given_out_by_this_one_s_address(shop, kari):
    write(shop)
    other = take_in(shop, hostile())
    assert kari.get(f"/tickets/1/messages/{other}/source").status_code == 404
    assert kari.get(f"/tickets/2/messages/{other}/source").status_code == 200


# Who may do what.


def test_who_sees_one_mailbox_finds_nothing_of_another(shop, app):
    write(shop, number=1)
    message = write(
        shop, "For the press", to="press@shop.example", number=2, sender="x@y.example"
    )
    per = signed_in(shop, app, "Per", Role.ADMIN, "support")
    assert "Do you ship" in per.get("/tickets/1").text
    assert "#2" not in per.get("/").text
    assert "Found: 0" in per.get("/search?q=press").text
    assert "Found: 0" in per.get("/search?q=%232").text
    for path in ("", f"/messages/{message}/source", f"/messages/{message}/html"):
        assert per.get(f"/tickets/2{path}").status_code == 404
    for what, fields in (
        ("close", {}), ("note", {"text": "x"}), ("reply", {"text": "x"}), ("here", {}),
        ("take", {}), ("draft", {"text": "x"}),
    ):  # fmt: skip
        assert per.post(f"/tickets/2/{what}", **fields).status_code == 404
    assert per.post("/tickets/1/merge", into="2").status_code == 404
    assert (
        per.post(
            "/new", address="a@b.example", subject="x", text="x", mailbox="press"
        ).status_code
        == 409
    )
    assert ticket(shop, 2).ticket.version == 1
    assert "press" not in per.get("/stats").text


def test_an_agent_does_not_read_who_did_what_and_an_admin_does(shop, app, kari):
    write(shop)
    kari.post("/tickets/1/take")
    assert kari.get("/audit").status_code == 409
    assert "Audit" not in kari.get("/").text
    ola = signed_in(shop, app, "Ola", Role.ADMIN)
    page = ola.get("/audit").text
    assert "Kari" in page
    assert "take" in page


# Working.


def test_a_ticket_is_answered_and_the_letter_is_owed(shop, kari):
    write(shop)
    page = kari.get("/tickets/1").text
    assert "Do you ship tents?" in page
    answer = kari.post("/tickets/1/reply", text="Yes, we do.", version="1")
    assert answer.headers["location"].startswith("/console/tickets/1?said=reply&letter=")
    found = ticket(shop)
    last = found.entries[-1]
    assert (last.kind, last.author, last.text) == (EntryKind.REPLY, "Kari", "Yes, we do.")
    assert (found.ticket.state, found.ticket.assignee) == (TicketState.WAITING, "Kari")
    assert last.delivery_id is not None
    assert "leaves in ten seconds" in kari.get("/tickets/1?said=reply").text


def test_two_do_not_answer_at_once_and_the_second_loses_nothing(shop, app, kari):
    write(shop)
    ola = signed_in(shop, app, "Ola")
    kari.post("/tickets/1/reply", text="Yes.", version="1")
    answer = ola.post("/tickets/1/reply", text="No, <sorry>.", version="1")
    assert answer.status_code == 409
    assert "has changed since you looked" in answer.text
    assert "No, &lt;sorry&gt;." in answer.text
    replies = [one for one in ticket(shop).entries if one.kind is EntryKind.REPLY]
    assert [one.text for one in replies] == ["Yes."]


def test_others_see_who_is_writing_and_drafts_are_kept(shop, app, kari):
    write(shop)
    ola = signed_in(shop, app, "Ola")
    here = {"version": "1", "typed": "1", "text": "Dear Ola Nordmann,"}
    assert kari.post("/tickets/1/here", **here).json() == {"version": 1, "here": []}
    assert "Kari is writing." in ola.get("/tickets/1").text
    seen = ola.post("/tickets/1/here", version="1").json()["here"]
    assert seen == [{"name": "Kari", "writing": True}]
    assert "Dear Ola Nordmann," in kari.get("/tickets/1").text
    assert "Dear Ola Nordmann," not in ola.get("/tickets/1").text
    kari.post("/tickets/1/reply", text="Yes.", version="1")
    assert "Dear Ola" not in kari.get("/tickets/1").text


def test_every_step_of_the_command_line_can_be_done(shop, kari):
    write(shop, number=1)
    write(shop, "And stoves?", number=2)
    kari.post("/tickets/1/take")
    kari.post("/tickets/1/note", text="Rang her.")
    fields = {"assignee": "Kari", "kind": "complaint", "priority": "high", "tags": "parcel"}
    kari.post("/tickets/1/assign", **fields)
    one = ticket(shop).ticket
    assert (one.assignee, one.kind, one.priority, one.tags) == (
        "Kari", "complaint", "high", ("parcel",),
    )  # fmt: skip
    kari.post("/tickets/1/assign", **{**fields, "tags": ""})
    assert ticket(shop).ticket.tags == ()
    for what, fields, state in (
        ("close", {}, TicketState.CLOSED),
        ("reopen", {}, TicketState.OPEN),
        ("snooze", {"for": "1d"}, TicketState.SNOOZED),
        ("spam", {}, TicketState.SPAM),
        ("reopen", {}, TicketState.OPEN),
    ):
        assert kari.post(f"/tickets/1/{what}", **fields).status_code == 303
        assert ticket(shop).ticket.state is state
    kari.post("/tickets/2/merge", into="#1")
    with shop.database.read() as connection:
        merged = tickets.get_ticket(connection, 2)
    assert merged is not None
    assert merged.merged_into == 1
    texts = " ".join(entry.text for entry in ticket(shop).entries)
    assert "Rang her." in texts
    assert "And stoves?" in texts
    refused = kari.post("/tickets/1/snooze", **{"for": "1 century"})
    assert refused.status_code == 409
    assert kari.post("/tickets/1/explode").status_code == 409


def test_a_call_is_noted_by_hand(shop, kari):
    fields = {"address": "anne@example.com", "subject": "Boots", "text": "Size 42?"}
    answer = kari.post("/new", **fields, mailbox="support")
    assert answer.headers["location"] == "/console/tickets/1?said=new"
    assert "Size 42?" in kari.get("/tickets/1").text


def test_a_long_conversation_shows_its_end_first(shop, kari):
    write(shop)
    for number in range(60):
        with shop.database.write() as connection:
            tickets.add_entry(
                connection, 1, EntryKind.NOTE, utc_now(), author="Kari",
                text=f"Note {number}.",
            )  # fmt: skip
    page = kari.get("/tickets/1").text
    assert "Note 59." in page
    assert "Note 2." not in page
    assert "Note 2." in kari.get("/tickets/1?all=1").text


def test_an_answer_is_taken_back_before_it_leaves_and_not_after(shop, kari):
    write(shop)
    due = ticket(shop).ticket.due_at
    kari.post("/tickets/1/reply", text="Yes, but wrong.", version="1")
    letter = ticket(shop).entries[-1].delivery_id
    assert letter is not None
    page = kari.get(f"/tickets/1?said=reply&letter={letter}").text
    assert "Take it back" in page
    assert kari.post("/tickets/1/undo", letter=str(letter)).status_code == 303
    found = ticket(shop)
    assert [one.kind for one in found.entries].count(EntryKind.REPLY) == 0
    assert (found.ticket.state, found.ticket.due_at) == (TicketState.OPEN, due)
    assert found.ticket.answered_at is None
    assert ">Yes, but wrong.</textarea>" in kari.get("/tickets/1").text
    with shop.database.read() as connection:
        view = find_letter(connection, letter)
    assert view is not None
    assert (view.state, view.reason) == ("withheld", "cancelled")
    version = str(found.ticket.version)
    kari.post("/tickets/1/reply", text="Yes.", version=version)
    left = ticket(shop).entries[-1].delivery_id
    with shop.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE delivery SET attempt = 1 WHERE id = {left}")
    assert kari.post("/tickets/1/undo", letter=str(left)).status_code == 409
    assert ticket(shop).entries[-1].text == "Yes."


def test_what_is_put_below_an_answer_is_not_in_it_when_it_is_taken_back(shop, kari):
    write(shop)
    with shop.database.write() as connection:
        connection.exec_driver_sql("UPDATE staff SET signature = 'Kari, Fjell & Fjord'")
    kari.post("/tickets/1/reply", text="Yes.", version="1", then="close")
    sent = ticket(shop).entries[-1]
    assert "Kari, Fjell & Fjord" in sent.text
    assert "/t/" in sent.text
    kari.post("/tickets/1/undo", letter=str(sent.delivery_id))
    assert ">Yes.</textarea>" in kari.get("/tickets/1").text
    assert ticket(shop).ticket.state is TicketState.OPEN


def test_who_has_no_signature_writes_under_the_mailbox_s(shop, kari):
    write(shop, to="press@shop.example")
    assert "Below it stands: The press desk" in kari.get("/tickets/1").text
    kari.post("/tickets/1/reply", text="Yes.", version="1")
    sent = ticket(shop).entries[-1]
    assert sent.text == "Yes.\n\n-- \nThe press desk\n"
    kari.post("/tickets/1/undo", letter=str(sent.delivery_id))
    assert ">Yes.</textarea>" in kari.get("/tickets/1").text


# Copies, files, and passing on.


def test_an_answer_goes_to_others_too_with_files_and_all_of_it_can_be_taken_back(
    shop, kari
):
    write(shop)
    bill = b"%PDF-1.4\r\n--x\r\n\0\xff"
    fields = {"text": "See the bill.", "version": "1", "cc": "per@example.org; "}
    files = [("../../bill.pdf", bill), ("", b"")]
    answer = kari.post("/tickets/1/reply", files, **fields)
    assert answer.status_code == 303, answer.text
    found = ticket(shop)
    entry = found.entries[-1]
    ((number, file),) = found.files.items()
    assert (number, file[0].name, file[0].size_bytes) == (entry.id, "bill.pdf", len(bill))
    assert sorted(one.address for one in found.letters.values()) == [
        "ola@example.com", "ola@example.com", "per@example.org",
    ]  # fmt: skip
    page = kari.get("/tickets/1").text
    assert "copy to per@example.org" in page
    given = kari.get(f"/tickets/1/files/{file[0].id}")
    assert given.content == bill
    assert given.headers["content-disposition"].startswith("attachment")
    assert given.headers["x-content-type-options"] == "nosniff"
    assert given.headers["content-security-policy"].endswith("sandbox")
    write(shop, "x", sender="x@y.example", number=2)
    assert kari.get(f"/tickets/2/files/{file[0].id}").status_code == 404
    assert kari.post("/tickets/1/undo", letter=str(entry.delivery_id)).status_code == 303
    assert not ticket(shop).files
    with shop.database.read() as connection:
        left = connection.exec_driver_sql(
            "SELECT count(*) FROM delivery WHERE kind = 'reply' AND state != 'withheld'"
        ).scalar_one()
        kept = connection.exec_driver_sql("SELECT count(*) FROM ticket_file").scalar_one()
    assert (left, kept) == (0, 0)


@pytest.mark.parametrize(
    ("cc", "files", "words"),
    [
        ("nobody", [], "nobody"),
        ("support@shop.example", [], "a mailbox of ours"),
        (" ".join(f"a{n}@example.com" for n in range(21)), [], "too many"),
        ("", [("a.bin", bytes(10_000_001))], "10 MB"),
        ("", [(f"{n}.txt", b"x") for n in range(21)], "too many"),
    ],
)
def test_what_cannot_go_along_is_said_and_the_answer_is_kept(shop, kari, cc, files, words):
    write(shop)
    fields = {"text": "My long answer", "version": "1", "cc": cc}
    answer = kari.post("/tickets/1/reply", files, **fields)
    assert answer.status_code == 409
    assert words in unescape(answer.text)
    assert ">My long answer</textarea>" in answer.text
    assert [one.kind for one in ticket(shop).entries].count(EntryKind.REPLY) == 0


def test_more_bytes_than_a_letter_takes_are_not_read(shop, kari):
    write(shop)
    files = [("a.bin", bytes(6_000_000)), ("b.bin", bytes(6_000_000))]
    answer = kari.post("/tickets/1/reply", files, text="x", version="1")
    assert answer.status_code == 413
    assert len(ticket(shop).entries) == 2


def test_a_note_that_was_not_taken_stays_a_note(shop, kari):
    write(shop)
    answer = kari.post("/tickets/1/note", text=" ")
    assert answer.status_code == 409
    assert '<textarea id="text" name="text" rows="10" required></textarea>' in answer.text


def test_a_message_is_passed_on_with_its_files_and_the_answer_to_it_is_for_us(shop, kari):
    message = EmailMessage()
    message["From"] = "Ola <ola@example.com>"
    message["To"] = "support@shop.example"
    message["Subject"] = "My parcel"
    message["Message-ID"] = "<parcel@example.com>"
    message.set_content("It is broken.")
    message.add_attachment(b"JPEG", maintype="image", subtype="jpeg", filename="box.jpg")
    message.add_attachment(b"MZ", maintype="image", subtype="png", filename="x.png.exe")
    take_in(shop, bytes(message))
    due = ticket(shop).ticket.due_at
    answer = kari.post("/tickets/1/forward", to="depot@example.net", text="Please look.")
    assert answer.status_code == 303, answer.text
    found = ticket(shop)
    entry = found.entries[-1]
    assert (entry.kind, entry.subject) == (EntryKind.FORWARD, "Fwd: My parcel [#1]")
    assert entry.text.startswith("Please look.\n\n---------- Forwarded message")
    assert "It is broken." in entry.text
    assert "x.png.exe" in entry.text
    assert [one.name for one in found.files[entry.id]] == ["box.jpg"]
    assert (found.ticket.state, found.ticket.due_at) == (TicketState.NEW, due)
    assert kari.post("/tickets/1/forward", to="nobody", text="Kept").status_code == 409
    assert ">Kept</textarea>" in kari.post("/tickets/1/forward", to="no", text="Kept").text


def test_what_others_write_back_is_for_the_staff_alone(shop, kari):
    write(shop, "It is broken.", subject="My parcel")
    kari.post("/tickets/1/forward", to="depot@example.net", text="Please look.")
    entry = ticket(shop).entries[-1]
    assert entry.envelope is not None
    write(
        shop, "We threw it.", sender="depot@example.net", to=entry.envelope.reply_to,
        subject="Re: Fwd: My parcel", number=2,
    )  # fmt: skip
    assert ticket(shop).entries[-1].text == "We threw it."
    assert "We threw it." in kari.get("/tickets/1").text
    token = shop.world().tokens.for_number(TokenKind.TICKET_PAGE, 1)
    hers = kari.client.get(f"/t/{token}").text
    assert "It is broken." in hers
    assert "We threw it." not in hers
    assert "depot@example.net" not in hers
    # The answer is to what she wrote, not to what the depot wrote.
    version = str(ticket(shop).ticket.version)
    kari.post("/tickets/1/reply", text="Sorry.", version=version)
    last = ticket(shop).entries[-1]
    assert last.envelope is not None
    assert last.envelope.in_reply_to == "m1.ola@example.com"


def test_a_sender_is_blocked_and_heard_again(shop, kari):
    write(shop)
    assert kari.post("/tickets/1/block", what="address", why="threats").status_code == 303
    assert ticket(shop).ticket.state is TicketState.CLOSED
    write(shop, "Again", number=2, subject="Again")
    assert ticket(shop, 2).ticket.state is TicketState.CLOSED
    page = kari.get("/blocks").text
    assert "ola@example.com" in page
    assert "threats" in page
    assert kari.post("/tickets/2/block", what="address").status_code == 409
    assert kari.post("/blocks", value="ola@example.com").status_code == 303
    assert "Nobody." in kari.get("/blocks").text
    write(shop, "And again", number=3, subject="Third")
    assert ticket(shop, 3).ticket.state is TicketState.NEW
    assert [one.what for one in staff.deeds(shop.database, 2, None, None)] == [
        "unblock", "block",
    ]  # fmt: skip


def test_a_message_about_something_else_is_split_off(shop, kari):
    write(shop)
    first = ticket(shop).entries[0]
    assert kari.post("/tickets/1/split", entry=str(first.id)).status_code == 409
    write(shop, "And my parcel?", number=2)
    kari.post("/tickets/2/merge", into="1")
    second = next(one for one in ticket(shop).entries if one.text == "And my parcel?")
    assert "Split it off" in kari.get("/tickets/1").text
    answer = kari.post("/tickets/1/split", entry=str(second.id))
    assert answer.headers["location"] == "/console/tickets/3?said=split"
    assert "And my parcel?" not in kari.get("/tickets/1").text
    assert "And my parcel?" in kari.get("/tickets/3").text
    assert ticket(shop, 3).ticket.due_at is not None
    assert kari.post("/tickets/3/split", entry=str(first.id)).status_code == 404


def test_a_text_that_is_used_often_is_put_in_with_the_person_s_name(shop, kari):
    write(shop)
    page = kari.get("/tickets/1?canned=parcel").text
    assert "Hello Ola Nordmann," in page
    assert "I have asked the carrier" in page
    assert kari.get("/tickets/1?canned=../../config").status_code == 200


def test_articles_that_may_answer_stand_above_the_answer_and_are_put_in(shop, kari):
    folder = Path(shop.folder, "templates/answers")
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.md"):
        old.unlink()
    write(shop, "How do I wash and dry my tent?", subject="Washing a tent")
    assert "May answer it" not in kari.get("/tickets/1").text
    # A file that is written while all runs helps at once; a broken one changes nothing.
    article = folder / "care.md"
    article.write_text(
        "# Washing and drying your tent\n<!-- asked: wash tent, dry tent -->\n\nBy hand.\n"
    )
    address = f"{SITE}/answers/care?lang=en"
    page = unescape(kari.get("/tickets/1").text)
    assert "Washing and drying your tent" in page
    assert f'value="{address}"' in page
    assert "By hand." in kari.client.get("/answers/care").text
    begun = unescape(kari.get("/tickets/1", params={"article": address}).text)
    assert f">Washing and drying your tent: {address}\n</textarea>" in begun
    other = unescape(kari.get("/tickets/1", params={"article": "https://evil"}).text)
    assert "evil" not in other
    # Where nobody owes an answer, none is suggested.
    for step in ("reply", "close"):
        version = str(ticket(shop).ticket.version)
        kari.post(f"/tickets/1/{step}", text="By hand, at 30 degrees.", version=version)
        assert "May answer it" not in kari.get("/tickets/1").text
    kari.post("/tickets/1/reopen", version=str(ticket(shop).ticket.version))
    assert "Washing and drying your tent" in unescape(kari.get("/tickets/1").text)
    article.write_text("no title\n")
    assert "Washing and drying your tent" in unescape(kari.get("/tickets/1").text)
    article.unlink()
    assert "May answer it" not in kari.get("/tickets/1").text
    assert kari.client.get("/answers/care").status_code == 404


def test_what_a_person_answered_to_a_survey_stands_by_itself(shop, kari):
    write(shop)
    folder = Path(shop.folder, "surveys")
    folder.mkdir(exist_ok=True)
    (folder / "fair.toml").write_text(
        'title = "After the fair"\n[[questions]]\nattribute = "name"\n'
        'label = "Who told you?"\nkind = "text"\n'
    )
    with shop.database.write() as connection:
        match = "ola@example.com"
        details = Details({"name": "A friend"}, None, None)
        hashed = shop.ring.suppression_hash(match)
        row = new_row(match, hashed, match, details, utc_now())
        (number,) = create_contacts(connection, [row])
        connection.exec_driver_sql(f"UPDATE ticket SET contact_id = {number}")
    page = kari.get("/tickets/1").text
    assert "<h3>After the fair</h3>" in page
    assert "<dt>Who told you?</dt><dd>A friend</dd>" in page
    assert "<dt>name</dt>" not in page
    (folder / "fair.toml").unlink()
    assert "<dt>name</dt><dd>A friend</dd>" in kari.get("/tickets/1").text


def test_what_a_person_ordered_stands_beside_and_nothing_where_there_is_none(shop, kari):
    write(shop)
    with shop.database.write() as connection:
        match = "ola@example.com"
        row = new_row(
            match, shop.ring.suppression_hash(match), match, Details({}, None, None),
            utc_now(),
        )  # fmt: skip
        (number,) = create_contacts(connection, [row])
        connection.exec_driver_sql(f"UPDATE ticket SET contact_id = {number}")
        note_event(connection, number, Event(EventKind.VISITED, utc_now()))
    assert "Purchases" not in kari.get("/tickets/1").text
    with shop.database.write() as connection:
        bought = Event(EventKind.ORDERED, utc_now(), "<b>Tent</b> 4711")
        note_event(connection, number, bought)
    page = kari.get("/tickets/1").text
    assert "<h3>Purchases</h3>" in page
    assert "<li>&lt;b&gt;Tent&lt;/b&gt; 4711, " in page


def test_the_letters_beside_a_ticket_are_shown_and_nobody_else_s(shop, kari):
    write(shop)
    write(shop, "x", sender="x@y.example", number=2)
    mine = next(iter(ticket(shop).letters))
    other = next(iter(ticket(shop, 2).letters))
    around = kari.get(f"/tickets/1/letters/{mine}").text
    assert '<a href="/console/tickets/1">Back to ticket #1</a>' in around
    assert f'sandbox="" src="/console/tickets/1/letters/{mine}/html"' in around
    page = kari.get(f"/tickets/1/letters/{mine}/html")
    assert "we have your message" in page.text
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert policy.endswith("sandbox; frame-ancestors 'self'")
    for letter in (other, 999):
        assert kari.get(f"/tickets/1/letters/{letter}").status_code == 404
        assert kari.get(f"/tickets/1/letters/{letter}/html").status_code == 404


def test_a_person_is_unsubscribed_at_her_wish_and_erased_by_an_admin_only(shop, app, kari):
    write(shop)
    assert kari.post("/tickets/1/unsubscribe").status_code == 409
    assert kari.post("/tickets/1/unsubscribe", sure="yes").status_code == 303
    with shop.database.read() as connection:
        key = shop.ring.suppression_hash("ola@example.com")
        (held,) = suppressions_of(connection, key)
    assert held.reason == "unsubscribed"
    assert "Erase this person" not in kari.get("/tickets/1").text
    assert kari.post("/tickets/1/erase", sure="yes").status_code == 409
    ola = signed_in(shop, app, "Ola", Role.ADMIN)
    assert ola.post("/tickets/1/erase").status_code == 409
    answer = ola.post("/tickets/1/erase", sure="yes")
    assert answer.headers["location"] == "/console/?said=erase"
    assert ola.get("/tickets/1").status_code == 404
