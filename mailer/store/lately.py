"""What was written down within a while, as limits on doors count it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement

from mailer.model.clocks import CLOCKS_APART


def lately(at: ColumnElement[Any], since: datetime, now: datetime) -> ColumnElement[bool]:
    """Say whether something was written down since a moment.

    What is yet to come was written before the clock was put back: counted, it would keep
    a door shut until the clock is as late again.
    """
    return (at > since) & (at <= now + CLOCKS_APART)
