"""From a letter of ours to what real mail servers say of it, and to the right person.

Postfix and Exim take our letters, find out later that some do not arrive, and bring their
reports to the return path by LMTP, as they write them.
"""

from typing import Any

import pytest
from journey.program import Relay, Shop, free_port, relay, until
from mtas import Places, exim, postfix

from mailer.wire.sink import Answer, Received, Step

RETURNS = "bounces.fjellogfjord.example.com"
GONE, FULL, LATE = "gone@one.example", "full@two.example", "late@three.example"
NOWHERE, FINE = "who@nowhere.example", "fine@one.example"
SERVERS = {"Postfix": postfix, "Exim": exim}


def next_one(step: Step, received: Received) -> Answer:
    """Answer as the servers of five people do."""
    if step is not Step.RCPT:
        return None
    to = received.recipient
    return {
        GONE: f"550 5.1.1 <{to}>: Recipient address rejected: User unknown",
        FULL: f"552 5.2.2 <{to}>: Mailbox is full, quota exceeded",
        LATE: f"450 4.2.0 <{to}>: Greylisted, try again later",
    }.get(to)


@pytest.mark.parametrize("name", SERVERS)
def test_what_a_real_server_brings_back_reaches_the_right_person(
    shop: Shop, name: str
) -> None:
    people = (GONE, FULL, LATE, NOWHERE, FINE)
    with relay(next_one) as onward:
        lmtp_port = free_port()
        with SERVERS[name](Places(onward.port, lmtp_port, RETURNS)) as mta:
            inbox = {"lmtp_port": lmtp_port, "domains": [RETURNS]}
            shop.make(mta.port, inbox=inbox)
            shop.import_people([f"{one},Person" for one in people])
            shop.start()
            shop.run("campaign", "start", "autumn-sale", "--list", "newsletter", "--yes")
            shop.until_finished(1)
            assert shop.counts(1) == {"accepted": len(people)}
            until(lambda: len(_verdicts(shop)) >= 4, f"four reports came: {mta.log}")
            _holds(shop, onward)


def _verdicts(shop: Shop) -> dict[str, dict[str, Any]]:
    return {one["address"]: one for one in shop.json("bounce", "list")}


def _holds(shop: Shop, onward: Relay) -> None:
    said = _verdicts(shop)
    assert {to: (one["notice"], one["effect"]) for to, one in said.items()} == {
        GONE: ("bounce", "suppressed"),
        FULL: ("bounce", "counted"),
        NOWHERE: ("bounce", "counted"),
        LATE: ("report", "nothing"),
    }
    assert [said[to]["reason"] for to in (GONE, FULL, NOWHERE)] == [
        "userunknown", "mailboxfull", "hostunknown",
    ]  # fmt: skip
    assert [one.recipient for one in onward.letters] == [FINE]
    # Only who is not there is written to no more, and why can be read.
    shop.run("campaign", "start", "autumn-sale", "--list", "newsletter", "--again", "--yes")
    assert shop.status(2).campaign.planned == 4
