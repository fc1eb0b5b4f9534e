"""Stopping `mailer serve`: in peace, in haste, and beside another one."""

import contextlib
import shutil
import signal
import time
from collections.abc import Generator
from pathlib import Path

import pytest
from journey.program import Gate, Shop, relay, until
from sqlalchemy import text

from mailer.store.database import open_database
from mailer.wire.sink import Answer, Received, Step

CONNECTIONS = 3


def slowly(step: Step, received: Received) -> Answer:
    del received
    if step is Step.CONTENT:
        time.sleep(0.004)
    return None


def prepare(shop: Shop, port: int, people: int) -> None:
    shop.make(port, relay={"connections": CONNECTIONS})
    shop.import_people([f"p{n}@example.com,Person {n}" for n in range(1, people + 1)])
    shop.run("campaign", "start", "autumn-sale", "--list", "newsletter", "--yes")


def test_sigterm_finishes_what_is_on_the_line_and_begins_nothing(shop: Shop) -> None:
    gate = Gate()
    with relay(gate.rule) as taken:
        prepare(shop, taken.port, 40)
        serve = shop.start()
        assert gate.reached.wait(60)
        serve.signal(signal.SIGTERM)
        until(lambda: "ending in peace" in serve.log, "it heard the signal")
        assert serve.process.poll() is None
        gate.open.set()
        assert serve.ended() == 0, serve.log
        counts = shop.counts(1)
        # Nothing is left in between or in doubt; the rest waits for the next start.
        assert set(counts) == {"accepted", "queued"}
        assert 1 <= counts["accepted"] <= 2 * CONNECTIONS
        assert len(taken.letters) == counts["accepted"]
        shop.start()
        shop.until_finished(1)
        assert shop.counts(1) == {"accepted": 40}
        assert set(taken.copies.values()) == {1}


def test_a_second_ctrl_c_ends_it_at_once_and_is_safe(shop: Shop) -> None:
    gate = Gate()
    with relay(gate.rule) as taken:
        prepare(shop, taken.port, 40)
        serve = shop.start()
        assert gate.reached.wait(60)
        serve.signal(signal.SIGINT)
        until(lambda: "ending in peace" in serve.log, "it heard the first")
        serve.signal(signal.SIGINT)
        assert serve.ended() == 130
        on_the_line = shop.counts(1).get("sending", 0)
        assert 1 <= on_the_line <= CONNECTIONS
        gate.open.set()
        shop.start()
        shop.until_finished(1)
        assert shop.counts(1) == {"accepted": 40 - on_the_line, "in_doubt": on_the_line}
        assert set(taken.copies.values()) == {1}


def test_a_second_serve_is_refused_and_a_sender_may_join(shop: Shop) -> None:
    with relay(slowly) as taken:
        # Small batches, so that there is something left for the second.
        shop.make(taken.port, relay={"connections": 2}, sending={"batch": 10})
        shop.import_people([f"p{n}@example.com,Person {n}" for n in range(1, 301)])
        first = shop.start()
        said = shop.run("serve", status=2)
        assert f"process {first.process.pid} " in said
        assert "mailer serve --only send" in said
        assert "Traceback" not in said
        second = shop.start("--only", "send")
        shop.run("campaign", "start", "autumn-sale", "--list", "newsletter", "--yes")
        shop.until_finished(1)
        assert shop.counts(1) == {"accepted": 300}
        assert set(taken.copies.values()) == {1}
        # Each has two lines: more than that takes both.
        assert taken.sink.open_at_most > 2
        # Who joined is as easily killed, and the first takes over what it held.
        second.kill()
        first.signal(signal.SIGTERM)
        assert first.ended() == 0, first.log
        assert "mailer serves schedules, send, web" in shop.start().log


@contextlib.contextmanager
def a_copy(shop: Shop, folder: Path) -> Generator[Shop]:
    """Give the same workspace on another machine: with a folder and pages of its own."""
    shutil.copytree(shop.folder, folder)
    copied = Shop(folder)
    config = folder / "config.toml"
    said = config.read_text(encoding="utf-8")
    config.write_text(said.replace(str(shop.port), str(copied.port)), encoding="utf-8")
    try:
        yield copied
    finally:
        copied.end()


def end_all_sessions(database_url: str) -> int:
    """End all sessions with a database, as its restart does; return how many."""
    database = open_database(database_url)
    with database.read() as connection:
        ended = connection.execute(
            text(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        ).scalar_one()
    database.close()
    return int(ended)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_two_full_serves_share_a_postgresql_and_outlive_its_restart(
    shop: Shop, database_url: str, tmp_path: Path
) -> None:
    people = 400
    with relay(slowly) as taken:
        shop.make(
            taken.port,
            database=database_url,
            relay={"connections": 2, "per_second": 150.0},
            # Three times as long they have for taking their locks again.
            sending={"batch": 10, "keep_every_s": 2},
        )
        shop.import_people([f"p{n}@example.com,Person {n}" for n in range(1, people + 1)])
        with a_copy(shop, tmp_path / "other") as other:
            serves = [shop.start(), other.start()]
            shop.run("campaign", "start", "autumn-sale", "--list", "newsletter", "--yes")
            for share in (0.2, 0.6):
                until(
                    lambda share=share: len(taken.letters) > share * people,
                    "letters leave",
                    every_s=0.01,
                )
                # Each has its lock, and the work is shared.
                assert end_all_sessions(database_url) > 2
            shop.until_finished(1)
            # Both have found out and go on: nobody was taken for dead.
            for serve in serves:
                until(
                    lambda serve=serve: "it goes on" in serve.log, "it has its lock again"
                )
                assert serve.is_up(), serve.log
            assert end_all_sessions(database_url) > 2
            for serve in serves:
                serve.signal(signal.SIGTERM)
            for serve in serves:
                assert serve.ended() == 0, serve.log
                assert "took back from senders" not in serve.log
                assert "Traceback" not in serve.log
        assert shop.counts(1) == {"accepted": people}
        assert set(taken.copies.values()) == {1}
        assert taken.sink.open_at_most > 2
