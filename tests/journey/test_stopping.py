"""Stopping `mailer serve`: in peace, in haste, and beside another one."""

import signal
import threading
import time

from journey.program import Shop, relay, until

from mailer.wire.sink import Answer, Received, Step

CONNECTIONS = 3


class Gate:
    """A relay that says nothing to a letter until it is let go."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.reached = threading.Event()

    def rule(self, step: Step, received: Received) -> Answer:
        del received
        if step is Step.CONTENT and not self.open.is_set():
            self.reached.set()
            self.open.wait(60)
        return None


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
