"""Each dialogue of `tests/samples/dialogues`, over each way to a mail server."""

import collections
import itertools
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest
from dialogues import Dialogue, dialogues
from protocol.certificates import Authority
from sending import PlainComposer, Setup, a_campaign, attempts, rows, send_all, states
from sqlalchemy import update

from mailer.jobs.send import Rules
from mailer.model.delivery import Claim
from mailer.model.key import KeyRing
from mailer.model.letter import Letter
from mailer.pace.retry import RetryPlan
from mailer.store.database import Database
from mailer.store.tables import CampaignRow, DeliveryRow, table
from mailer.wire.line import Timeouts, Tls
from mailer.wire.sink import Sink

LETTERS = 4
DESK = "desk@example.net"
LINE = b"x" * 70 + b"\r\n"
QUICK = Timeouts(connect_s=0.6, envelope_s=0.6, data_s=0.6, content_s=0.6, quit_s=0.3)
PATIENT = Timeouts(connect_s=30, envelope_s=30, data_s=30, content_s=30, quit_s=30)
"""For answers that come whole in the end, however slow the machine is."""
RULES = Rules(
    plan=RetryPlan((0.05,), 0), poll_s=0.02, keep_every_s=0.1, drain_s=5, batch=50
)


@dataclass
class VerpComposer(PlainComposer):
    """Letters whose return path says which one it is, whoever they go to."""

    body: bytes
    only_to: str

    def compose(self, claim: Claim) -> Letter:
        letter = super().compose(claim)
        return letter._replace(recipient=self.only_to or letter.recipient)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def play(dialogue: Dialogue, setup: Setup, authority: Authority, sink: Sink) -> None:
    if dialogue.says("tls"):
        setup.tls = Tls(dialogue.says("tls"))
        setup.address["certificate_file"] = str(authority.file)
        sink.tls = authority.server()
    if dialogue.says("login"):
        setup.address |= {"username": "shop", "password": "secret"}
    send_all(setup, sink)


class Way(NamedTuple):
    """A way that speaks to a mail server: to each person, or a rehearsal's to one."""

    pipelined: bool
    only_to: str = ""


PIPELINED = ("pipelined", "sqlite", Way(pipelined=True))
ONE_BY_ONE = ("one at a time", "postgres", Way(pipelined=False))
REHEARSAL = ("rehearsal", "sqlite", Way(pipelined=False, only_to=DESK))


@pytest.mark.parametrize(
    ("dialogue", "database_url", "way"),
    [
        pytest.param(dialogue, database_url, way, id=f"{dialogue} {name}")
        for dialogue in dialogues()
        for name, database_url, way in (PIPELINED, ONE_BY_ONE, REHEARSAL)
        # A rehearsal has the same couriers: each dialogue is enough, in one of its ways.
        if not way.only_to or dialogue.way in {"", "close"}
    ],
    indirect=["database_url"],
)
def test_a_dialogue_ends_as_it_says(  # noqa: PLR0917 - fixtures, most of them
    database: Database,
    ring: KeyRing,
    tmp_path: Path,
    authority: Authority,
    dialogue: Dialogue,
    way: Way,
    caplog: pytest.LogCaptureFixture,
) -> None:
    dialogue = dialogue.begun(pipelined=way.pipelined)
    a_campaign(database, ring, LETTERS)
    rehearsing = bool(way.only_to)
    with database.write() as connection:
        for rows_of in (CampaignRow, DeliveryRow):
            connection.execute(update(table(rows_of)).values(rehearsal=rehearsing))
    sink = Sink(dialogue.rule, extensions=dialogue.offers)
    timeouts = PATIENT if dialogue.way == "drip" else QUICK
    body = LINE * (int(dialogue.says("bytes", "72")) // len(LINE))
    setup = Setup(
        database,
        tmp_path,
        0,
        connections=1,
        rules=RULES,
        relay={"rehearsing": rehearsing},
        address={"timeouts": timeouts, "only_to": way.only_to},
        composer=VerpComposer(body, way.only_to),
    )
    with caplog.at_level(logging.WARNING):
        play(dialogue, setup, authority, sink)
    assert not dialogue.unplayed
    require_states(dialogue, database, sink)
    require_log(dialogue, database)
    match dialogue.says("trouble", "none"):
        case "none":
            assert "in trouble" not in caplog.text
        case "any":
            assert "relay main is in trouble at" in caplog.text
        case stage:
            assert f"relay main is in trouble at {stage}:" in caplog.text
    assert "Traceback" not in caplog.text


def test_each_stage_breaks_off_in_each_way() -> None:
    """Clean close, reset, silence, garbage, slow drip: a dialogue for each of them."""
    stages = {"connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "dot", "quit"}
    ways = {"close", "reset", "silence", "garbage", "trickle", "drip"}
    played = {(one.name, one.way) for one in dialogues()}
    assert set(itertools.product(stages, ways)) - played == set()


def require_states(dialogue: Dialogue, database: Database, sink: Sink) -> None:
    """Nobody is lost, nobody has two, and each delivery says what is true of it."""
    assert states(database) == dialogue.counts("outcome")
    ended = rows(database)
    assert sum(row.deferrals for row in ended) == int(dialogue.says("charged", "0"))
    assert {row.owner_id for row in ended} == {None}
    arrived = collections.Counter(one.message_id for one in sink.received)
    accepted = [f"d{row.id}@example.com" for row in ended if row.state == "accepted"]
    assert arrived == collections.Counter(accepted)
    assert max(sink.seen.values()) == int(dialogue.says("copies", "1"))
    if reply := dialogue.says("reply"):
        assert [row.reply for row in ended if row.state == "refused"] == [reply]


def require_log(dialogue: Dialogue, database: Database) -> None:
    """Each attempt that did not end well is on record, with its stage."""
    if (wanted := dialogue.says("attempts", "none")) == "any":
        return
    # Where it is seen that a line is gone may be one command earlier or later.
    staged = " at " in wanted
    log = (
        f"{one.outcome} at {one.stage}" if staged else one.outcome
        for one in attempts(database)
    )
    assert collections.Counter(log) == dialogue.counts("attempts")
