"""Days on which something is wrong: it is said clearly, and nothing is lost."""

import resource
import sqlite3
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from journey.program import Shop, get, relay, until
from ports import free_port

from mailer.wire.sink import Answer, Received, Step

START = ("campaign", "start", "autumn-sale", "--list", "newsletter", "--yes")


def people(count: int) -> list[str]:
    return [f"p{n}@example.com,Person {n}" for n in range(1, count + 1)]


def test_a_relay_that_is_down_charges_no_letter(shop: Shop) -> None:
    port = free_port()
    shop.make(port)
    shop.import_people(people(10))
    shop.run(*START)
    serve = shop.start()
    until(lambda: "relay main is in trouble at connect" in serve.log, "it is said")
    # The pages go on, and so does everything else.
    assert get(f"http://127.0.0.1:{shop.port}/health")[0] == 200
    assert {one["attempts"] for one in shop.deliveries(1)} <= {0, 1}
    with relay() as taken:
        taken.stop()
        taken.start(port)
        shop.until_finished(1)
        assert "relay main takes letters again" in serve.log
        assert shop.counts(1) == {"accepted": 10}
        assert set(taken.copies.values()) == {1}


def test_a_relay_that_greylists_gets_its_letters_later(shop: Shop) -> None:
    seen: set[str] = set()

    def rule(step: Step, received: Received) -> Answer:
        if step is Step.RCPT and received.recipient not in seen:
            seen.add(received.recipient)
            return "451 4.7.1 Greylisted, come back later"
        return None

    with relay(rule) as taken:
        shop.make(taken.port)
        shop.import_people(people(20))
        shop.run(*START)
        shop.start()
        shop.until_finished(1)
        assert shop.counts(1) == {"accepted": 20}
        assert set(taken.copies.values()) == {1}
        told = shop.run("explain", "p7@example.com", "1")
        assert "451 4.7.1 Greylisted" in told
        assert "accepted by main" in told


def test_a_relay_that_is_slow_is_waited_for_and_one_that_falls_silent_is_not(
    shop: Shop,
) -> None:
    silent: list[str] = []
    given_up = threading.Event()

    def rule(step: Step, received: Received) -> Answer:
        if step is not Step.CONTENT:
            return None
        time.sleep(0.05)
        if received.recipient == "p3@example.com" and not silent:
            silent.append(received.message_id)
            given_up.wait(60)
        return None

    with relay(rule) as taken:
        # Long enough for a busy machine: whatever else is late would be in doubt too.
        shop.make(taken.port, relay={"timeout_content_s": 5.0, "connections": 1})
        shop.import_people(people(12))
        shop.run(*START)
        shop.start()
        until(lambda: shop.counts(1).get("in_doubt"), "it is waited for no longer")
        given_up.set()
        shop.until_finished(1)
        # It took the letter and said so too late: nobody but the relay can know that.
        assert shop.counts(1) == {"accepted": 11, "in_doubt": 1}
        assert "no answer within 5 s" in shop.run("explain", "p3@example.com", "1")
        assert set(taken.copies.values()) == {1}


def test_a_full_disk_stops_the_sending_and_loses_nothing(shop: Shop) -> None:
    def slowly(step: Step, received: Received) -> Answer:
        del received
        if step is Step.CONTENT:
            time.sleep(0.01)
        return None

    with relay(slowly) as taken:
        shop.make(taken.port, relay={"connections": 4})
        shop.import_people(people(400))
        shop.run(*START)
        room = largest(shop.folder) + 64 * 1024
        serve = shop.start("--only", "send", largest_file_bytes=room)
        until(
            lambda: "nothing leaves until the database can be written" in serve.log,
            "it says so",
        )
        assert "look at the disk" in serve.log or "make room on the disk" in serve.log
        stopped_at = len(taken.copies)
        assert stopped_at < 400
        # Still nothing while it tries again, and again.
        time.sleep(2)
        assert len(taken.copies) <= stopped_at + 4
        assert serve.process.poll() is None
        no_limit = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        for process in serve.processes():
            resource.prlimit(process, resource.RLIMIT_FSIZE, no_limit)
        shop.until_finished(1)
        assert shop.counts(1) == {"accepted": 400}
        assert set(taken.copies.values()) == {1}
    assert "the file is whole" in shop.run("db", "verify")


def largest(folder: Path) -> int:
    """Return the size of the largest file of the database."""
    return max(file.stat().st_size for file in folder.glob("mailer.db*") if file.is_file())


def soon(seconds: float) -> str:
    return f"{datetime.now(UTC) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}"


def schedule(at: str) -> str:
    return f'at = {at}\nzone = "UTC"\ntemplate = "autumn-sale"\nlist = "newsletter"\n'


def test_a_schedule_half_saved_keeps_the_last_good_version_and_says_so(shop: Shop) -> None:
    with relay() as taken:
        shop.make(taken.port)
        (shop.folder / "schedules/weekly-newsletter.toml").unlink()
        shop.import_people(people(5))
        serve = shop.start()
        file = shop.folder / "schedules/soon.toml"
        good = schedule(soon(8))
        file.write_text(good)
        until(lambda: "schedules/soon.toml is in force" in serve.log, "it is in force")
        # Half of the new version is on the disk when the program looks.
        file.write_text('at = 2030-01-01T09:00:00\nzone = "UTC"\ntemplate = "autu')
        until(lambda: "the version before it stays in force" in serve.log, "it is said")
        until(lambda: "fired for" in serve.log, "the last good version fires")
        shop.until_finished(1)
        assert shop.counts(1) == {"accepted": 5}
        (listed,) = shop.json("schedule", "list")
        assert listed["problem"].startswith("schedules/soon.toml: Unterminated string")
        assert "Traceback" not in serve.log


def test_a_template_half_saved_when_it_is_due_is_waited_for(shop: Shop) -> None:
    with relay() as taken:
        shop.make(taken.port)
        (shop.folder / "schedules/weekly-newsletter.toml").unlink()
        shop.import_people(people(5))
        body = shop.folder / "templates/mail/autumn-sale/body.html"
        whole = body.read_text(encoding="utf-8")
        body.write_text(whole[: whole.index("{% endfor %}")], encoding="utf-8")
        serve = shop.start()
        (shop.folder / "schedules/soon.toml").write_text(schedule(soon(1)))
        until(
            lambda: "waits a moment: templates/mail/autumn-sale" in serve.log, "it is said"
        )
        assert "Traceback" not in serve.log
        assert taken.letters == []
        body.write_text(whole, encoding="utf-8")
        until(lambda: "fired for" in serve.log, "it fires")
        shop.until_finished(1)
        assert shop.counts(1) == {"accepted": 5}


def test_a_template_changed_in_the_middle_of_a_campaign_changes_no_letter_of_it(
    shop: Shop,
) -> None:
    seen: set[str] = set()

    def rule(step: Step, received: Received) -> Answer:
        if step is Step.CONTENT and received.recipient not in seen:
            seen.add(received.recipient)
            return "451 4.3.0 try again"
        return None

    with relay(rule) as taken:
        shop.make(taken.port, sending={"retry_plan_s": [2.0]})
        shop.import_people(people(6))
        shop.run(*START)
        shop.start()
        until(lambda: len(seen) == 6, "each was tried once")
        body = shop.folder / "templates/mail/autumn-sale/body.html"
        body.write_text("<p>half a let{% if", encoding="utf-8")
        shop.until_finished(1)
        assert shop.counts(1) == {"accepted": 6}
        assert all(b"autumn prices are here" in letter.content for letter in taken.letters)


def test_two_programs_at_once_make_one_campaign_of_a_firing(shop: Shop) -> None:
    """`schedule run` by hand while serve fires the same: the row is unique."""
    with relay() as taken:
        shop.make(taken.port)
        (shop.folder / "schedules/weekly-newsletter.toml").unlink()
        shop.import_people(people(5))
        occurrence = soon(4)
        (shop.folder / "schedules/soon.toml").write_text(schedule(occurrence))
        serve = shop.start()
        until(lambda: "fired for" in serve.log, "it fires")
        run = ("schedule", "run", "soon", "--occurrence", occurrence[:16], "--yes")
        assert "fired" in shop.run(*run, status=2)
        shop.until_finished(1)
        assert len(shop.json("campaign", "list")) == 1
        assert len(taken.letters) == 5


def test_a_clock_that_was_put_back_between_two_starts_holds_nothing_up(
    shop: Shop,
) -> None:
    port = free_port()
    shop.make(port)
    shop.import_people(people(10))
    shop.run(*START)
    serve = shop.start()
    until(lambda: "relay main is in trouble at connect" in serve.log, "it is said")
    serve.kill_all()
    shop.close_database()
    # As a machine leaves it whose clock was three days ahead until it was set.
    ahead = timedelta(days=3) // timedelta(microseconds=1)
    with closing(sqlite3.connect(shop.folder / "mailer.db")) as ours, ours:
        for statement in (
            "UPDATE delivery SET due_at = due_at + ?",
            "UPDATE campaign SET due_at = due_at + ?, created_at = created_at + ?1",
            "UPDATE mark SET number = number + ? WHERE name = 'clock seen'",
        ):
            assert ours.execute(statement, [ahead]).rowcount > 0, statement
    with relay() as taken:
        taken.stop()
        taken.start(port)
        serve = shop.start()
        until(lambda: len(taken.copies) == 10, "all have their letters")
        shop.until_finished(1)
        assert "the clock was put back by" in serve.log
        assert set(taken.copies.values()) == {1}
