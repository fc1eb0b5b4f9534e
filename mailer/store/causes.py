"""The letters of a cause, by the two indexes that begin with it.

Contacts' letters stand in the one, those to nobody (any more) in the other. A condition on
a cause that says neither is answered by reading all of `delivery`.
"""

from sqlalchemy import ColumnElement, and_, exists, or_

from mailer.store.tables import DeliveryRow, table

_delivery = table(DeliveryRow)

OF_CONTACTS = _delivery.c.contact_id.is_not(None)
OF_NOBODY = _delivery.c.contact_id.is_(None)
PARTS = (OF_CONTACTS, OF_NOBODY)


def any_letter(*of_cause: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that a cause has a letter.

    Args:
        of_cause: On `cause_kind` and `cause_id`, and what else it must be.
    """
    return or_(*(exists().where(*of_cause, part) for part in PARTS))


def no_letter(*of_cause: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that a cause has no letter (any more)."""
    return and_(*(~exists().where(*of_cause, part) for part in PARTS))
