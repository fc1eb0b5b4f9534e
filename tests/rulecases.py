"""Rules and people for tests: what Hypothesis draws, and how people get into a database."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select

from mailer.model.attributes import NUMBER_LIMIT, AttributeSpec, AttributeType
from mailer.model.evaluate import Facts
from mailer.model.event import EventKind
from mailer.model.person import Person
from mailer.model.rule import (
    Always,
    And,
    Anniversary,
    Compare,
    Contains,
    Created,
    Day,
    EngagedWithin,
    Fixed,
    JoinedWithin,
    Known,
    Length,
    Member,
    Name,
    Not,
    OneOf,
    Operator,
    Or,
    Received,
    ReceivedWithin,
    Today,
    Truthy,
)
from mailer.store.eventtables import EventRow
from mailer.store.tables import CampaignRow, ContactRow, DeliveryRow, SubscriptionRow, table

T = AttributeType

SPECS = {
    spec.name: spec
    for spec in (
        AttributeSpec("country", T.TEXT),
        AttributeSpec("city", T.TEXT, "Ålesund"),
        AttributeSpec("points", T.NUMBER),
        AttributeSpec("visits", T.NUMBER, 1.5),
        AttributeSpec("birthday", T.DATE),
        AttributeSpec("joined", T.DATE, "2026-03-29"),
        AttributeSpec("loyal", T.BOOLEAN),
        AttributeSpec("adult", T.BOOLEAN, True),
        AttributeSpec("interests", T.TEXTS),
        AttributeSpec("tags", T.TEXTS, ["tents", "ål"]),
    )
}
"""One attribute of each type without a default, and one with."""


def name_of(name: str) -> Name:
    """Return the name as a rule has it."""
    if name in {"language", "time_zone"}:
        return Name(name, T.TEXT)
    spec = SPECS[name]
    default = tuple(spec.default) if isinstance(spec.default, list) else spec.default
    return Name(name, spec.type, default)  # type: ignore[arg-type]


def _names(type: AttributeType) -> st.SearchStrategy[Name]:
    found = [name for name, spec in SPECS.items() if spec.type is type]
    if type is T.TEXT:
        found += ["language", "time_zone"]
    return st.sampled_from([name_of(name) for name in found])


WORDS = (
    "NO", "SE", "no", "", " ", "%", "_", "a%b", "a_b", "O'Brien", '"', "\\", "\\'",
    "Ålesund", "A\u030alesund", "å", "z", "Z", "tents", "ål", "1", "1.5", "true", "null",
    "[]", '["tents"]', '{"a":1}', "\ue000", "\uffff", "\U00010000", "😀", "\u200b",
    "\ufeff", "\x01", "\x7f", "\t", "2026-03-29", "Europe/Oslo", "en", "\u00df", "ss",
    "İ", "i",
)  # fmt: skip
"""Few words, so that they meet; each has broken somebody's comparison."""

texts = st.sampled_from(WORDS) | st.text(
    # PostgreSQL's JSONB cannot hold NUL, and no database half a pair.
    st.characters(exclude_characters="\x00", exclude_categories=("Cs",)),
    max_size=4,
)
numbers = (
    st.sampled_from(
        [
            0, -0.0, 0.0, 1, 1.0, -1, 1.5, 0.1, 0.30000000000000004, 0.3, 5e-324, 1e-7,
            1e308, -1e308, 1e22, 1e23, 2**31, 2**53 - 1, 2**53, float(2**53), 2**53 + 1,
            -(2**53), -(2**53) - 1, 2**63 - 1, 2**63, -(2**63), 2**64, 10**30,
            123456789012.345,
        ]
    )
    | st.integers(-3, 3)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
)  # fmt: skip
days = st.sampled_from(
    ["2026-03-28", "2026-03-29", "2026-03-30", "2024-02-29", "2027-02-28", "2026-02-28",
     "1980-03-29", "1980-03-30", "0001-01-01", "9999-12-31"]
) | st.dates(date(2026, 1, 1), date(2027, 12, 31)).map(date.isoformat)  # fmt: skip
almost_days = st.sampled_from(
    ["2026-02-30", "0000-00-00", "2026-3-29", "2026-03-29\n", "2026-03-29 ", "20260329",
     "2026-03-29T00:00:00", "\uff12026-03-29", "2026-03-2\u0669", "2026-W13-7"]
)  # fmt: skip
lists_of_texts = st.lists(
    texts
    | st.sampled_from(["tents", "ål"])
    | st.integers(0, 1)
    | st.none()
    | st.booleans(),
    max_size=4,
)
stored_values = (
    st.none()
    | st.booleans()
    | numbers
    | texts
    | days
    | almost_days
    | lists_of_texts
    | st.lists(st.lists(texts, max_size=2), max_size=2)
    | st.dictionaries(texts, texts, max_size=2)
)
_FITTING = {
    T.TEXT: texts,
    T.NUMBER: numbers,
    T.BOOLEAN: st.booleans(),
    T.DATE: days | almost_days,
    T.TEXTS: lists_of_texts,
}
attributes = st.fixed_dictionaries(
    {},
    optional={name: _FITTING[spec.type] | stored_values for name, spec in SPECS.items()},
)

ZONES = (
    None, "", "Europe/Oslo", "America/St_Johns", "America/Havana", "Pacific/Kiritimati",
    "Pacific/Apia", "Etc/GMT+12", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Cairo",
    "UTC", "europe/oslo", "Mars/Olympus", "x'y\"z", "posix/UTC",
)  # fmt: skip
FALLBACKS = ("UTC", "Europe/Oslo", "Pacific/Auckland")
LISTS = ("news", "tips")
CAMPAIGNS = ("spring", "høst", "O'Brien's")

_MICROSECOND = timedelta(microseconds=1)
moments = st.sampled_from(
    [
        datetime(2026, 3, 28, 23, tzinfo=UTC),  # midnight in Oslo before its clocks change
        datetime(2026, 3, 29, 1, tzinfo=UTC),  # the change itself
        datetime(2026, 3, 29, 22, tzinfo=UTC),  # the midnight after it
        datetime(2026, 10, 24, 22, tzinfo=UTC),
        datetime(2026, 10, 25, 23, tzinfo=UTC),
        datetime(2026, 3, 8, 5, tzinfo=UTC),  # Havana skips its midnight
        datetime(2026, 11, 1, 4, tzinfo=UTC),  # and has it twice
        datetime(2026, 3, 29, 10, tzinfo=UTC),  # three days at once on earth
        datetime(2027, 2, 28, 12, tzinfo=UTC),
        datetime(2028, 2, 29, 0, tzinfo=UTC),
    ]
).flatmap(
    lambda at: st.sampled_from([at, at - _MICROSECOND, at + _MICROSECOND])
) | st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the zone
spans = st.sampled_from(
    [timedelta(seconds=90), timedelta(hours=36), timedelta(days=1), timedelta(days=14)]
)


@dataclass(frozen=True)
class Standing:
    """A row of the subscription table."""

    list_id: str
    status: str
    since: datetime
    expires: datetime | None


@dataclass(frozen=True)
class Letter:
    """A row of the delivery table."""

    cause_kind: str
    campaign: str
    state: str
    left: datetime | None


@dataclass(frozen=True)
class Somebody:
    """A contact with a past."""

    attributes: dict[str, object]
    language: str | None
    time_zone: str | None
    created: datetime
    standings: tuple[Standing, ...] = ()
    letters: tuple[Letter, ...] = field(default=())
    did: tuple[datetime, ...] = ()

    def facts(self, contact_id: int, now: datetime, zone: str) -> Facts:
        """Return what a rule may know, told from the past as drawn."""
        return Facts(
            Person(
                contact_id,
                "p@example.com",
                self.attributes,
                self.language,
                self.time_zone,
            ),
            self.created,
            now,
            {
                one.list_id: one.since
                for one in self.standings
                if one.status == "subscribed" and (one.expires is None or one.expires > now)
            },
            self._received(),
            zone,
            max(self.did, default=None),
        )

    def _received(self) -> dict[str, datetime]:
        latest: defaultdict[str, datetime] = defaultdict(
            lambda: datetime(1970, 1, 1, tzinfo=UTC)
        )
        for one in self.letters:
            arrived = one.cause_kind == "campaign" and one.state in {"accepted", "in_doubt"}
            if arrived and one.left is not None:
                latest[one.campaign] = max(latest[one.campaign], one.left)
        return dict(latest)


def _around(now: datetime) -> st.SearchStrategy[datetime]:
    """Draw moments at which something turns, seen from now."""
    edges = spans.flatmap(
        lambda span: st.sampled_from(
            [now - span, now - span - _MICROSECOND, now - span + _MICROSECOND]
        )
    )
    return edges | moments | st.just(now)


@st.composite
def somebody(draw: st.DrawFn, now: datetime) -> Somebody:
    """Draw a contact with a past, seen from now."""
    around = _around(now)
    standings = st.builds(
        Standing,
        st.sampled_from(LISTS),
        st.sampled_from(["subscribed", "subscribed", "unsubscribed", "pending"]),
        around,
        st.none() | around,
    )
    letters = st.builds(
        Letter,
        st.sampled_from(["campaign", "campaign", "journey"]),
        st.sampled_from(CAMPAIGNS),
        st.sampled_from(["accepted", "in_doubt", "refused", "queued"]),
        st.none() | around,
    )
    return Somebody(
        draw(attributes),
        draw(st.none() | texts | st.sampled_from(["nb", "en"])),
        draw(st.sampled_from(ZONES) | texts),
        draw(around),
        tuple(draw(st.lists(standings, max_size=2, unique_by=lambda one: one.list_id))),
        tuple(
            draw(
                st.lists(
                    letters,
                    max_size=2,
                    unique_by=lambda one: (one.cause_kind, one.campaign),
                )
            )
        ),
        tuple(draw(st.lists(around, max_size=2))),
    )


_fixed_numbers = numbers.filter(lambda one: abs(one) <= NUMBER_LIMIT)
_day_operands = st.builds(Day, days) | st.builds(Today, st.integers(-3, 3) | st.integers())
_text_operands = _names(T.TEXT) | st.builds(Fixed, texts)
_lengths = st.builds(Length, _names(T.TEXT) | _names(T.TEXTS))
_number_operands = _names(T.NUMBER) | st.builds(Fixed, _fixed_numbers) | _lengths
_date_operands = _names(T.DATE) | _day_operands
_operators = st.sampled_from(Operator)
_compares = (
    st.builds(Compare, _text_operands, _operators, _text_operands)
    | st.builds(Compare, _number_operands, _operators, _number_operands)
    | st.builds(Compare, _date_operands, _operators, _date_operands)
    | st.builds(Compare, st.just(Created()), _operators, _day_operands)
    | st.builds(Compare, _day_operands, _operators, st.just(Created()))
    | st.builds(
        Compare,
        _names(T.BOOLEAN),
        st.sampled_from([Operator.EQ, Operator.NE]),
        _names(T.BOOLEAN) | st.builds(Fixed, st.booleans()),
    )
)


def _listed(
    operands: st.SearchStrategy[object], values: st.SearchStrategy[object]
) -> st.SearchStrategy[OneOf]:
    return st.builds(OneOf, operands, st.lists(values, min_size=1, max_size=4).map(tuple))


_leaves = (
    _compares
    | _listed(_names(T.TEXT), st.builds(Fixed, texts))
    | _listed(_names(T.NUMBER) | _lengths, st.builds(Fixed, _fixed_numbers))
    | _listed(
        _names(T.DATE) | st.builds(Today, st.integers(-3, 3)) | st.just(Created()),
        st.builds(Day, days),
    )
    | st.builds(Contains, _names(T.TEXTS) | _names(T.TEXT), _text_operands)
    | st.builds(
        Truthy,
        st.sampled_from([name_of(name) for name in SPECS]) | _lengths | st.just(Created()),
    )
    | st.builds(Known, st.sampled_from([name_of(name) for name in SPECS]))
    | st.builds(Anniversary, _names(T.DATE), st.integers(0, 3) | st.integers(0, 366))
    | st.builds(Member, st.sampled_from(LISTS) | texts)
    | st.builds(JoinedWithin, spans, st.sampled_from(LISTS))
    | st.builds(Received, st.sampled_from(CAMPAIGNS) | texts)
    | st.builds(ReceivedWithin, spans)
    | st.builds(EngagedWithin, spans)
    | st.builds(Always, st.booleans())
)
rules = st.recursive(
    _leaves,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=6,
)


def put(connection: Connection, people: list[Somebody]) -> list[int]:
    """Write people with their past, and return their ids in order."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    campaigns = _put_campaigns(connection, now)
    ids: list[int] = []
    for one in people:
        number = len(ids) + 1
        ids.append(
            connection.execute(
                insert(table(ContactRow)).values(
                    match=f"p{number}@example.com",
                    match_version=1,
                    hash=number.to_bytes(16, "big"),
                    address="p@example.com",
                    attributes=one.attributes,
                    language=one.language,
                    time_zone=one.time_zone,
                    created_at=one.created,
                    updated_at=one.created,
                )
            ).inserted_primary_key[0]  # type: ignore[index]
        )
        _put_past(connection, ids[-1], one, campaigns)
    return ids


def _put_campaigns(connection: Connection, now: datetime) -> dict[str, int]:
    rows = table(CampaignRow)
    known = dict(connection.execute(select(rows.c.name, rows.c.id)).all())
    for name in CAMPAIGNS:
        if name not in known:
            known[name] = connection.execute(
                insert(rows).values(
                    name=name, kind="marketing", state="finished", template="t",
                    list_id="news", segment="", rule="", frozen_hash="", planned=0,
                    planned_up_to=0, audience_up_to=0, created_at=now, due_at=now,
                    reason="", allow_withheld=False,
                )
            ).inserted_primary_key[0]  # fmt: skip  # type: ignore[index]
    return known


_EVENTS = tuple(EventKind)


def _put_past(
    connection: Connection, contact_id: int, one: Somebody, campaigns: dict[str, int]
) -> None:
    for standing in one.standings:
        connection.execute(
            insert(table(SubscriptionRow)).values(
                contact_id=contact_id, list_id=standing.list_id, status=standing.status,
                basis="express", wording=1, since_at=standing.since,
                expires_at=standing.expires, ledger_number=1,
            )
        )  # fmt: skip
    for place, at in enumerate(one.did, contact_id):
        kind = _EVENTS[place % len(_EVENTS)]
        connection.execute(
            insert(table(EventRow)).values(
                contact_id=contact_id, kind=kind.value, about="", at=at
            )
        )
    for letter in one.letters:
        connection.execute(
            insert(table(DeliveryRow)).values(
                cause_kind=letter.cause_kind, cause_id=campaigns[letter.campaign],
                kind="marketing", lane=3, contact_id=contact_id, hash=b"h" * 16,
                address="p@example.com", list_id="news", state=letter.state, attempt=1,
                deferrals=0, due_at=one.created, give_up_at=one.created,
                left_at=letter.left,
            )
        )  # fmt: skip
