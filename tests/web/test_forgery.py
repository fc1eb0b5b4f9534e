"""A token opens the door that it was made for, and no forged one opens any.

Each kind of token is carried to each door: to the return path, the Message-ID, the envelope
id and the unsubscribe address of mail, to the pages, and to what providers post. Whatever
was changed in it, by whatever key it was made: nobody's state changes.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from customers import NOW, Someone, World, app_of
from samples.samples import knowledge
from sending import a_campaign
from signing_hooks import KEYS, certificate, of_mailgun, of_postmark, of_sendgrid, of_sns
from sqlalchemy import select, text
from starlette.testclient import TestClient

from mailer.jobs.hooks import HookAnswer, HookDoor
from mailer.jobs.incoming import Desk, handle_all, keep
from mailer.model.hook import Provider
from mailer.model.token import Reader, TokenBox, TokenKind, in_mailbox
from mailer.store.tables import ContactRow, DeliveryRow, IncomingRow, table

HEAD = "From: {sender}\nTo: {to}\nSubject: {subject}\nMIME-Version: 1.0\n"
BOUNCE = (
    HEAD
    + """Return-Path: <>
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example
Original-Envelope-Id: {envelope}

Final-Recipient: rfc822; {address}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--b
Content-Type: text/rfc822-headers

Message-ID: <{message}@shop.example>

--b--
"""
)
COMPLAINT = (
    HEAD
    + """Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: x
Original-Envelope-Id: {envelope}
Original-Rcpt-To: {address}

--b
Content-Type: message/rfc822

Message-ID: <{message}@shop.example>
To: {address}

--b--
"""
)
LEAVING = HEAD + "\nplease\n"


class Case:
    """Somebody with a letter, and all that could change about people."""

    def __init__(self, world: World) -> None:
        self.world = world
        a_campaign(world.database, world.ring, 1)
        rows, people = table(DeliveryRow), table(ContactRow)
        with world.database.read() as connection:
            one = connection.execute(select(rows).order_by(rows.c.id)).first()
            assert one is not None
            self.delivery: int = one.id
            self.address: str = one.address
            who = connection.execute(
                select(people.c.id).where(people.c.id == one.contact_id)
            )
            self.reader = Reader(who.scalar_one(), 1, 1)
        self.desk = Desk(world.database, world.logbook, world.tokens, knowledge())

    def state(self) -> list[object]:
        found: list[object] = []
        tables = ("contact", "subscription", "suppression", "ledger", "verdict", "delivery")
        with self.world.database.read() as connection:
            for name in tables:
                rows = connection.execute(text(f"SELECT * FROM {name} ORDER BY 1, 2"))
                found.append([tuple(map(str, row)) for row in rows])
        return [*found, list(self.world.logbook.lines())]

    def bring(self, raw: str) -> None:
        keep(self.world.database, raw.encode("utf-8", "replace"), "lmtp", NOW)
        assert len(list(handle_all(self.desk, NOW))) == 1


def made(box: TokenBox, kind: TokenKind, case: Case) -> list[str]:
    """Make tokens of a kind with each payload that tokens have."""
    return [
        box.for_delivery(kind, case.delivery),
        box.for_reader(kind, case.reader),
        in_mailbox(box.for_reader(kind, case.reader)),
        box.for_number(kind, case.delivery),
    ]


def damaged(token: str) -> list[str]:
    """Change a token where somebody who has one could try to."""
    turned = {"a": "b", "0": "1"}
    places = range(0, len(token), 5)
    changed = [
        token[:at]
        + turned.get(token[at], "a" if token[at] != "a" else "b")
        + token[at + 1 :]
        for at in places
    ]
    return [*changed, token[:-2], token + token, token[::-1], "", "0" * len(token)]


def forged(case: Case, right: TokenKind) -> list[str]:
    """Return tokens that open nothing where those of a kind are asked for."""
    ring = case.world.ring
    strangers = tuple(replace(key, secret=b"x" * len(key.secret)) for key in ring.keys)
    others = TokenBox(replace(ring, keys=strangers))
    wrong = [
        token
        for kind in TokenKind
        if kind is not right
        for token in made(case.world.tokens, kind, case)
    ]
    of_others = [token for kind in TokenKind for token in made(others, kind, case)]
    genuine = made(case.world.tokens, right, case)
    changed = [one for token in genuine for one in damaged(token)]
    return [*wrong, *of_others, *changed]


def report(form: str) -> Callable[..., str]:
    def write(case: Case, **facts: str) -> str:
        values = {
            "sender": "MAILER-DAEMON@relay.example", "to": "bounces@shop.example",
            "subject": "Undelivered", "address": case.address, "envelope": "x",
            "message": "x",
        }  # fmt: skip
        return form.format(**(values | facts))

    return write


def left(case: Case, **facts: str) -> str:
    values = {"sender": "anyone@example.org", "subject": "unsubscribe"}
    return LEAVING.format(**(values | facts))


DOORS: dict[str, tuple[TokenKind, Callable[..., str], str]] = {
    "a bounce's return path": (TokenKind.RETURN_PATH, report(BOUNCE), "to=b+{}@b.example"),
    "a bounce's Message-ID": (TokenKind.MESSAGE, report(BOUNCE), "message={}"),
    "a bounce's envelope id": (TokenKind.MESSAGE, report(BOUNCE), "envelope={}"),
    "a complaint's return path": (
        TokenKind.RETURN_PATH, report(COMPLAINT), "to=b+{}@b.example",
    ),
    "a complaint's Message-ID": (TokenKind.MESSAGE, report(COMPLAINT), "message={}"),
    "an unsubscribe by mail": (TokenKind.UNSUBSCRIBE, left, "to=leave+{}@shop.example"),
}  # fmt: skip


@pytest.mark.parametrize("door", DOORS)
def test_no_forged_token_in_a_message_changes_anybody_s_state(world: World, door: str):
    kind, write, place = DOORS[door]
    case = Case(world)
    name, _, form = place.partition("=")
    before = case.state()
    for token in dict.fromkeys(forged(case, kind)):
        keep(
            world.database,
            write(case, **{name: form.format(token)}).encode(),
            "lmtp",
            NOW,
        )
    assert list(handle_all(case.desk, NOW))
    assert case.state() == before
    # The same with the token that is asked for does change it.
    good = made(world.tokens, kind, case)[2 if kind is TokenKind.UNSUBSCRIBE else 0]
    case.bring(write(case, **{name: form.format(good)}))
    assert case.state() != before


EVENTS = {
    "bounce": {
        Provider.SES: {
            "eventType": "Bounce",
            "bounce": {"bouncedRecipients": [{"emailAddress": "WHO", "status": "5.1.1"}]},
            "mail": {"source": "b+RETURN@b.example", "messageId": "1"},
        },
        Provider.SENDGRID: {
            "event": "bounce", "email": "WHO", "smtp-id": "<MESSAGE@x>",
            "sg_event_id": "e", "status": "5.1.1",
        },
        Provider.MAILGUN: {
            "event": "failed", "severity": "permanent", "recipient": "WHO", "id": "e",
            "message": {"headers": {"message-id": "MESSAGE@x"}},
            "delivery-status": {"code": 550, "enhanced-code": "5.1.1", "message": "no"},
        },
        Provider.POSTMARK: {
            "RecordType": "Bounce", "Type": "HardBounce", "Email": "WHO", "MessageID": "1",
            "Metadata": {"letter": "<MESSAGE@x>"},
        },
    },
    "complaint": {
        Provider.SES: {
            "eventType": "Complaint",
            "complaint": {"complainedRecipients": [{"emailAddress": "WHO"}]},
            "mail": {"source": "b+RETURN@b.example", "messageId": "1"},
        },
        Provider.SENDGRID: {
            "event": "spamreport", "email": "WHO", "smtp-id": "<MESSAGE@x>",
            "sg_event_id": "e",
        },
        Provider.MAILGUN: {
            "event": "complained", "recipient": "WHO", "id": "e",
            "message": {"headers": {"message-id": "MESSAGE@x"}},
        },
        Provider.POSTMARK: {
            "RecordType": "SpamComplaint", "Type": "SpamComplaint", "Email": "WHO",
            "MessageID": "1", "Metadata": {"letter": "<MESSAGE@x>"},
        },
    },
}  # fmt: skip


def posted(
    what: str, provider: Provider, case: Case, tokens: Sequence[str], number: int
) -> tuple[dict[str, str], bytes]:
    """Return what a provider signs and posts, with an id of its own each time."""
    message, path = (json.dumps(one)[1:-1] for one in tokens)
    said = json.dumps(EVENTS[what][provider]).replace("WHO", case.address)
    said = said.replace("MESSAGE@", f"{message}@").replace("b+RETURN@", f"b+{path}@")
    event = json.loads(said.replace('"e"', f'"e-{number}"'))
    match provider:
        case Provider.SES:
            return of_sns(event, NOW, MessageId=f"m-{number}")
        case Provider.SENDGRID:
            return of_sendgrid([event], NOW)
        case Provider.MAILGUN:
            return of_mailgun(event, NOW, f"t-{number}")
        case Provider.POSTMARK:
            return of_postmark(event | {"MessageID": f"1-{number}"}, NOW)


@pytest.mark.parametrize("what", EVENTS)
@pytest.mark.parametrize("provider", Provider)
def test_no_forged_webhook_changes_anybody_s_state(
    world: World, provider: Provider, what: str
):
    case, pem = Case(world), certificate(NOW)
    door = HookDoor(world.database, KEYS, lambda: NOW, lambda _: pem)
    kinds = (TokenKind.MESSAGE, TokenKind.RETURN_PATH)
    good = [world.tokens.for_delivery(kind, case.delivery) for kind in kinds]
    headers, body = posted(what, provider, case, good, 0)
    before = case.state()
    with TestClient(app_of(world, hooks=door), "https://mail.example.com") as client:
        # Not signed, and with what was signed changed.
        changed = body.replace(b'"Signature": "', b'"Signature": "AA')
        changed = changed.replace(b"t-0", b"t-1").replace(b"sg_event_id", b"sg_event_ID")
        wrong = headers | (
            {"authorization": "Basic eDp5"} if provider == "postmark" else {}
        )
        for said in ({}, wrong):
            answer = client.post(f"/hooks/{provider}", content=changed, headers=said)
            assert answer.status_code == 403
    assert world.count(IncomingRow) == 0
    # Signed, about tokens that are none of ours.
    bad = zip(*(dict.fromkeys(forged(case, one)) for one in kinds), strict=False)
    for number, tokens in enumerate(bad, 1):
        request = posted(what, provider, case, tokens, number)
        assert door.take(provider, *request) is HookAnswer.KEPT
    assert len(list(handle_all(case.desk, NOW))) > 100
    assert case.state() == before
    # The same with what is ours does change it.
    assert door.take(provider, headers, body) is HookAnswer.KEPT
    assert len(list(handle_all(case.desk, NOW))) == 1
    assert case.state() != before


def pressed(client: TestClient, path: str) -> int:
    return client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code


@pytest.mark.parametrize("pages", ["/u/", "/p/", "/confirm/", "/m/"])
def test_no_forged_link_changes_anybody_s_state(
    world: World, page: TestClient, kari: Someone, pages: str
):
    kinds = {
        "/u/": TokenKind.UNSUBSCRIBE, "/p/": TokenKind.PREFERENCES,
        "/confirm/": TokenKind.CONFIRM, "/m/": TokenKind.PAGE,
    }  # fmt: skip
    case = Case(world)
    case.reader = kari.reader
    before = case.state()
    for token in dict.fromkeys(forged(case, kinds[pages])):
        answer = page.post(
            f"{pages}{token}", data={"List-Unsubscribe": "One-Click", "leave": "all"}
        )
        assert answer.status_code in {404, 405}, token
    assert case.state() == before
    if pages == "/u/":
        assert pressed(page, kari.unsubscribe) == 200
        assert case.state() != before
