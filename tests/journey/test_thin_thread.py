"""The main job from the first to the last layer, with the program as people run it."""

import pytest
from journey.program import Shop, get, one_click, relay, unsubscribe_link

PEOPLE = [
    "ingrid@example.com,Ingrid",
    "bjørn@example.com,Bjørn Ødegård",
    "kari@blåbær.example.com,Kari",
    *(f"p{number}@example.com,Person {number}" for number in range(4, 11)),
]
RECIPIENTS = {
    "ingrid@example.com",
    "bjørn@example.com",
    "kari@xn--blbr-roah.example.com",
    *(f"p{number}@example.com" for number in range(4, 11)),
}
START = ("campaign", "start", "autumn-sale", "--list", "newsletter", "--yes")
LEAVES = "ingrid@example.com"


@pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
def test_ten_people_get_a_letter_and_the_one_who_leaves_gets_no_other(
    shop: Shop, database_url: str
) -> None:
    with relay() as taken:
        on_sqlite = database_url.startswith("sqlite")
        shop.make(taken.port, database="sqlite:///mailer.db" if on_sqlite else database_url)
        shop.import_people(PEOPLE)
        said = shop.run("campaign", "start", "autumn-sale", "--list", "newsletter", "--yes")
        assert "campaign 1 (autumn-sale) is running: 10 letters" in said
        serve = shop.start()
        shop.until_finished(1)
        assert shop.counts(1) == {"accepted": 10}
        assert {letter.recipient for letter in taken.letters} == RECIPIENTS
        assert set(taken.copies.values()) == {1}

        (letter,) = taken.of(LEAVES)
        link = unsubscribe_link(letter)
        # Scanners follow links: looking changes nothing.
        assert get(link)[0] == 200
        assert "subscribed to newsletter" in shop.run("explain", LEAVES, "1")
        assert one_click(link) == 200
        assert one_click(link + "x") == 404
        told = shop.run("explain", LEAVES, "1")
        assert "withdrawn newsletter by one_click" in told
        assert "accepted by main on" in told

        shop.run(*START, "--again")
        shop.until_finished(2)
        assert shop.counts(2) == {"accepted": 9}
        assert len(taken.of(LEAVES)) == 1
        assert "not planned" in shop.run("explain", LEAVES, "2")
        serve.process.terminate()
        assert serve.ended() == 0, serve.log
        assert "Traceback" not in serve.log
    # The log names deliveries and campaigns, never people.
    assert "@" not in serve.log
    shop.run("db", "verify")
