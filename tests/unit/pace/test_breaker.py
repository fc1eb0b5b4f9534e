"""The circuit breaker of a relay: when it opens, when it is tried, how long it rests."""

from datetime import UTC, datetime, timedelta

from mailer.model.outcome import Stage
from mailer.pace.breaker import WELL, Circuit, CircuitState, failed

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def after(circuit: Circuit, stage: Stage, now: datetime) -> Circuit:
    return failed(circuit, stage, SECOND, MINUTE, now)


def test_a_line_that_cannot_be_opened_opens_the_circuit():
    circuit = after(WELL, Stage.CONNECT, NOW)
    assert circuit.state(NOW) is CircuitState.OPEN
    assert circuit.state(NOW + SECOND) is CircuitState.HALF_OPEN


def test_one_broken_line_is_only_a_pause_and_a_second_opens_the_circuit():
    once = after(WELL, Stage.CONTENT, NOW)
    assert once.state(NOW) is CircuitState.CLOSED
    assert once.rests(NOW)
    # Where the clock was put back, nobody waits until it is as late again.
    assert not once.rests(NOW - 2 * SECOND)
    twice = after(once, Stage.MAIL, NOW + SECOND)
    assert twice.state(NOW + SECOND) is CircuitState.OPEN
    assert twice.rest_until == NOW + 3 * SECOND


def test_lines_that_break_in_the_same_moment_are_one_trouble():
    circuit = WELL
    for _ in range(20):
        circuit = after(circuit, Stage.CONTENT, NOW)
    assert circuit == Circuit(1, NOW + SECOND, SECOND, broken=False)


def test_each_rest_is_twice_as_long_up_to_the_longest():
    circuit, now, pauses = WELL, NOW, []
    for _ in range(9):
        circuit = after(circuit, Stage.CONNECT, now)
        assert circuit.rest_until is not None
        pauses.append(circuit.pause / SECOND)
        now = circuit.rest_until
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    for _ in range(5_000):
        circuit = after(circuit, Stage.CONNECT, circuit.rest_until or now)
    assert circuit.pause == MINUTE


def test_a_probe_that_fails_opens_it_again_wherever_it_failed():
    circuit = after(WELL, Stage.CONNECT, NOW)
    again = after(circuit, Stage.CONTENT, NOW + SECOND)
    assert again.state(NOW + SECOND) is CircuitState.OPEN
