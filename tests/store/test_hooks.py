"""What providers post is kept once before it is answered, and acted on as mail is."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from samples.samples import knowledge
from sending import a_campaign
from signing_hooks import KEYS, certificate, of_mailgun, of_postmark, of_sendgrid, of_sns
from sqlalchemy import select, update

from mailer.jobs.hooks import HookAnswer, HookDoor, forget_signed
from mailer.jobs.incoming import Desk, handle_all, keep
from mailer.model.consent import SuppressionReason
from mailer.model.hook import HookKeys, Provider
from mailer.model.token import TokenBox, TokenKind
from mailer.model.verdict import Effect
from mailer.store import incoming
from mailer.store.doortables import HookOnceRow
from mailer.store.suppressions import suppressions_of
from mailer.store.tables import DeliveryRow, IncomingRow, table

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
GONE = "550 5.1.1 <x>: User unknown"
UUID = "883953f4-6105-42a2-a16a-77a8eac79483"


@pytest.fixture
def desk(database, logbook, ring) -> Desk:
    a_campaign(database, ring, 2)
    return Desk(database, logbook, TokenBox(ring), knowledge())


@pytest.fixture
def door(database) -> HookDoor:
    pem = certificate(NOW)
    return HookDoor(database, KEYS, lambda: NOW, lambda _: pem)


def message_id(desk: Desk, delivery: int = 1) -> str:
    return f"<{desk.tokens.for_delivery(TokenKind.MESSAGE, delivery)}@shop.example>"


def return_path(desk: Desk, delivery: int = 1) -> str:
    return f"b+{desk.tokens.for_delivery(TokenKind.RETURN_PATH, delivery)}@b.example"


def bounces(desk: Desk) -> dict[Provider, tuple[dict[str, str], bytes]]:
    """Write what each provider says of the first letter, whose mailbox is not there."""
    who = "p1@example.com"
    recipient = {"emailAddress": who, "status": "5.1.1", "diagnosticCode": f"smtp; {GONE}"}
    status = {"code": 550, "enhanced-code": "5.1.1", "message": GONE}
    ids = {"message-id": message_id(desk).strip("<>")}
    return {
        Provider.SES: of_sns({
            "eventType": "Bounce", "bounce": {"bouncedRecipients": [recipient]},
            "mail": {"source": return_path(desk), "messageId": "0102-1"}}, NOW),
        Provider.SENDGRID: of_sendgrid([{
            "event": "bounce", "email": who, "smtp-id": message_id(desk),
            "sg_event_id": "e-1", "status": "5.1.1", "reason": GONE}], NOW),
        Provider.MAILGUN: of_mailgun({
            "event": "failed", "severity": "permanent", "recipient": who, "id": "e-1",
            "message": {"headers": ids}, "delivery-status": status}, NOW),
        Provider.POSTMARK: of_postmark({
            "RecordType": "Bounce", "Type": "HardBounce", "Email": who, "Details": GONE,
            "Metadata": {"letter": message_id(desk)}, "MessageID": UUID}, NOW),
    }  # fmt: skip


def held(desk: Desk, person: int) -> list[tuple[str, SuppressionReason]]:
    key = desk.logbook.ring.suppression_hash(f"p{person}@example.com")
    with desk.database.read() as connection:
        return [(one.scope, one.reason) for one in suppressions_of(connection, key)]


def kept(desk: Desk) -> list:
    with desk.database.read() as connection:
        return list(connection.execute(select(table(IncomingRow)).order_by("id")))


def relay_calls(desk: Desk, delivery: int, relay_id: str) -> None:
    rows = table(DeliveryRow)
    with desk.database.write() as connection:
        connection.execute(
            update(rows)
            .where(rows.c.id == delivery)
            .values(relay_id=relay_id, state="accepted")
        )


@pytest.mark.parametrize("provider", Provider)
def test_a_bounce_that_a_provider_posts_keeps_letters_from_that_person_only(
    desk, door, provider
):
    headers, body = bounces(desk)[provider]
    assert door.take(provider, headers, body) is HookAnswer.KEPT
    (row,) = kept(desk)
    assert (row.channel, row.sorted_at) == (f"hook-{provider}", None)
    (done,) = handle_all(desk, NOW)
    assert done.verdict.effect is Effect.SUPPRESSED
    assert held(desk, 1) == [("marketing", SuppressionReason.BOUNCED)]
    assert held(desk, 2) == []
    # Posted again, and once more: it is known, and nothing is done again.
    for _ in range(2):
        assert door.take(provider, headers, body) is HookAnswer.KEPT
    assert list(handle_all(desk, NOW)) == []
    assert len(kept(desk)) == 1


@pytest.mark.parametrize("provider", Provider)
def test_what_is_not_signed_by_it_is_not_even_kept(desk, door, provider):
    headers, body = bounces(desk)[provider]
    forged = dict.fromkeys(headers, "Basic eDp5")
    body = body.replace(b'"Signature": "', b'"Signature": "AA').replace(b"t-1", b"t-2")
    assert door.take(provider, forged, body) is HookAnswer.REFUSED
    assert kept(desk) == []


@pytest.mark.parametrize("provider", Provider)
def test_the_same_words_by_mail_prove_nothing(desk, provider):
    event = {
        "event": "bounce", "email": "p1@example.com", "RecordType": "Bounce",
        "Type": "HardBounce", "Email": "p1@example.com", "MessageID": UUID,
        "sg_message_id": UUID, "notificationType": "Bounce",
        "bounce": {"bouncedRecipients": [{"emailAddress": "p1@example.com",
                                          "status": "5.1.1"}]},
        "mail": {"messageId": UUID},
    }  # fmt: skip
    relay_calls(desk, 1, UUID)
    raw = json.dumps(event).encode()
    keep(desk.database, raw, "lmtp", NOW)
    keep(desk.database, b"From: x@amazonses.com\n\n" + raw, "lmtp", NOW)
    assert all(done.verdict is None for done in handle_all(desk, NOW))
    assert held(desk, 1) == []


def test_the_relay_s_own_id_ties_what_a_provider_signed_to_the_letter(desk, door):
    relay_calls(desk, 1, UUID)
    event = {
        "RecordType": "Bounce", "Type": "HardBounce", "Email": "p1@example.com",
        "Details": GONE, "MessageID": UUID,
    }  # fmt: skip
    # Another's address with this id is not the letter's.
    door.take(Provider.POSTMARK, *of_postmark(event | {"Email": "p2@example.com"}, NOW))
    door.take(Provider.POSTMARK, *of_postmark(event, NOW))
    first, second = handle_all(desk, NOW)
    assert (first.verdict, second.verdict.effect) == (None, Effect.SUPPRESSED)
    assert (held(desk, 1), held(desk, 2)) == (
        [("marketing", SuppressionReason.BOUNCED)], [],
    )  # fmt: skip


def test_a_token_of_mailgun_s_comes_with_one_event_only(desk, door):
    first = {"event": "delivered", "id": "e-1", "recipient": "p1@example.com"}
    other = {
        "event": "complained", "id": "e-2", "recipient": "p1@example.com",
        "message": {"headers": {"message-id": message_id(desk)}},
    }  # fmt: skip
    assert door.take(Provider.MAILGUN, *of_mailgun(first, NOW)) is HookAnswer.KEPT
    assert door.take(Provider.MAILGUN, *of_mailgun(other, NOW)) is HookAnswer.REFUSED
    # The same event told again with a new token is known.
    assert door.take(Provider.MAILGUN, *of_mailgun(first, NOW, "t-2")) is HookAnswer.KEPT
    assert len(kept(desk)) == 1
    assert forget_signed(desk.database, timedelta(days=3), NOW) == 0
    assert forget_signed(desk.database, timedelta(days=3), NOW + timedelta(days=99)) == 2
    with desk.database.read() as connection:
        assert connection.execute(select(table(HookOnceRow))).all() == []


@pytest.mark.parametrize(
    "word", ["processed", "delivered", "deferred", "bounce", "spamreport", "unsubscribe"]
)
def test_an_event_settles_a_letter_in_doubt(desk, door, word):
    rows = table(DeliveryRow)
    with desk.database.write() as connection:
        connection.execute(update(rows).values(state="in_doubt"))
    event = {
        "event": word, "email": "p1@example.com", "smtp-id": message_id(desk),
        "sg_event_id": "e-1",
    }  # fmt: skip
    door.take(Provider.SENDGRID, *of_sendgrid([event], NOW))
    list(handle_all(desk, NOW))
    with desk.database.read() as connection:
        found = connection.execute(select(rows.c.id, rows.c.state).order_by(rows.c.id))
        assert [tuple(row) for row in found] == [(1, "accepted"), (2, "in_doubt")]


def test_a_complaint_at_a_provider_stops_all_marketing(desk, door):
    event = {
        "event": "spamreport", "email": "p1@example.com", "smtp-id": message_id(desk),
        "sg_event_id": "e-1",
    }  # fmt: skip
    door.take(Provider.SENDGRID, *of_sendgrid([event], NOW))
    (done,) = handle_all(desk, NOW)
    assert done.verdict.effect is Effect.COMPLAINED
    assert held(desk, 1) == [("marketing", SuppressionReason.COMPLAINED)]


def test_who_leaves_at_a_provider_has_left_the_letter_s_list(desk, door):
    event = {
        "event": "unsubscribe", "email": "p1@example.com", "smtp-id": message_id(desk),
        "sg_event_id": "e-1",
    }  # fmt: skip
    door.take(Provider.SENDGRID, *of_sendgrid([event], NOW))
    (done,) = handle_all(desk, NOW)
    assert done.words == "unsubscribed at the provider"
    assert held(desk, 1) == [("list:news", SuppressionReason.UNSUBSCRIBED)]
    assert held(desk, 2) == []
    # What it said of her is not kept any longer, and no ticket is made of it.
    assert [(bytes(row.raw), row.kind) for row in kept(desk)] == [(b"", "unsubscribe")]


@pytest.mark.parametrize("word", ["unsubscribe", "spamreport", "bounce", "delivered"])
def test_what_names_no_letter_of_ours_changes_nothing(desk, door, word):
    event = {
        "event": word, "email": "p1@example.com", "smtp-id": "<1@x>", "sg_event_id": "e",
        "sg_message_id": "none.filter",
    }  # fmt: skip
    door.take(Provider.SENDGRID, *of_sendgrid([event], NOW))
    (done,) = handle_all(desk, NOW)
    assert done.verdict is None
    assert done.words.startswith("nothing changes")
    assert held(desk, 1) == []
    with desk.database.read() as connection:
        assert incoming.newest(connection, 10) == []


def test_a_hook_that_is_not_set_up_takes_nothing(desk):
    door = HookDoor(desk.database, HookKeys(), lambda: NOW, lambda _: b"")
    for provider, (headers, body) in bounces(desk).items():
        assert door.take(provider, headers, body) is HookAnswer.NOT_SET_UP
    assert kept(desk) == []


def test_a_topic_is_confirmed_where_amazon_says(desk):
    asked: list[str] = []
    pem = certificate(NOW)

    def get(url: str) -> bytes:
        asked.append(url)
        return pem

    door = HookDoor(desk.database, KEYS, lambda: NOW, get)
    url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=x"
    other = {"Type": "SubscriptionConfirmation", "Token": "x", "SubscribeURL": url}
    assert door.take(Provider.SES, *of_sns("x", NOW, **other)) is HookAnswer.KEPT
    assert asked[1:] == [url]
    assert kept(desk) == []


def test_a_topic_that_could_not_be_confirmed_is_asked_for_again(desk):
    answers = [certificate(NOW), b"", b"<ok/>"]
    door = HookDoor(desk.database, KEYS, lambda: NOW, lambda _: answers.pop(0))
    url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=x"
    other = {"Type": "SubscriptionConfirmation", "Token": "x", "SubscribeURL": url}
    request = of_sns("x", NOW, **other)
    assert door.take(Provider.SES, *request) is HookAnswer.LATER
    assert door.take(Provider.SES, *request) is HookAnswer.KEPT
    assert answers == []
