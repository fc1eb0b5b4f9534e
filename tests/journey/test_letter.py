"""A letter as a marketer writes it: two languages, images, a price, something attached."""

import email
import email.policy
import html
import http.client
import json
import re
from contextlib import closing
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

from images import png
from journey.program import Relay, Shop, relay
from signatures import Zone

TENT, LOGO, PDF = png(1200, 9), png(90, 30, 3), b"%PDF-1.7 prices"
SETTINGS = """
language = "en"
layout = "newsletter"
subject.en = "{{ name|default('Hello') }}, the tent is here"
subject.nb = "{{ name|default('Hei') }}, teltet er her"
embed = ["logo.png"]
attachments = ["prices.pdf"]

[sample]
name = "Ingrid"
"""
BODY = """# {{ 6490|money("NOK") }}

{{ name|default("you") }}: ![Tent](tent.png) ![Us](logo.png)

{{ button("See it", "https://shop.example.com/") }}
"""


def letter_of(taken: Relay, address: str) -> EmailMessage:
    (found,) = taken.of(address)
    assert max(map(len, found.content.split(b"\r\n"))) <= 998
    message = email.message_from_bytes(found.content, policy=email.policy.default)
    for part in message.walk():
        assert part.defects == []
    return message


def html_of(message: EmailMessage) -> str:
    page = message.get_body(("html",))
    assert page is not None
    return html.unescape(str(page.get_content()))


def fetch(url: str) -> tuple[int, str | None, bytes]:
    parts = urlsplit(url)
    with closing(http.client.HTTPConnection("127.0.0.1", parts.port, timeout=60)) as asked:
        asked.request("GET", parts.path)
        answer = asked.getresponse()
        return answer.status, answer.getheader("Content-Type"), answer.read()


def write_letter(shop: Shop) -> Path:
    shop.run("template", "new", "winter", "--from", "plain-letter")
    folder = shop.folder / "templates/mail/winter"
    (folder / "body.md").unlink()
    (folder / "letter.toml").write_text(SETTINGS, encoding="utf-8")
    (folder / "body.en.md").write_text(BODY, encoding="utf-8")
    (folder / "body.nb.md").write_text(f"Hei\n\n{BODY}", encoding="utf-8")
    (folder / "tent.png").write_bytes(TENT)
    (folder / "logo.png").write_bytes(LOGO)
    (folder / "prices.pdf").write_bytes(PDF)
    return folder


def sign_letters(shop: Shop) -> Zone:
    """Have letters signed, and return what was published of the key."""
    made = json.loads(shop.run("dkim", "new", "example.com", "--json"))
    with (shop.folder / "config.toml").open("a", encoding="utf-8") as config:
        config.write(f'\n[dkim."example.com"]\nselector = "{made["selector"]}"\n')
    return Zone({made["name"]: "".join(made["strings"])})


def check_languages(taken: Relay) -> None:
    kari, ann = letter_of(taken, "kari@example.com"), letter_of(taken, "ann@example.com")
    assert kari["Subject"] == "Kari, teltet er her"
    assert ann["Subject"] == "Ann, the tent is here"
    assert letter_of(taken, "x@example.com")["Subject"] == "Hello, the tent is here"
    assert '<html lang="nb"' in html_of(kari)
    assert "6\xa0490\xa0kr</h1>" in html_of(kari)
    assert "NOK\xa06,490</h1>" in html_of(ann)


def check_enclosures(letter: EmailMessage) -> None:
    (attached,) = list(letter.iter_attachments())
    assert (attached.get_filename(), attached.get_content()) == ("prices.pdf", PDF)
    inside = [one for one in letter.walk() if one.get_content_type() == "image/png"]
    assert [one.get_content() for one in inside] == [LOGO]
    assert f'src="cid:{inside[0]["Content-ID"].strip("<>")}"' in html_of(letter)
    (url,) = re.findall(r'src="(http://[^"]+/i/[0-9a-f]{64}\.png)"', html_of(letter))
    assert fetch(url) == (200, "image/png", TENT)
    assert fetch(url.replace("/i/", "/i/../"))[0] == 404


def test_each_gets_the_letter_in_their_language_with_all_that_belongs_to_it(
    shop: Shop,
) -> None:
    with relay() as taken:
        shop.make(taken.port)
        folder = write_letter(shop)
        zone = sign_letters(shop)
        rows = ("kari@example.com,Kari,nb", "ann@example.com,Ann,en-GB", "x@example.com,,")
        shop.import_people(rows, "email,name,language")
        shop.run("campaign", "start", "winter", "--list", "newsletter", "--yes")
        # What was started is what goes out, whatever the files hold by then.
        (folder / "tent.png").write_bytes(png(1200, 9, 1))
        (folder / "prices.pdf").unlink()
        serve = shop.start()
        shop.until_finished(1)
        assert shop.counts(1) == {"accepted": 3}
        check_languages(taken)
        check_enclosures(letter_of(taken, "kari@example.com"))
        assert all(zone.verifies(one.content) for one in taken.letters)
        # Each is shown as it left, to the last byte, whatever is known of her by now.
        shop.import_people(("kari@example.com,Kirsti,en", "new@example.com,N,"),
                           "email,name,language")  # fmt: skip
        numbers = {one["address"]: one["id"] for one in shop.deliveries(1)}
        for one in taken.letters:
            number = str(numbers[one.recipient])
            assert shop.run_bytes("letter", "show", number, "--raw") == one.content
            assert shop.json("letter", "show", number)["same_bytes_as_sent"] is True
        number = str(numbers["kari@example.com"])
        assert "Kari, teltet er her" in shop.run("letter", "show", number)
        # With another key it is the same letter, and says that its bytes may be others.
        (shop.folder / "config.toml").write_text(
            (shop.folder / "config.toml")
            .read_text(encoding="utf-8")
            .partition("[dkim.")[0],
            encoding="utf-8",
        )
        shown = shop.json("letter", "show", number)
        assert shown["subject"] == "Kari, teltet er her"
        assert shown["same_bytes_as_sent"] is False
        serve.process.terminate()
        assert serve.ended() == 0, serve.log
        assert "Traceback" not in serve.log


def test_a_test_letter_comes_in_the_language_that_is_asked_for(shop: Shop) -> None:
    with relay() as taken:
        shop.make(taken.port)
        write_letter(shop)
        order = ("template", "test", "winter", "--to", "me@example.com")
        assert "accepted by main" in shop.run(*order, "--language", "nb")
        found = letter_of(taken, "me@example.com")
    assert found["Subject"] == "[Test] Ingrid, teltet er her"
    assert [one.get_filename() for one in found.iter_attachments()] == ["prices.pdf"]
