"""A campaign in figures: what came of its letters, minute by minute, in one pass each.

A million deliveries are read once; the database groups by one number that holds state,
reason and minute together, because sorting words costs twice as much.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    select,
)

from mailer.model.consent import SubscriptionStatus
from mailer.model.delivery import DeliveryState, Withheld
from mailer.store.causes import PARTS
from mailer.store.columns import Instant, from_instant
from mailer.store.tables import DeliveryRow, LedgerRow, SubscriptionRow, table

_delivery = table(DeliveryRow)
_ledger = table(LedgerRow)
_subscription = table(SubscriptionRow)

_MINUTE_US = 60_000_000
_CODES = 32
_ENDS: tuple[tuple[DeliveryState, str | None], ...] = (
    *((state, None) for state in DeliveryState if state is not DeliveryState.WITHHELD),
    *((DeliveryState.WITHHELD, reason.value) for reason in Withheld),
    (DeliveryState.WITHHELD, None),
)
"""Every way in which a letter can stand; its place here is its code."""

_MOST_REFUSALS = 2_000


@dataclass(frozen=True, slots=True)
class Tally:
    """How many letters of a campaign stand alike since one minute.

    Args:
        reason: Why they were withheld, else None.
        minute: When they came there; None for those that have not ended.
    """

    state: DeliveryState
    reason: str | None
    minute: datetime | None
    count: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Letters that one provider's people did not get for one reason.

    Args:
        code: The reply's codes, such as `550 5.1.1`; "" for words of our own.
        provider: The domain of the addresses.
        example: One whole reply.
    """

    code: str
    provider: str
    count: int
    example: str


_OF_CAMPAIGN: ColumnElement[bool] = and_(
    literal_column("delivery.cause_kind = 'campaign'"),
    _delivery.c.cause_id == bindparam("campaign"),
)


def _code() -> ColumnElement[int]:
    whens: list[tuple[ColumnElement[bool], int]] = []
    for place, (state, reason) in enumerate(_ENDS):
        held: ColumnElement[bool] = literal_column(f"delivery.state = '{state.value}'")
        if reason is not None:
            why: ColumnElement[bool] = literal_column(f"delivery.reason = '{reason}'")
            held = and_(held, why)
        whens.append((held, place))
    # Most are accepted: asked first, they cost one comparison.
    whens.sort(key=lambda one: "accepted" not in str(one[0]))
    return case(*whens, else_=len(_ENDS) - 1)


_KEY = (
    literal_column(f"(coalesce(delivery.ended_at, 0) / {_MINUTE_US})", BigInteger())
    * literal_column(str(_CODES), BigInteger())
    + _code()
).label("key")
_tallies = [
    select(_KEY, func.count().label("many")).where(_OF_CAMPAIGN, part).group_by("key")
    for part in PARTS
]


def tallies(connection: Connection, campaign_id: int) -> list[Tally]:
    """Count a campaign's letters by where they stand and since which minute."""
    found: dict[int, int] = {}
    for statement in _tallies:
        for key, many in connection.execute(statement, {"campaign": campaign_id}):
            found[key] = found.get(key, 0) + many
    return [_tally(key, many) for key, many in sorted(found.items())]


def _tally(key: int, many: int) -> Tally:
    minute, code = divmod(key, _CODES)
    state, reason = _ENDS[code]
    at = from_instant(minute * _MINUTE_US) if minute else None
    return Tally(state, reason, at, many)


def refusals(
    connection: Connection, campaign_id: int, states: Sequence[DeliveryState]
) -> list[Refusal]:
    """Count letters that were refused (or expired) by reply code and provider.

    The most frequent come first; what is beyond 2,000 different ones is left out.
    """
    words = "coalesce(delivery.reply, '')"
    # `550 5.1.1 no such user`: up to the second space, where an enhanced code stands there.
    at = "position('@' in delivery.address)"
    if connection.dialect.name == "sqlite":
        at = "instr(delivery.address, '@')"
    code: ColumnElement[str] = literal_column(f"substr({words}, 1, 11)")
    domain = f"lower(substr(delivery.address, {at} + 1))"
    provider: ColumnElement[str] = literal_column(domain)
    listed = ", ".join(f"'{state.value}'" for state in states)
    found: dict[tuple[str, str], Refusal] = {}
    for part in PARTS:
        rows = connection.execute(
            select(
                code.label("code"),
                provider.label("domain"),
                func.count().label("many"),
                func.min(_delivery.c.reply).label("example"),
            )
            .where(_OF_CAMPAIGN, part, literal_column(f"delivery.state IN ({listed})"))
            .group_by("code", "domain")
            .order_by(func.count().desc())
            .limit(_MOST_REFUSALS),
            {"campaign": campaign_id},
        )
        for row in rows:
            key = (codes_of(row.code), row.domain)
            before = found.get(key)
            many = row.many + (before.count if before else 0)
            found[key] = Refusal(
                *key, many, before.example if before else row.example or ""
            )
    return sorted(found.values(), key=lambda one: (-one.count, one.code, one.provider))


def codes_of(reply: str) -> str:
    """Return the codes that a reply begins with: `550 5.1.1`, `550`, or "" for none."""
    code, _, rest = reply.partition(" ")
    if not (len(code) == 3 and code.isdecimal()):  # noqa: PLR2004 - RFC 5321 §4.2
        return ""
    enhanced = rest.partition(" ")[0]
    parts = enhanced.split(".")
    is_enhanced = len(parts) == 3 and all(one.isdecimal() for one in parts)  # noqa: PLR2004 - RFC 3463 §2
    return f"{code} {enhanced}" if is_enhanced else code


LEFT_BY_CAMPAIGN = "campaign "
"""What is before the campaign's number in the source of who left by its link."""


def left_source(campaign_id: int) -> str:
    """Return what the ledger says of people who left by a link of a campaign's letter."""
    return f"{LEFT_BY_CAMPAIGN}{campaign_id}" if campaign_id else ""


def left_by(connection: Connection, campaign_id: int) -> int:
    """Count the people who left by the links of a campaign's letters."""
    found = select(func.count(_ledger.c.contact_id.distinct())).where(
        literal_column("ledger.act = 'withdrawn'"),
        _ledger.c.source == left_source(campaign_id),
    )
    return int(connection.execute(found).scalar_one())


def joined_since(connection: Connection, list_ids: Sequence[str], since: datetime) -> int:
    """Count the people who came to stand on some lists after a moment."""
    found = select(func.count(_subscription.c.contact_id.distinct())).where(
        _subscription.c.list_id.in_(list_ids),
        _subscription.c.status == SubscriptionStatus.SUBSCRIBED.value,
        _subscription.c.since_at > bindparam("since", since, Instant()),
    )
    return int(connection.execute(found).scalar_one())
