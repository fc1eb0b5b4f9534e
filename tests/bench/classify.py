"""`classify`: how much of real reports is understood, and how quickly, on one core."""

import time
from pathlib import Path

from bench.figures import Figure, compared, require
from samples.people import AUTO_REPLIES, CHALLENGES, HUMAN, UNSUBSCRIBERS
from samples.samples import expected, is_false_bounce, judged, knowledge, line_ends, sample

from mailer.model.notice import Bounce, Report
from mailer.triage.sort import sort

NAMES = ("classify", "classify-recipient", "classify-hard")
_RECIPIENT_TARGET = 0.97
_HARD_TARGET = 0.95
_SPEED_TARGET = 1000.0
_FLUFL = 0.757
"""What flufl.bounce alone finds on the whole set that these samples are a third of."""


def run(folder: Path, scale: float) -> list[Figure]:
    """Read every sample with each kind of line end, and time it."""
    del folder
    names = sorted(expected())
    raws = {name: sample(name) for name in names}
    found = {name: sort(raw, knowledge()) for name, raw in raws.items()}
    for name, raw in raws.items():
        kinds = [sort(one, knowledge()) for one in line_ends(raw)]
        require(
            kinds == [found[name]] * 3, f"{name} is read otherwise with other line ends"
        )
        require(not is_false_bounce(name, found[name]), f"{name} is a false bounce")
    people = HUMAN | AUTO_REPLIES | UNSUBSCRIBERS | CHALLENGES
    for name, raw in people.items():
        notice = sort(raw, knowledge())
        require(not isinstance(notice, Bounce | Report), f"{name!r} is a false bounce")
    every = [one for name in names for one in judged(name, found[name])]
    require(len(every) > len(names), "every sample has a recipient but the empty ones")
    recipient = sum(one.recipient for one in every) / len(every)
    hard = sum(one.hard for one in every) / len(every)
    speed = _speed(list(raws.values()), max(1, int(10 * scale)))
    note = (
        f"{len(every)} recipients in {len(names)} samples, {len(people)} people's messages"
    )
    return [
        Figure(
            NAMES[1], recipient, "of all", _FLUFL, compared(recipient, _FLUFL),
            f">= {_RECIPIENT_TARGET}", recipient >= _RECIPIENT_TARGET,
            f"{note}; baseline: flufl.bounce",
        ),
        Figure(
            NAMES[2], hard, "of all", _HARD_TARGET, compared(hard, _HARD_TARGET),
            f">= {_HARD_TARGET}", hard >= _HARD_TARGET, "baseline: the target",
        ),
        Figure(
            NAMES[0], speed, "messages/s", _SPEED_TARGET, compared(speed, _SPEED_TARGET),
            f">= {_SPEED_TARGET:.0f} messages/s", speed >= _SPEED_TARGET,
            "processor time of one core; baseline: the target",
        ),
    ]  # fmt: skip


def _speed(raws: list[bytes], rounds: int) -> float:
    began = time.process_time()
    for _ in range(rounds):
        for raw in raws:
            sort(raw, knowledge())
    return rounds * len(raws) / (time.process_time() - began)
