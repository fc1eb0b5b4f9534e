"""What servers refused while we spoke to them leads to the same verdicts as a bounce.

The senders write down what was answered, and nothing more; here it is understood, a little
later and in order, each answer once.
"""

from datetime import datetime, timedelta

from mailer.jobs.judging import Came, judge
from mailer.jobs.logbook import Logbook
from mailer.model.notice import Bounce
from mailer.model.outcome import Stage
from mailer.model.verdict import Verdict
from mailer.store import refused as store
from mailer.store.database import Connection, Database
from mailer.store.refused import RefusedAnswer
from mailer.triage.finding import Finding, Refused
from mailer.triage.judging import concerned
from mailer.triage.knowledge import Knowledge

_PAGE = 100
_SETTLED_AFTER = timedelta(seconds=30)
"""Answers are numbered before they are committed: a later one may be seen first."""

_NOT_OLDER = timedelta(days=2)
_AFTER = {
    Stage.MAIL: Refused.SENDER,
    Stage.RCPT: Refused.RECIPIENT,
    Stage.DATA: Refused.CONTENT,
    Stage.CONTENT: Refused.CONTENT,
}


def any_refused(database: Database, now: datetime) -> bool:
    """Say whether a server refused a letter and nothing was made of it yet."""
    until = now - _SETTLED_AFTER
    with database.read() as connection:
        if store.answers(connection, now - _NOT_OLDER, until, 1):
            return True
        behind = store.behind(connection, until)
    if behind is not None:
        # So that the same answers are not looked through again and again.
        with database.write() as connection:
            store.pass_by(connection, behind)
    return False


def judge_refused(
    database: Database, logbook: Logbook, knowledge: Knowledge, now: datetime
) -> list[tuple[int, Verdict]]:
    """Make verdicts of what servers refused; return them with their deliveries.

    Raises:
        WorkspaceError: when the logbook can't be written; what was said is in force.
    """
    done: list[tuple[int, Verdict]] = []
    while True:
        with database.read() as connection:
            page = store.answers(connection, now - _NOT_OLDER, now - _SETTLED_AFTER, _PAGE)
        if not page:
            return done
        for one in page:
            verdict = judge(
                database, logbook, one.concern, _bounce(one, knowledge), _came(one), now
            )
            if verdict is not None:
                done.append((one.concern.id, verdict))


def _came(one: RefusedAnswer) -> Came:
    def mark(connection: Connection) -> bool:
        return store.pass_by(connection, one.id)

    return Came(None, "attempt", one.id, mark)


def _bounce(one: RefusedAnswer, knowledge: Knowledge) -> Bounce:
    finding = Finding(
        address=one.concern.address,
        status=one.enhanced,
        said=f"{one.code} {one.enhanced} {one.words}",
        after=_AFTER.get(one.stage, Refused.UNSAID),
    )
    return Bounce((concerned(finding, knowledge),), f"{one.concern.relay} refused it")
