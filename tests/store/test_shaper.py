"""What a sender knows of providers, with the loop that hears and the feed that tells."""

import contextlib
import re
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sending import a_campaign, claimed, now

from mailer.jobs.shaper import Shaper
from mailer.model.key import KeyRing
from mailer.model.outcome import Accepted, Deferred, Refused, Reply, Stage
from mailer.pace.providers import Act, Limits, Provider, Providers, Rule
from mailer.pace.shaping import FIRST_REST, Standing, letters_for, probing
from mailer.store.database import Database
from mailer.store.providerstates import keep_states, provider_states

_DOMAINS = 1_500
_NO = Deferred(Reply(421, "4.7.0", "not now"), Stage.RCPT)


@pytest.fixture
def hasty() -> Iterator[None]:
    """Let threads take turns at every opportunity."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_what_others_learnt_is_heard_though_the_clock_is_put_back(
    database: Database,
) -> None:
    at = now()
    shaper = Shaper(lambda: at, Providers({"big": Provider("big", Limits(20))}))
    with database.write() as connection:
        shaper.write_down(connection, at)
        keep_states(connection, {"big": Standing(per_second=5, slowed_at=at)}, at)
        shaper.write_down(connection, at - timedelta(hours=1))
    assert shaper.standing("big").per_second == 5


def test_a_probe_that_is_taken_is_news_at_once(database: Database, ring: KeyRing) -> None:
    (claim,) = claimed(database, ring, 1)
    at = now()
    shaper = Shaper(lambda: at, Providers({"big": Provider("big", Limits(20))}))
    rested = Standing(broken=True, rest_until=at, slowed_at=at, probe_until=at)
    with database.write() as connection:
        keep_states(connection, {"big": rested}, at)
        shaper.write_down(connection, at)
        shaper.heard(
            claim._replace(provider="big"), Accepted(Reply(250, "2.0.0", "ok"), "")
        )
        # Nothing else is claimed there meanwhile that would bring it to the others.
        assert shaper.has_news
        shaper.write_down(connection, at)
        assert not provider_states(connection)["big"].broken
    assert not shaper.has_news


@pytest.mark.parametrize("stage", [Stage.RCPT, Stage.CONTENT])
def test_the_answer_to_a_probe_decides_though_a_rule_asks_for_several(
    database: Database, ring: KeyRing, stage: Stage
) -> None:
    (claim,) = claimed(database, ring, 1)
    at = now()
    rules = (Rule(re.compile("5.7.515"), Act.STOP, after=3),)
    shaper = Shaper(lambda: at, Providers({"big": Provider("big", Limits(20))}, rules))
    resumed = Standing(broken=True, slowed_at=at, mark="550-5.7.515")
    with database.write() as connection:
        keep_states(connection, {"big": probing(resumed, at)}, at)
        shaper.write_down(connection, at)
        shaper.heard(
            claim._replace(provider="big"),
            Refused(Reply(550, "5.7.515", "access denied"), stage),
        )
        shaper.write_down(connection, at)
        standing = provider_states(connection)["big"]
    assert letters_for(standing, at) == 0
    assert standing.rest_until == at + FIRST_REST
    assert standing.probe_until is None


@pytest.mark.usefixtures("hasty")
def test_what_is_heard_while_it_is_written_down_is_neither_lost_nor_in_the_way(
    database: Database, ring: KeyRing
) -> None:
    a_campaign(database, ring, 1)
    (claim,) = claimed(database, ring, 1)
    rules = (Rule(re.compile("not now"), Act.SLOW),)
    shaper = Shaper(now, Providers({"big": Provider("big", Limits())}, rules))

    def hear() -> None:
        for number in range(_DOMAINS):
            shaper.heard(claim._replace(address=f"ada@d{number}.example"), _NO)

    hearing = threading.Thread(target=hear)
    hearing.start()
    while hearing.is_alive():
        with database.write() as connection:
            shaper.write_down(connection, now())
        shaper.told()
    hearing.join()
    with database.write() as connection:
        shaper.write_down(connection, now())
    slowed = {name for name, one in shaper.standings.items() if one.slowed_at}
    assert len(slowed) == _DOMAINS


def test_what_could_not_be_written_down_is_written_the_next_time(
    database: Database, ring: KeyRing
) -> None:
    a_campaign(database, ring, 1)
    (claim,) = claimed(database, ring, 1)
    rules = (Rule(re.compile("not now"), Act.STOP),)
    shaper = Shaper(now, Providers({"big": Provider("big", Limits())}, rules))
    shaper.heard(claim._replace(provider="big"), _NO)
    with contextlib.suppress(OSError), database.write() as connection:
        shaper.write_down(connection, now())
        raise OSError("the disk is full")
    with database.read() as connection:
        assert provider_states(connection) == {}
    assert shaper.has_news
    with database.write() as connection:
        shaper.write_down(connection, now())
    shaper.told()
    with database.read() as connection:
        stopped = provider_states(connection)["big"]
    assert (stopped.stopped, stopped.marks) == ("421-4.7.0", 1)
    assert not shaper.has_news
