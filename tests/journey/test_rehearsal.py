"""From a rehearsal to the first live campaign: nobody gets a letter that was not meant."""

from email import message_from_bytes, policy

import pytest
from journey.program import Shop, one_click, relay, unsubscribe_link, until

PEOPLE = [f"p{number}@example.com,Person {number}" for number in range(1, 6)]
ALL = {f"p{number}@example.com" for number in range(1, 6)}
START = ("campaign", "start", "autumn-sale", "--list", "newsletter", "--yes")
DESK = "desk@example.net"


def go(shop: Shop, mode: str) -> None:
    """Say by hand whether letters go to people, as a marketer does."""
    config = shop.folder / "config.toml"
    lines = config.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("mode =")]
    config.write_text("\n".join([f'mode = "{mode}"', *kept]) + "\n", encoding="utf-8")


def rehearse(shop: Shop) -> int:
    """Rehearse a campaign to its end, a test and half of a slow campaign; count letters."""
    serve = shop.start()
    said = shop.run(*START)
    assert "They are rehearsed while `mailer serve` runs" in said
    shop.until_finished(1)
    assert shop.counts(1) == {"accepted": 5}
    told = shop.run("template", "test", "autumn-sale", "--to", "me@example.com")
    assert "accepted by outbox for me@example.com" in told
    # A slow one is still under way when letters begin to go to people.
    shop.run(*START, "--again", "--pace", "0.1")
    until(lambda: "queued" in shop.counts(2), "the second one is planned")
    serve.process.terminate()
    assert serve.ended() == 0, serve.log
    outbox = sorted((shop.folder / "outbox").iterdir())
    assert {one.name.rpartition("-")[0] for one in outbox} == ALL | {"me@example.com"}
    return len(outbox)


def test_nothing_of_a_rehearsal_reaches_anybody_and_nothing_goes_on_when_it_is_live(
    shop: Shop,
) -> None:
    with relay() as taken:
        shop.make(taken.port, mode="rehearsal", campaigns={"again_within_days": 7})
        shop.import_people(PEOPLE)
        rehearsed = rehearse(shop)
        assert not taken.sink.seen
        go(shop, "live")
        serve = shop.start()
        until(
            lambda: shop.status(2).campaign.state == "cancelled",
            "what was rehearsed has ended",
        )
        assert "it was a rehearsal" in shop.run("campaign", "status", "2")
        said = shop.run("campaign", "resume", "2", status=2)
        assert "it cannot be resumed" in said
        # What was rehearsed is not "sent lately": nobody has to say --again.
        shop.run(*START)
        shop.until_finished(3)
        assert {letter.recipient for letter in taken.letters} == ALL
        assert set(taken.copies.values()) == {1}
        assert len(list((shop.folder / "outbox").iterdir())) == rehearsed
        assert "Rehearsal, campaign 1" in shop.run("explain", "p1@example.com")
        serve.process.terminate()
        assert serve.ended() == 0, serve.log
        assert "@" not in serve.log
    shop.run("db", "verify")


def test_all_letters_go_to_one_address_and_show_whom_they_were_for(shop: Shop) -> None:
    with relay() as taken:
        shop.make(taken.port, mode="rehearsal", rehearsal={"to": DESK})
        shop.import_people(PEOPLE)
        shop.start()
        shop.run(*START)
        shop.until_finished(1)
        shop.run("template", "test", "autumn-sale", "--to", "me@example.com")
        assert {letter.recipient for letter in taken.letters} == {DESK}
        assert not (shop.folder / "outbox").exists()
        heads = [
            message_from_bytes(letter.content, policy=policy.default)
            for letter in taken.letters
        ]
        shown = {str(head["To"]) for head in heads}
        assert shown == {
            f'"for {address}" <{DESK}>' for address in {*ALL, "me@example.com"}
        }
        assert all("Rehearsal for " in head["Subject"] for head in heads)
        # Whoever reads it there may try its links: nobody leaves by them.
        assert one_click(unsubscribe_link(taken.letters[0])) == 200
        told = shop.run("explain", "p1@example.com")
        assert "withdrawn" not in told
        assert shop.json("segment", "count", "newsletter")[0]["people"] == 5


@pytest.mark.parametrize("part", ["all", "web"])
def test_without_a_mode_nothing_is_sent_and_readers_can_still_leave(
    shop: Shop, part: str
) -> None:
    with relay() as taken:
        shop.make(taken.port)
        shop.import_people(PEOPLE)
        serve = shop.start()
        shop.run(*START)
        shop.until_finished(1)
        serve.process.terminate()
        assert serve.ended() == 0
        config = shop.folder / "config.toml"
        text = config.read_text(encoding="utf-8").replace('mode = "live"\n', "")
        config.write_text(text, encoding="utf-8")
        said = shop.run(*START, "--again", status=2)
        assert 'write mode = "live" at its top' in said
        if part == "all":
            ended = shop.start(wait=False)
            assert ended.ended() == 2
            assert 'write mode = "live" at its top' in ended.log
        else:
            shop.start("--only", "web")
            assert one_click(unsubscribe_link(taken.letters[0])) == 200
        assert len(taken.letters) == 5
