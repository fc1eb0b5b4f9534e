"""Killed at any moment: no recipient is lost, none gets two copies, few are in doubt."""

import random
from collections import Counter
from dataclasses import dataclass, field

import pytest
from journey.program import Serve, Shop, relay, until

from mailer.wire.sink import Answer, Received, Step

PEOPLE = 300
CONNECTIONS = 6
SEED = 20261121


@dataclass
class Killer:
    """Kills a program in the middle of its dialogue, after so many steps of it."""

    chance: random.Random
    serve: Serve | None = None
    steps_left: int = 0
    open_lines: int = 0
    moments: list[Step] = field(default_factory=list)

    def aim(self, serve: Serve, open_lines: int = CONNECTIONS) -> None:
        self.steps_left = self.chance.randrange(40, 260)
        self.open_lines = open_lines
        self.serve = serve

    def rule(self, step: Step, received: Received) -> Answer:
        del received
        self.steps_left -= 1
        if self.serve is not None and self.steps_left <= 0:
            serve, self.serve = self.serve, None
            self.moments.append(step)
            # Before the answer: the letter on this line may or may not have arrived.
            serve.kill_all()
        return None


@pytest.mark.parametrize(
    ("database_url", "kills", "senders"),
    [("sqlite", 5, 1), ("postgres", 3, 1), ("sqlite", 3, 2), ("postgres", 3, 2)],
    indirect=["database_url"],
)
def test_killed_at_random_moments_nothing_is_lost_or_doubled(
    shop: Shop, database_url: str, kills: int, senders: int
) -> None:
    killer = Killer(random.Random(SEED))
    print(f"seed {SEED}")
    with relay(killer.rule) as taken:
        on_sqlite = database_url.startswith("sqlite")
        shop.make(
            taken.port,
            database="sqlite:///mailer.db" if on_sqlite else database_url,
            relay={"connections": CONNECTIONS, "letters_per_connection": 40},
            sending={"senders": senders, "drain_s": 5, "poll_s": 0.1, "keep_every_s": 0.5},
        )
        shop.import_people([f"p{n}@example.com,Person {n}" for n in range(1, PEOPLE + 1)])
        shop.run("campaign", "start", "autumn-sale", "--list", "newsletter", "--yes")
        doubts = 0
        for _ in range(kills):
            dead = shop.latest_sender()
            serve = shop.start(wait=False)
            killer.aim(serve)
            until(lambda serve=serve: serve.process.poll() is not None, "it is killed")
            until(shop.nobody_works, "PostgreSQL has ended their sessions")
            # One letter a line at most is neither safely queued nor known. What those
            # killed before were sending may still be so: PostgreSQL's are given time.
            on_the_line = shop.sending_of_senders_after(dead)
            assert on_the_line <= CONNECTIONS
            doubts += on_the_line
        print("killed at", [step.value for step in killer.moments])
        shop.start()
        shop.until_finished(1)
        found = shop.counts(1)
        assert set(found) <= {"accepted", "in_doubt"}
        assert sum(found.values()) == PEOPLE
        assert found.get("in_doubt", 0) == doubts <= kills * CONNECTIONS
        # Doubled: none, by the Message-ID and by the person.
        assert set(taken.copies.values()) == {1}
        got = Counter(letter.recipient for letter in taken.letters)
        assert set(got.values()) == {1}
        # Lost: none. Who is accepted has it; who is missing is on the list of doubts.
        by_state = {
            state: {one["address"] for one in shop.deliveries(1) if one["state"] == state}
            for state in ("accepted", "in_doubt")
        }
        assert by_state["accepted"] <= set(got)
        assert set(got) <= by_state["accepted"] | by_state["in_doubt"]


def test_doubts_are_listed_and_a_person_settles_them(shop: Shop) -> None:
    killer = Killer(random.Random(SEED))
    with relay(killer.rule) as taken:
        shop.make(taken.port, relay={"connections": 1})
        shop.import_people([f"p{n}@example.com,Person {n}" for n in range(1, 21)])
        shop.run("campaign", "start", "autumn-sale", "--list", "newsletter", "--yes")

        def at_a_content(step: Step, received: Received) -> Answer:
            if step is Step.CONTENT and len(taken.copies) == 5:
                assert killer.serve is not None
                killer.serve.kill()
                taken.sink.rule = lambda step, received: None
            return None

        taken.sink.rule = at_a_content
        killer.serve = shop.start(wait=False)
        until(lambda: killer.serve.process.poll() is not None, "it is killed")
        shop.start()
        shop.until_finished(1)
        assert shop.counts(1) == {"accepted": 19, "in_doubt": 1}
        (doubt,) = [one for one in shop.deliveries(1) if one["state"] == "in_doubt"]
        assert "in doubt" in shop.run("explain", doubt["address"], "1")
        # Nobody guesses: it is sent again when a person says so, with the same Message-ID.
        shop.run("campaign", "resolve", "1", "--as", "again", "--all")
        until(lambda: shop.counts(1) == {"accepted": 20}, "all are accepted")
        assert sorted(taken.copies.values()) == [1] * 19 + [2]
