"""Which links people follow: from a letter that arrived to the report of its campaign."""

import http.client
import re
from urllib.parse import urlsplit

import pytest
from journey.program import Shop, relay

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/133.0"}
SHOP = "https://shop.example.com/tents?a=1&b=2"
LINK = '<p><a href="https://shop.example.com/tents?a=1&amp;b=2">Tents</a></p>'


def follow(link: str, method: str = "GET") -> tuple[int, str]:
    place = urlsplit(link)
    connection = http.client.HTTPConnection(place.netloc, timeout=30)
    connection.request(method, place.path, headers=BROWSER)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, answer.headers.get("Location", "")


@pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
def test_links_are_counted_and_what_waits_is_written_at_the_end(
    shop: Shop, database_url: str
) -> None:
    with relay() as taken:
        on_sqlite = database_url.startswith("sqlite")
        shop.make(taken.port, database="sqlite:///mailer.db" if on_sqlite else database_url)
        body = shop.folder / "templates/mail/autumn-sale/body.html"
        text = body.read_text(encoding="utf-8")
        assert "<p>Good walks" in text
        body.write_text(text.replace("<p>Good walks", f"{LINK}<p>Good walks"), "utf-8")
        shop.import_people(["kari@example.com,Kari", "ola@example.com,Ola"])
        serve = shop.start()
        shop.run("campaign", "start", "autumn-sale", "--list", "newsletter", "--yes")
        shop.until_finished(1)
        letters = [taken.of(f"{name}@example.com")[0].content for name in ("kari", "ola")]
        links = {link for one in letters for link in _counted(one)}
        # The same for everybody: nobody can be told by it.
        assert len(links) == 1
        (link,) = links
        for _ in range(3):
            assert follow(link) == (302, SHOP)
        assert follow(link, "HEAD") == (302, SHOP)
        serve.process.terminate()
        assert serve.ended() == 0, serve.log
        found = shop.json("campaign", "report", "1")
        assert found["links"] == [
            {"url": SHOP, "variant": "en", "people": 3, "machines": 1}
        ]
        shop.run("db", "verify")


def _counted(content: bytes) -> set[str]:
    text = content.replace(b"=\r\n", b"").decode()
    return set(re.findall(r"http://127\.0\.0\.1:\d+/r/[\w-]+", text))
