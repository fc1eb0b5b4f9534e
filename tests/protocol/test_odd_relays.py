"""Relays that say at the opening of a line what no standard lets them say."""

from pathlib import Path

import pytest
from sending import Setup, a_campaign, send_all, states

from mailer.model.key import KeyRing
from mailer.store.database import Database
from mailer.wire.sink import Answer, Received, Rule, Sink, Step

LATIN_1 = "Anmeldung für heute gesperrt".encode("latin-1")

OFFERED = ("PIPELINING", "AUTH PLAIN")

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def once(step: Step, answer: Answer) -> Rule:
    """Give an answer the first time that a step comes."""
    given: list[Step] = []

    def rule(at: Step, received: Received) -> Answer:
        del received
        if at is step and not given:
            given.append(at)
            return answer
        return "235 2.7.0 welcome" if at is Step.AUTH else None

    return rule


@pytest.mark.parametrize(
    ("step", "stage"),
    [(Step.BANNER, "connect"), (Step.EHLO, "ehlo"), (Step.AUTH, "auth")],
)
def test_words_in_an_old_encoding_are_trouble_and_no_end_of_the_sender(
    database: Database,
    ring: KeyRing,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    step: Step,
    stage: str,
) -> None:
    a_campaign(database, ring, 3)
    sink = Sink(once(step, b"554 5.7.1 " + LATIN_1), extensions=OFFERED)
    setup = Setup(database, tmp_path, 0, connections=1)
    setup.address = {"username": "shop", "password": "secret"}
    send_all(setup, sink)
    assert states(database) == {"accepted": 3}
    words = "554 5.7.1 Anmeldung f\ufffdr heute gesperrt"
    assert f"relay main is in trouble at {stage}: {words}" in caplog.text


@pytest.mark.parametrize("step", [Step.BANNER, Step.EHLO, Step.AUTH])
def test_no_words_of_a_relay_reach_into_the_terminal(
    database: Database,
    ring: KeyRing,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    step: Step,
) -> None:
    a_campaign(database, ring, 3)
    sink = Sink(once(step, b"\x1b]0;all is well\x07\x1b[2J"), extensions=OFFERED)
    setup = Setup(database, tmp_path, 0, connections=1)
    setup.address = {"username": "shop", "password": "secret"}
    send_all(setup, sink)
    assert states(database) == {"accepted": 3}
    assert "?]0;all is well??[2J" in caplog.text
    assert "\x1b" not in caplog.text


@pytest.mark.parametrize("size", ["²", "9" * 5_000, "-1", "10 MB"])
def test_a_size_that_is_no_number_is_none(
    database: Database, ring: KeyRing, tmp_path: Path, size: str
) -> None:
    a_campaign(database, ring, 3)
    words = f"250-relay.example.com\r\n250-PIPELINING\r\n250 SIZE {size}"
    sink = Sink(once(Step.EHLO, words))
    send_all(Setup(database, tmp_path, 0, connections=1), sink)
    assert states(database) == {"accepted": 3}
