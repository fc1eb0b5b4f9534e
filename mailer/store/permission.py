"""What may leave: one SQL predicate, asked inside the commit that lets a letter go.

`mailer.audience.permission.may_write` gives the same answer with its reason; a property
test for each kind holds the two together on both databases.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    bindparam,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
    type_coerce,
)

from mailer.model.campaign import CampaignState
from mailer.model.consent import SubscriptionStatus, SuppressionReason
from mailer.model.delivery import CauseKind, DeliveryState
from mailer.model.kind import KINDS, Kind, KindRule, Scope
from mailer.store.columns import Instant
from mailer.store.tables import (
    CampaignRow,
    DeliveryRow,
    FrequencyRow,
    ListRow,
    SubscriptionRow,
    SuppressionRow,
    table,
)
from mailer.store.topics import about_hers

_delivery = table(DeliveryRow)
_subscription = table(SubscriptionRow)
_suppression = table(SuppressionRow)
_campaign = table(CampaignRow)
_list = table(ListRow)
_frequency = table(FrequencyRow)
_ONE: ColumnElement[int] = literal_column("1", Integer())

NOW = bindparam("now", type_=Instant())
"""The moment of asking; every statement with a clause of this module binds it."""

COUNTED_STATES = ("sending", "accepted", "in_doubt")
"""What counts against a frequency cap: everything that may have reached the person."""


def _words(kinds: list[Kind]) -> ColumnElement[bool]:
    listed = ", ".join(f"'{kind.value}'" for kind in kinds)
    return literal_column(f"delivery.kind IN ({listed})")


def _kinds(rule: str, *, value: bool = True) -> list[Kind]:
    return [kind for kind, row in KINDS.items() if getattr(row, rule) is value]


def subscription_stands() -> ColumnElement[bool]:
    """A standing, unexpired subscription to words that are still in force."""
    stands = exists(
        select(_ONE)
        .where(
            _subscription.c.contact_id == _delivery.c.contact_id,
            _subscription.c.list_id == _delivery.c.list_id,
            _subscription.c.status == literal_column(f"'{SubscriptionStatus.SUBSCRIBED}'"),
            or_(_subscription.c.expires_at.is_(None), _subscription.c.expires_at > NOW),
            _list.c.id == _delivery.c.list_id,
            _subscription.c.wording >= _list.c.words_floor,
        )
        # Said outright: a subquery that brought its own delivery would ask about another's.
        .correlate(_delivery)
    )
    return or_(_words(_kinds("needs_subscription", value=False)), stands)


def _stopping(scope: Scope, rules: dict[Kind, KindRule]) -> ColumnElement[bool]:
    kinds = [kind for kind, rule in rules.items() if scope in rule.stopped_by]
    if scope is Scope.LIST:
        named = _suppression.c.scope == literal_column("'list:'") + _delivery.c.list_id
    else:
        named = _suppression.c.scope == literal_column(f"'{scope.value}'")
    return named & _words(kinds)


def suppressed(reason: SuppressionReason | None = None) -> ColumnElement[bool]:
    """A suppression in force whose scope stops this kind of letter.

    Args:
        reason: Only one with this reason.
    """
    why: ColumnElement[bool] = (
        true() if reason is None else _suppression.c.reason == literal_column(f"'{reason}'")
    )
    return exists(
        select(_ONE)
        .where(
            _suppression.c.hash == _delivery.c.hash,
            why,
            or_(_suppression.c.until_at.is_(None), _suppression.c.until_at > NOW),
            or_(*(_stopping(scope, KINDS) for scope in Scope)),
        )
        .correlate(_delivery)
    )


def on_topic() -> ColumnElement[bool]:
    """The person chose no topics of the list, or the letter is about one of them."""
    return or_(_words(_kinds("by_topic", value=False)), about_hers())


def cause_stands() -> ColumnElement[bool]:
    """The campaign is running; other causes always stand."""
    return or_(
        _delivery.c.cause_kind != literal_column(f"'{CauseKind.CAMPAIGN}'"),
        exists(
            select(_ONE)
            .where(
                _campaign.c.id == _delivery.c.cause_id,
                _campaign.c.state == literal_column(f"'{CampaignState.RUNNING}'"),
            )
            .correlate(_delivery)
        ),
    )


def window_open() -> ColumnElement[bool]:
    """The person's quiet hours have not begun since the letter was claimed."""
    return or_(
        _words(_kinds("capped", value=False)),
        _delivery.c.open_until.is_(None),
        _delivery.c.open_until > NOW,
    )


_other = _delivery.alias("other")
_CAPPED_KINDS = ", ".join(f"'{kind.value}'" for kind in _kinds("capped"))
_OF_THE_SAME: tuple[ColumnElement[bool], ...] = (
    _other.c.contact_id == _delivery.c.contact_id,
    _other.c.id != _delivery.c.id,
    # A rehearsal reached nobody: it counts for other rehearsals only.
    or_(_other.c.rehearsal.is_(False), _delivery.c.rehearsal.is_(True)),
    literal_column(f"other.kind IN ({_CAPPED_KINDS})"),
)


_CHOSE: ColumnElement[bool] = _frequency.c.contact_id == _delivery.c.contact_id
_DAY_US: ColumnElement[int] = literal_column("86400000000", BigInteger())
# Its times are compared with each letter's own, so the sum stands on the letter's side.
_COUNTS_UNTIL: ColumnElement[int] = (
    type_coerce(_other.c.left_at, BigInteger()) + _frequency.c.days * _DAY_US
)
_SINCE = bindparam("cap_since", type_=Instant())


def _went(states: Iterable[str]) -> ColumnElement[bool]:
    listed = ", ".join(f"'{DeliveryState(state).value}'" for state in states)
    went: ColumnElement[bool] = literal_column(f"other.state IN ({listed})")
    return went


_rival_of = _campaign.alias("rival_of")
_GOES_BEFORE: ColumnElement[bool] = or_(
    _other.c.priority > _delivery.c.priority,
    (_other.c.priority == _delivery.c.priority) & (_other.c.id > _delivery.c.id),
)
"""Of two letters to one person the more important goes first, then the newer."""


def _in_hand(*, ahead: bool) -> ColumnElement[bool]:
    """Also the letters to this person that go first, and are in hand or due."""
    if not ahead:
        return false()
    of_a_running_one = or_(
        literal_column("other.cause_kind <> 'campaign'"),
        exists(
            select(_ONE).where(
                _rival_of.c.id == _other.c.cause_id,
                _rival_of.c.state == literal_column(f"'{CampaignState.RUNNING}'"),
            )
        ),
    )
    in_hand: ColumnElement[bool] = literal_column("other.state = 'claimed'")
    due = literal_column("other.state = 'queued'") & (_other.c.due_at <= NOW)
    of_the_same_mode = _other.c.rehearsal == _delivery.c.rehearsal
    return (
        or_(in_hand, due)
        & (_other.c.give_up_at > NOW)
        & _GOES_BEFORE
        & of_the_same_mode
        & of_a_running_one
    )


def chosen_days() -> ColumnElement[int]:
    """Within how many days the person wants one letter; NULL when she chose nothing."""
    return select(_frequency.c.days).where(_CHOSE).correlate(_delivery).scalar_subquery()


def below_choice(*, ahead: bool = False) -> ColumnElement[bool]:
    """No capped letter went to this person within the days that she chose, if she did.

    Args:
        ahead: Count also the letters to this person that go first, and have not gone yet.
    """
    went = _went(COUNTED_STATES) & (_COUNTS_UNTIL > NOW)
    letter = exists(
        select(_ONE)
        .where(*_OF_THE_SAME, or_(went, _in_hand(ahead=ahead)))
        .correlate(_delivery, _frequency)
    )
    held = exists(
        select(_ONE).where(_CHOSE, _frequency.c.days > 0, letter).correlate(_delivery)
    )
    return or_(_words(_kinds("capped", value=False)), ~held)


def below_cap(*, capped: bool, ahead: bool = False) -> ColumnElement[bool]:
    """No more letters than the person's own choice allows, or else the workspace's cap.

    That is: fewer than `cap_letters` capped letters went to this person since `cap_since`.

    Args:
        capped: The workspace has a cap; without one that clause costs nothing.
        ahead: Count also the letters to this person that go first, and have not gone yet.
    """
    if not capped:
        return below_choice(ahead=ahead)
    went = _went(COUNTED_STATES) & (_other.c.left_at > _SINCE)
    counted = (
        select(func.count())
        .where(*_OF_THE_SAME, or_(went, _in_hand(ahead=ahead)))
        .correlate(_delivery)
        .scalar_subquery()
    )
    return below_choice(ahead=ahead) & or_(
        _words(_kinds("capped", value=False)),
        exists(select(_ONE).where(_CHOSE).correlate(_delivery)),
        counted < bindparam("cap_letters"),
    )


def choice_holding() -> ColumnElement[datetime]:
    """When the last letter left; NULL while none is known to have arrived."""
    return (
        select(func.max(_other.c.left_at))
        .where(*_OF_THE_SAME, _went([DeliveryState.ACCEPTED]))
        .correlate(_delivery)
        .scalar_subquery()
    )


def cap_holding() -> ColumnElement[datetime]:
    """When the letter left that must leave the cap's window before this one may go.

    NULL while fewer than `cap_letters` are known to have arrived: the others may yet turn
    out not to count. Binds `cap_since` and `cap_others`, the cap's letters but one.
    """
    return (
        select(_other.c.left_at)
        .where(*_OF_THE_SAME, _went([DeliveryState.ACCEPTED]), _other.c.left_at > _SINCE)
        .order_by(_other.c.left_at.desc())
        .limit(literal_column("1", Integer()))
        .offset(bindparam("cap_others", type_=Integer()))
        .correlate(_delivery)
        .scalar_subquery()
    )


def superseded(*, capped: bool) -> ColumnElement[bool]:
    """A letter that goes first was chosen over this one, and fills its place under the cap.

    That is one that left while this one waited: after this one was first claimed, or
    planned later than it. Binds `cap_since` with a cap.
    """
    waited = or_(
        _other.c.left_at >= _delivery.c.first_attempt_at, _other.c.id > _delivery.c.id
    )
    counts: ColumnElement[bool] = exists(
        select(_ONE).where(_CHOSE, _COUNTS_UNTIL > NOW).correlate(_delivery, _other)
    )
    if capped:
        counts = or_(
            counts,
            (_other.c.left_at > _SINCE)
            & ~exists(select(_ONE).where(_CHOSE).correlate(_delivery)),
        )
    return exists(
        select(_ONE)
        .where(*_OF_THE_SAME, _went([DeliveryState.ACCEPTED]), _GOES_BEFORE, waited, counts)
        .correlate(_delivery)
    )


def may_leave(*, capped: bool) -> ColumnElement[bool]:
    """Everything that must hold at the moment of leaving, over the delivery table.

    Binds `now`, and with a cap `cap_since` and `cap_letters`.
    """
    return (
        subscription_stands()
        & ~suppressed()
        & on_topic()
        & cause_stands()
        & (_delivery.c.give_up_at > NOW)
        & window_open()
        & below_cap(capped=capped)
    )
