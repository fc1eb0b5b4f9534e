"""Several senders: shared work, and what happens when one of them, or all, are ended."""

import os
import signal
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
from journey.program import Gate, Serve, Shop, relay, until
from sqlalchemy import text

from mailer.store.database import open_database
from mailer.wire.sink import Answer, Received, Step
from mailer.wiring import places_of, settings_of

CONNECTIONS = 5


def slowly(step: Step, received: Received) -> Answer:
    del received
    if step is Step.CONTENT:
        time.sleep(0.004)
    return None


def prepare(shop: Shop, port: int, database_url: str, people: int) -> None:
    on_sqlite = database_url.startswith("sqlite")
    shop.make(
        port,
        database="sqlite:///mailer.db" if on_sqlite else database_url,
        relay={"connections": CONNECTIONS},
        # Small batches, so that there is something left for each.
        sending={"batch": 10, "drain_s": 5, "keep_every_s": 0.5, "poll_s": 0.1},
    )
    shop.import_people([f"p{n}@example.com,Person {n}" for n in range(1, people + 1)])
    shop.run("campaign", "start", "autumn-sale", "--list", "newsletter", "--yes")


def at_work(shop: Shop) -> list[int]:
    """Return the processes of the senders that have not said good-bye."""
    where = str(shop.folder)
    url = places_of(where, settings_of(where)).database_url
    with closing(open_database(url)) as database, database.read() as connection:
        rows = connection.execute(text("SELECT pid FROM owner WHERE ended_at IS NULL"))
        return [row.pid for row in rows]


@pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
def test_a_sender_that_is_killed_is_started_again_and_all_is_delivered_once(
    shop: Shop, database_url: str
) -> None:
    with relay(slowly) as taken:
        prepare(shop, taken.port, database_url, 400)
        serve = shop.start("--senders", "2")
        until(lambda: len(taken.letters) > 80, "letters leave", every_s=0.01)
        senders = at_work(shop)
        assert len(senders) == 2
        assert serve.process.pid not in senders
        os.kill(senders[0], signal.SIGKILL)
        until(lambda: "it is started again" in serve.log, "it is missed")
        shop.until_finished(1)
        counts = shop.counts(1)
        assert set(counts) <= {"accepted", "in_doubt"}
        assert counts.get("in_doubt", 0) <= (CONNECTIONS + 1) // 2
        assert set(taken.copies.values()) == {1}
        # They share the relay's connections, the new one with the one that stayed.
        assert CONNECTIONS // 2 < taken.sink.open_at_most <= CONNECTIONS
        serve.signal(signal.SIGTERM)
        assert serve.ended() == 0, serve.log
        until(lambda: not serve.group_lives(), "nothing is left of it")
        assert "Traceback" not in serve.log


@pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
def test_sigterm_ends_all_senders_in_peace(shop: Shop, database_url: str) -> None:
    with relay(slowly) as taken:
        prepare(shop, taken.port, database_url, 300)
        serve = shop.start("--senders", "2")
        until(lambda: len(taken.letters) > 50, "letters leave", every_s=0.01)
        # As a service manager does: it reaches all of them.
        os.killpg(serve.process.pid, signal.SIGTERM)
        assert serve.ended() == 0, serve.log
        until(lambda: not serve.group_lives(), "nothing is left of it")
        counts = shop.counts(1)
        assert set(counts) == {"accepted", "queued"}
        assert len(taken.letters) == counts["accepted"]
        assert at_work(shop) == []


@pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
def test_ctrl_c_twice_ends_all_senders_at_once_and_is_safe(
    shop: Shop, database_url: str
) -> None:
    gate = Gate()
    with relay(gate.rule) as taken:
        prepare(shop, taken.port, database_url, 60)
        serve = shop.start("--senders", "2")
        assert gate.reached.wait(60)
        # As a terminal does: it reaches all of them.
        os.killpg(serve.process.pid, signal.SIGINT)
        until(lambda: "ending in peace" in serve.log, "it heard the first")
        os.killpg(serve.process.pid, signal.SIGINT)
        assert serve.ended() == 130
        until(lambda: not serve.group_lives(), "nothing is left of it")
        assert "Traceback" not in serve.log
        on_the_line = shop.counts(1).get("sending", 0)
        assert 1 <= on_the_line <= CONNECTIONS
        gate.open.set()
        shop.start()
        shop.until_finished(1)
        assert shop.counts(1) == {"accepted": 60 - on_the_line, "in_doubt": on_the_line}
        assert set(taken.copies.values()) == {1}


def test_senders_whose_program_was_killed_end_in_peace(shop: Shop) -> None:
    with relay(slowly) as taken:
        prepare(shop, taken.port, "sqlite:", 400)
        serve = shop.start("--senders", "2")
        until(lambda: len(taken.letters) > 50, "letters leave", every_s=0.01)
        # The program alone: it waits until its senders have noticed.
        serve.kill()
        counts = shop.counts(1)
        assert set(counts) == {"accepted", "queued"}
        assert len(taken.letters) == counts["accepted"]


def kill_scribe(serve: Serve, shop: Shop) -> None:
    """Kill what was started and is no sender."""
    known = {*at_work(shop), serve.process.pid}
    for process in Path("/proc").glob("[0-9]*"):
        pid = int(process.name)
        with suppress(OSError):
            was_started = b"spawn_main" in (process / "cmdline").read_bytes()
            if was_started and pid not in known and os.getpgid(pid) == serve.process.pid:
                os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("senders", [1, 2])
def test_a_scribe_that_is_killed_is_replaced_and_nobody_is_in_doubt(
    shop: Shop, senders: int
) -> None:
    with relay(slowly) as taken:
        prepare(shop, taken.port, "sqlite:", 400)
        serve = shop.start("--senders", str(senders))
        until(lambda: len(taken.letters) > 50, "letters leave", every_s=0.01)
        kill_scribe(serve, shop)
        until(lambda: "nothing is lost" in serve.log, "it is missed")
        shop.until_finished(1)
        assert shop.counts(1) == {"accepted": 400}
        assert set(taken.copies.values()) == {1}


def test_more_senders_than_connections_are_refused_with_words(shop: Shop) -> None:
    shop.make(1, relay={"connections": 2})
    said = shop.run("serve", "--senders", "3", status=2)
    assert "`connections` under [relay] in config.toml is 2" in said
    assert "Traceback" not in said
