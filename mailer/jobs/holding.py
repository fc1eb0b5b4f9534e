"""Holding back what quiet hours and the frequency cap hold, before a courier has it.

The leaving commit has the last word, but it comes after the relay's 354, and a letter that
is held back there costs the whole connection: a campaign to a million people who had their
letter this week would be a million connections.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailer.jobs.settle import Wait, cap_wait, held_back, moved, released
from mailer.model.delivery import Claim
from mailer.model.kind import KINDS
from mailer.model.quiet import QuietRule
from mailer.model.zone import zone_of
from mailer.pace.cap import CapRule, cap_for
from mailer.pace.quiet import Window, window
from mailer.pace.warmup import Plan, Plans
from mailer.store.claims import Cap
from mailer.store.database import Connection, Database
from mailer.store.due import open_until
from mailer.store.held import Held, held, not_now
from mailer.store.lists import quiet_rules
from mailer.store.outcomes import Change, record

_OTHER_TAKES = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Manners:
    """What holds for everybody's letters.

    Args:
        cap: The workspace's; None for none.
        quiet: The workspace's quiet hours and sending days; None for none.
        zone: The time zone of people whose own is not known.
        warm_ups: How much of campaigns sending domains may send on which day.
    """

    cap: CapRule | None = None
    quiet: QuietRule | None = None
    zone: str = "UTC"
    warm_ups: Plans = field(default_factory=dict[str, Plan])


NO_MANNERS = Manners()


def may_be_tried(
    database: Database, claims: Sequence[Claim], manners: Manners, now: datetime
) -> list[Claim]:
    """Write down which claims may not leave as things stand; return the others.

    With quiet hours those get their window, which the leaving commit compares. Where there
    is no cap, and nobody chose how often, nothing is asked about caps.

    Raises:
        DatabaseError: nothing was written.
    """
    rule = manners.cap
    names = {claim.id: (claim.id, claim.fence) for claim in claims}
    cap = None if rule is None else Cap(rule.letters, rule.since(now))
    asks_cap = rule is not None or any(claim.chosen_days for claim in claims)
    with database.read() as connection:
        windows = _windows(connection, claims, manners, now)
        staying = {number for number, one in windows.items() if not one[0].open}
        if asks_cap:
            staying |= not_now(connection, list(names.values()), now, cap)
        if not windows and not staying:
            return list(claims)
        why = held(connection, [names[number] for number in staying], now, cap)
    changes = [
        change
        for claim in claims
        if claim.id in staying
        and (change := _put_off(claim, why.get(claim.id), windows.get(claim.id), rule, now))
        is not None
    ]
    going = [claim for claim in claims if claim.id not in staying]
    with database.write() as connection:
        record(connection, changes)
        ends = [
            (claim.id, claim.fence, windows[claim.id][0].until)
            for claim in going
            if claim.id in windows
        ]
        open_until(connection, ends)
    return going


_Told = tuple[Window, str]
"""A window, and the words of what makes it."""


def _windows(
    connection: Connection, claims: Sequence[Claim], manners: Manners, now: datetime
) -> Mapping[int, _Told]:
    """Return the windows of claims for which quiet hours hold, by their ids."""
    own = quiet_rules(connection)
    if manners.quiet is None and not own:
        return {}
    reckoned: dict[tuple[str | None, str | None], _Told | None] = {}
    found: dict[int, _Told] = {}
    for claim in claims:
        if not KINDS[claim.kind].capped:
            continue
        key = claim.list_id, claim.time_zone
        if key not in reckoned:
            rules = [manners.quiet, own.get(claim.list_id or "")]
            reckoned[key] = _told([one for one in rules if one], claim, manners, now)
        if (told := reckoned[key]) is not None:
            found[claim.id] = told
    return found


def _told(
    rules: Sequence[QuietRule], claim: Claim, manners: Manners, now: datetime
) -> _Told | None:
    if not rules:
        return None
    zone = zone_of(claim.time_zone, manners.zone)
    words = "; ".join(dict.fromkeys(str(rule) for rule in rules))
    return window(rules, zone, now), f"{words} ({zone.key})"


def _put_off(
    claim: Claim,
    held_by: Held | None,
    told: _Told | None,
    rule: CapRule | None,
    now: datetime,
) -> Change | None:
    if held_by is None or not held_by.permitted:
        return held_back(claim, held_by, now, rule)
    if told is not None and not told[0].open:
        return moved(
            claim, Wait("quiet", "quiet", told[1], told[0].until), now, ends=held_by.ends
        )
    if not held_by.may_leave:
        return held_back(claim, held_by, now, rule)
    its_rule = cap_for(held_by.chosen_days, rule)
    if its_rule is None:
        return released(claim, now)
    # Another letter to the same person goes first; it may not arrive.
    return moved(claim, cap_wait(its_rule, now + _OTHER_TAKES), now, ends=held_by.ends)
