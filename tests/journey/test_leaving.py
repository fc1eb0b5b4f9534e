"""Leaving in the middle of a campaign: nothing more leaves for who has left."""

import pytest
from journey.program import Shop, one_click, relay, unsubscribe_link, until

PEOPLE = 60
LEAVES = "p69@example.com"


@pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
def test_a_withdrawal_in_the_middle_of_a_campaign_comes_before_the_next_letter(
    shop: Shop, database_url: str
) -> None:
    with relay() as taken:
        on_sqlite = database_url.startswith("sqlite")
        shop.make(
            taken.port,
            database="sqlite:///mailer.db" if on_sqlite else database_url,
            relay={"per_second": 15.0, "connections": 2},
        )
        shop.import_people([f"p{n}@example.com,Person {n}" for n in range(10, PEOPLE + 10)])
        start = ("campaign", "start", "autumn-sale", "--list", "newsletter", "--yes")
        shop.run(*start)
        serve = shop.start()
        shop.until_finished(1)
        (earlier,) = taken.of(LEAVES)

        shop.run(*start, "--again")
        # Everything is claimed in one batch, so this letter waits in the sender already.
        until(lambda: len(taken.letters) >= PEOPLE + 5, "the second one leaves")
        assert shop.counts(2).get("queued", 0) == 0
        assert len(taken.of(LEAVES)) == 1
        assert one_click(unsubscribe_link(earlier)) == 200
        shop.until_finished(2)

        assert len(taken.of(LEAVES)) == 1
        assert shop.counts(2) == {"accepted": PEOPLE - 1, "withheld": 1}
        assert shop.status(2).withheld == {"permission": 1}
        told = shop.run("explain", LEAVES, "2")
        assert "withheld on" in told
        assert "withdrawn newsletter by one_click" in told
        serve.process.terminate()
        assert serve.ended() == 0, serve.log
