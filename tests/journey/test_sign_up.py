"""Joining by oneself: the page, the letter that asks, the button, the next campaign."""

import email
import email.policy
import io
import re

import pytest
from babel.messages.pofile import read_po, write_po
from journey.program import Relay as MailServer
from journey.program import Shop, get, one_click, post, relay, unsubscribe_link, until

KARI = "kari@example.com"


def confirmation(taken: MailServer, count: int) -> tuple[str, str]:
    """Return the subject and the link of somebody's newest confirmation letter."""
    until(lambda: len(taken.of(KARI)) >= count, "the letter arrives")
    letter = email.message_from_bytes(
        taken.of(KARI)[-1].content, policy=email.policy.default
    )
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["List-Unsubscribe"] is None
    body = letter.get_body(("plain",))
    assert body is not None
    found = re.search(r"http://127\.0\.0\.1:\d+/c/[\w-]+", body.get_content())
    assert found is not None
    return str(letter["Subject"]), found[0]


@pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
def test_who_signs_up_and_confirms_gets_the_next_campaign(
    shop: Shop, database_url: str
) -> None:
    with relay() as taken:
        on_sqlite = database_url.startswith("sqlite")
        shop.make(taken.port, database="sqlite:///mailer.db" if on_sqlite else database_url)
        serve = shop.start()
        page = f"http://127.0.0.1:{shop.port}/join/newsletter"
        assert get(page)[0] == 200
        status, said = post(page, email=KARI, **{"a.name": "Kari <b>", "lang": "x"})
        assert (status, KARI in said) == (200, True)
        subject, link = confirmation(taken, 1)
        assert subject == "Please confirm: News from the mountains"
        assert "pending" in shop.run("contact", "show", KARI)

        assert get(link)[0] == 200
        assert post(link)[0] == 200
        shop.run("campaign", "start", "autumn-sale", "--list", "newsletter", "--yes")
        shop.until_finished(1)
        (_, campaign) = taken.of(KARI)
        assert b"Kari" in campaign.content

        assert one_click(unsubscribe_link(campaign)) == 200
        shop.run("db", "verify")
        told = shop.run("explain", KARI)
        assert "confirmed newsletter by form" in told
        assert "withdrawn newsletter by one_click" in told
        serve.process.terminate()
        assert serve.ended() == 0, serve.log


def in_french(source: str) -> str:
    """Translate a catalogue: every word of it begins with "[fr]"."""
    catalogue = read_po(io.BytesIO(source.encode()), abort_invalid=True)
    for one in catalogue:
        if one.id:
            one.string = f"[fr] {one.id}"
    written = io.BytesIO()
    write_po(written, catalogue)
    return written.getvalue().decode()


def test_the_letter_that_asks_speaks_every_language_that_has_a_catalogue(
    shop: Shop,
) -> None:
    """A new language is two files: one for the pages, one for the letters."""
    with relay() as taken:
        shop.make(taken.port)
        for folder in ("web", "mail"):
            words = shop.folder / "templates" / folder / "words"
            german = (words / "de.po").read_text(encoding="utf-8")
            (words / "fr.po").write_text(in_french(german), encoding="utf-8")
        shop.run("check", "--files")
        serve = shop.start()
        page = f"http://127.0.0.1:{shop.port}/join/newsletter"
        assert post(f"{page}?lang=de", email=KARI)[0] == 200
        subject, _ = confirmation(taken, 1)
        assert subject == "Bitte bestätigen: News from the mountains"
        assert "Guten Tag," in text_of(taken)

        other = "ola@example.com"
        status, said = post(f"{page}?lang=fr", email=other)
        assert (status, "[fr] " in said) == (200, True)
        until(lambda: taken.of(other), "the letter arrives")
        french = email.message_from_bytes(
            taken.of(other)[-1].content, policy=email.policy.default
        )
        assert french["Subject"] == "[fr] Please confirm: News from the mountains"
        body = french.get_body(("plain",))
        assert body is not None
        assert "[fr] Hello," in body.get_content()
        serve.process.terminate()
        assert serve.ended() == 0, serve.log


def text_of(taken: MailServer) -> str:
    letter = email.message_from_bytes(
        taken.of(KARI)[-1].content, policy=email.policy.default
    )
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def require_both_letters(told: str) -> None:
    """Hold the end of an explanation to the welcome and the confirmation letter."""
    welcome, confirming = told.split("\n\n")[-2:]
    assert welcome.startswith("The welcome to newsletter, due ")
    assert confirming.startswith("The letter that asks to confirm a sign-up to newsletter")
    assert all("  accepted by " in one for one in (welcome, confirming))


@pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
def test_who_confirms_is_welcomed_and_may_leave(shop: Shop, database_url: str) -> None:
    with relay() as taken:
        on_sqlite = database_url.startswith("sqlite")
        shop.make(taken.port, database="sqlite:///mailer.db" if on_sqlite else database_url)
        file = shop.folder / "lists" / "newsletter.toml"
        text = file.read_text(encoding="utf-8")
        for line in ("[welcome]", 'template = "welcome"', 'delay = "1h"'):
            assert f"# {line}\n" in text
            text = text.replace(f"# {line}\n", f"{line}\n".replace("1h", "1s"))
        file.write_text(text, encoding="utf-8")
        serve = shop.start()
        page = f"http://127.0.0.1:{shop.port}/join/newsletter"
        assert post(page, email=KARI, **{"a.name": "Kari"})[0] == 200
        _, link = confirmation(taken, 1)
        assert post(link)[0] == 200
        until(lambda: len(taken.of(KARI)) == 2, "the welcome arrives")
        letter = taken.of(KARI)[-1]
        read = email.message_from_bytes(letter.content, policy=email.policy.default)
        body = read.get_body(("plain",))
        assert body is not None
        assert read["Subject"] == "Welcome, Kari"
        assert read["List-Unsubscribe"] is not None
        assert "I can leave with one click" in body.get_content()
        shown = re.search(r"http://127\.0\.0\.1:\d+/b/[\w-]+", body.get_content())
        assert shown is not None
        assert "thank you for joining" in get(shown[0])[1]
        assert one_click(unsubscribe_link(letter)) == 200
        require_both_letters(shop.run("explain", KARI))
        shop.run("db", "verify")
        serve.process.terminate()
        assert serve.ended() == 0, serve.log
