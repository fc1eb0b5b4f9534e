"""The page about people's data: made from what is really configured, for everybody."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from customers import NOW, app_of
from starlette.testclient import TestClient

from mailer.config.fields import Settings
from mailer.config.mailboxes import MailboxSettings
from mailer.config.privacy import handling_of
from mailer.config.relay import Relay
from mailer.config.webhooks import Webhook
from mailer.jobs.forget_origins import forget_old_origins
from mailer.model.consent import Act, How, NewEntry
from mailer.store import ledger
from mailer.store.ledgercheck import verify_chain
from mailer.workspace.lists import read_lists

MAILBOX = MailboxSettings(
    address="Shop <help@example.com>", hours=("mon-fri 09:00-17:00",), staff=("Kari",)
)
HOOK = Webhook(url="https://shop.example.net/hook", secret_env="S")


def page_of(world, folder, settings):
    app = app_of(
        world,
        folder=folder,
        lists=lambda: read_lists(str(folder)),
        handling=handling_of(settings),
    )
    return TestClient(app, "https://mail.example.com", follow_redirects=False)


def test_the_page_says_who_why_with_whom_and_how_to_correct_it(world, folder):
    settings = Settings(
        mode="live",
        relay=Relay(host="relay.example.net"),
        webhooks={"shop": HOOK},
        mailboxes={"help": MAILBOX},
        privacy={"contact": "privacy@example.com"},
    )
    answer = page_of(world, folder, settings).get("/privacy")
    assert answer.status_code == 200
    for words in (
        "Storgata 1, Bergen", "privacy@example.com", "News from the &lt;mountains&gt;",
        "What is new.", "relay.example.net", "shop.example.net", "help@example.com",
        "https://mail.example.com/me", "https://mail.example.com/join/news",
        "30 days", "encrypted lines only", "without knowing by whom",
    ):  # fmt: skip
        assert words in answer.text, words
    assert answer.headers["x-robots-tag"] == "all"
    assert "set-cookie" not in answer.headers


def test_what_is_not_done_is_not_said(world, folder):
    settings = Settings(mode="live", relay=Relay(host="relay.example.net", tls="none"))
    text = page_of(world, folder, settings).get("/privacy").text
    assert "encrypted lines only" not in text
    assert "What you write to" not in text
    assert "Reports of mail systems" not in text


def test_the_page_says_how_long_each_kind_of_data_is_kept(world, folder):
    settings = Settings(
        mode="live",
        retention={
            "deliveries_days": 397,
            "letter_values_days": 177,
            "tickets_days": 731,
            "evidence_days": 31,
        },
        inbox={"kept_for_days": 77, "domains": ("example.com",)},
        sign_up={"kept_for_days": 23},
        mailboxes={"help": MAILBOX},
    )
    text = page_of(world, folder, settings).get("/privacy").text
    assert re.findall(r"(\d+) days</li>", text) == [
        "23", "31", "397", "177", "731", "77",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("nb", "Slik behandler vi opplysningene dine"),
        ("de", "Wie wir mit Ihren Daten umgehen"),
    ],
)
def test_the_page_is_there_in_each_language(world, folder, language, title):
    answer = page_of(world, folder, Settings(mode="live")).get(f"/privacy?lang={language}")
    assert title in answer.text
    assert "Only if you agree" not in answer.text


def test_every_other_page_names_it(page, kari):
    for path in ("/me", "/join/news", kari.unsubscribe, kari.preferences, "/nothing"):
        assert 'href="/privacy"' in page.get(path).text, path


def test_old_network_addresses_go_and_the_ledger_still_verifies(world):
    person = world.person()
    entry = NewEntry(
        person.contact_id, "kari@example.com", "news", 1, Act.CONFIRMED, NOW, How.FORM,
        network_address="192.0.2.7", agent="Mozilla",
    )  # fmt: skip
    later = replace(entry, at=NOW + timedelta(days=2), network_address="192.0.2.8")
    with world.database.write() as connection:
        ledger.append(connection, world.ring, [entry, later])
    now = NOW + timedelta(days=31)
    assert forget_old_origins(world.database, timedelta(0), now) == 0
    assert forget_old_origins(world.database, timedelta(days=30), now) == 1
    assert forget_old_origins(world.database, timedelta(days=30), now) == 0
    entries = [(one.network_value, one.agent_value) for one in world.entries()[-2:]]
    assert entries == [(None, None), ("192.0.2.8", "Mozilla")]
    assert world.entries()[-2].who_value == "kari@example.com"
    assert verify_chain(world.database, world.ring, []).findings.named == []
