"""How the front desk keeps its promises: what waits, what is late, how soon it answered."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from mailer.model.ticket import TicketState
from mailer.store import ticketqueue
from mailer.store.database import Database
from mailer.store.form_messages import helped_since


@dataclass(frozen=True, slots=True)
class MailboxStats:
    """One mailbox.

    Args:
        late: An answer was due before now.
        answered: First answers within the days asked for.
        in_time: Those of them before they were due.
        median_h: Half of them came within so many hours; None where there were none.
        helped, not_helped: How many said so within those days.
    """

    mailbox: str
    counts: dict[TicketState, int]
    late: int
    answered: int
    in_time: int
    median_h: float | None
    helped: int = 0
    not_helped: int = 0

    def facts(self) -> dict[str, object]:
        """Return it as a row."""
        states = ("new", "open", "waiting", "snoozed", "closed", "spam")
        return {
            "mailbox": self.mailbox or "(none of ours)",
            **{one: self.counts.get(TicketState(one), 0) for one in states},
            "late": self.late,
            "answered": self.answered,
            "in time": self.in_time,
            "median hours": self.median_h,
            "helped": self.helped,
            "not helped": self.not_helped,
        }


def stats(database: Database, days: int, now: datetime) -> list[MailboxStats]:
    """Count the tickets of each mailbox.

    Args:
        days: First answers are counted so far back.
    """
    with database.read() as connection:
        counts = ticketqueue.counts(connection)
        late = ticketqueue.count_late(connection, now)
        helped = helped_since(connection, now - timedelta(days=days))
        answered = ticketqueue.answered_since(connection, now - timedelta(days=days))
    found: list[MailboxStats] = []
    for mailbox in sorted({name for name, _ in counts}):
        mine = [one for one in answered if one[0] == mailbox]
        waits = [(one[2] - one[1]) / timedelta(hours=1) for one in mine]
        found.append(
            MailboxStats(
                mailbox,
                {state: many for (name, state), many in counts.items() if name == mailbox},
                late.get(mailbox, 0),
                len(mine),
                sum(1 for one in mine if one[3] is None or one[2] <= one[3]),
                round(median(waits), 1) if waits else None,
                helped.get((mailbox, "yes"), 0),
                helped.get((mailbox, "no"), 0),
            )
        )
    return found
