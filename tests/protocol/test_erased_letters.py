"""A person is erased while her letter is on the line: no other letter goes to nobody."""

from pathlib import Path

import pytest
from sending import Setup, a_campaign, now, rows, send_all, states
from sqlalchemy import select

from mailer.jobs.send import Rules
from mailer.model.key import KeyRing
from mailer.model.kind import Kind
from mailer.pace.retry import RetryPlan
from mailer.store import erasing
from mailer.store.database import Database
from mailer.store.tables import AttemptRow, table
from mailer.wire.sink import Answer, Received, Sink, Step


@pytest.mark.parametrize("kind", [Kind.TRANSACTIONAL, Kind.MARKETING])
@pytest.mark.parametrize("answer", ["451 4.3.0 later", "421 4.3.2 closing"])
def test_a_letter_that_is_put_off_after_its_person_was_erased_is_not_tried_again(
    database: Database, ring: KeyRing, tmp_path: Path, kind: Kind, answer: str
) -> None:
    a_campaign(database, ring, 3, kind=kind)
    asked: list[str] = []

    def rule(step: Step, received: Received) -> Answer:
        if step is Step.RCPT:
            asked.append(received.recipient)
        if step is not Step.CONTENT or received.recipient != "p1@example.com":
            return None
        with database.write() as connection:
            erasing.erase_letters(connection, [1], now())
        return answer

    rules = Rules(plan=RetryPlan((0.05,), 0), poll_s=0.02, keep_every_s=0.1, drain_s=5)
    send_all(Setup(database, tmp_path, 0, connections=1, rules=rules), Sink(rule))
    assert states(database) == {"accepted": 2, "withheld": 1}
    assert [row.reason for row in rows(database)] == ["erased", None, None]
    # The envelope of the next one may have ridden ahead, and gone out again.
    assert set(asked) == {f"p{number}@example.com" for number in (1, 2, 3)}
    assert asked.count("p1@example.com") == 1


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("550 5.1.1 <p1@example.com> unknown", "refused"),
        ("250 2.0.0 <p1@example.com> ok, queued as p1@example.com", "accepted"),
        ("451 4.3.0 <p1@example.com> later", "withheld"),
    ],
)
def test_what_a_server_says_of_who_was_erased_meanwhile_is_not_kept(
    database: Database, ring: KeyRing, tmp_path: Path, answer: str, state: str
) -> None:
    a_campaign(database, ring, 2)

    def rule(step: Step, received: Received) -> Answer:
        if step is not Step.CONTENT or received.recipient != "p1@example.com":
            return f"250 2.0.0 <{received.recipient}> ok" if step is Step.CONTENT else None
        with database.write() as connection:
            erasing.erase_letters(connection, [1], now())
        return answer

    rules = Rules(plan=RetryPlan((0.05,), 0), poll_s=0.02, keep_every_s=0.1, drain_s=5)
    send_all(Setup(database, tmp_path, 0, connections=1, rules=rules), Sink(rule))
    assert rows(database)[0].state == state
    with database.read() as connection:
        told = connection.execute(select(table(AttemptRow))).all()
    kept = f"{[*rows(database)]} {told}"
    assert "p1@" not in kept
    # Of the other it is.
    assert "p2@example.com" in rows(database)[1].reply
