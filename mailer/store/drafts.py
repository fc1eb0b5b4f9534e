"""Who is at a ticket, and the answers that were begun."""

from datetime import datetime

from sqlalchemy import Connection, delete, select

from mailer.model.staff import Draft, Presence
from mailer.store.inserting import put
from mailer.store.stafftables import StaffRow, TicketDraftRow
from mailer.store.tables import table

_draft = table(TicketDraftRow)
_staff = table(StaffRow)


def keep_draft(  # noqa: PLR0913 - a draft's own facts
    connection: Connection,
    ticket_id: int,
    staff_id: int,
    text: str | None,
    now: datetime,
    *,
    version: int,
    writing: bool,
) -> None:
    """Keep what somebody has written so far, and that they are there.

    Args:
        text: None leaves what was kept.
    """
    values: dict[str, object] = {"at": now, "version": version}
    values["writing_at"] = now if writing else None
    if text is not None:
        values["text"] = text
    whose = {"ticket_id": ticket_id, "staff_id": staff_id}
    put(connection, _draft, whose, values, new={"text": ""})


def draft_of(connection: Connection, ticket_id: int, staff_id: int) -> Draft | None:
    """Return the answer that somebody has begun; None where there is nothing in it."""
    row = connection.execute(
        select(_draft).where(_draft.c.ticket_id == ticket_id, _draft.c.staff_id == staff_id)
    ).first()
    return Draft(row.text, row.at, row.version) if row is not None and row.text else None


def drop_draft(connection: Connection, ticket_id: int, staff_id: int) -> None:
    """Forget an answer that was begun: it was sent, or is not wanted."""
    connection.execute(
        delete(_draft).where(_draft.c.ticket_id == ticket_id, _draft.c.staff_id == staff_id)
    )


def present(connection: Connection, ticket_id: int, since: datetime) -> list[Presence]:
    """Return who was at a ticket since a moment, who writes first."""
    rows = connection.execute(
        select(_draft, _staff.c.name)
        .join(_staff, _staff.c.id == _draft.c.staff_id)
        .where(_draft.c.ticket_id == ticket_id, _draft.c.at > since)
        .order_by(_staff.c.folded)
    )
    found = [
        Presence(
            row.staff_id, row.name, row.at,
            row.writing_at is not None and row.writing_at > since,
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda one: not one.writing)
