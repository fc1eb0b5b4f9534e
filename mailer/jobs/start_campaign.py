"""Starting a campaign: everything that could stop it is asked before anything is planned.

Template, list and rule are frozen, the whole audience is asked once for the values that the
template needs, and then the campaign is written down, to be planned.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.compose.checking import Facts
from mailer.compose.prepared import Prepared, prepare
from mailer.errors import (
    CannotComposeError,
    NotFoundError,
    RefusedError,
    did_you_mean,
)
from mailer.jobs.audience import audience_of, rule_of
from mailer.jobs.check_template import Asked, Letters, findings_of
from mailer.jobs.frozen import Frozen, keep_enclosures, put_down
from mailer.jobs.world import World
from mailer.model.campaign import Campaign
from mailer.model.contact import Contact
from mailer.model.finding import Finding, errors_of, worst_first
from mailer.model.kind import KINDS, Lane
from mailer.model.mailinglist import MailingList
from mailer.model.person import Person
from mailer.store.audience import Audience
from mailer.store.campaigns import (
    NewCampaign,
    lock_list,
    make_campaign,
    same_since,
)
from mailer.store.database import Connection
from mailer.store.lists import all_lists, see_list
from mailer.store.prospects import Group, Lacking, first_people, groups, lacking
from mailer.workspace.lists import read_list
from mailer.workspace.templates import read_template

_TRIED = 100
"""So many letters are composed before a campaign starts."""

_FAULTY_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be sent to whom.

    Args:
        segment: The name of one of the list's segments, "" for everyone on it.
        name: What the campaign is called, as `received('…')` asks for it; "" for the
            template's name.
        at: When letters become due; None for now.
        valid_for: How long its letters are worth sending; None for what their kind says.
        again: The same template may go to the same list although it went lately.
        allow_withheld: People who lack a value are withheld instead of stopping the start.
        schedule: The schedule that fires, with the occurrence's key.
    """

    template: str
    list_name: str
    segment: str = ""
    name: str = ""
    at: datetime | None = None
    pace_per_s: float | None = None
    valid_for: timedelta | None = None
    again: bool = False
    allow_withheld: bool = False
    schedule: str | None = None
    occurrence: str | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """An order with all that it takes, read from the workspace and checked.

    Args:
        lacking: How many people lack a value that the template needs.
        first_lacking: The first of them.
        faulty: Of the first people who would get it, those whose letter cannot be composed
            for another reason: address, and why.
        findings: What the check of the template found.
    """

    order: Order
    content: Frozen
    audience: Audience
    lacking: int
    first_lacking: tuple[Lacking, ...]
    faulty: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a start would do.

    Args:
        groups: Everyone on the list by what decides whether they get a letter.
        earlier: The campaign because of which it would ask for `again`, if any.
    """

    ready: Ready
    groups: tuple[Group, ...]
    earlier: Campaign | None


def gather(world: World, order: Order, now: datetime, *, ask_spam: bool = False) -> Ready:
    """Read the template, the list and the segment of an order, and ask the audience.

    Args:
        ask_spam: Ask SpamAssassin too, when it is installed; takes a second or two.

    Raises:
        NotFoundError: when there is no such template, list or segment.
        WorkspaceError: when one of them does not parse or cannot be composed.
        RefusedError: when letters of this kind are not sent by campaigns.
    """
    source = read_template(world.folder, order.template)
    if KINDS[source.kind].lane is not Lane.CAMPAIGNS:
        raise RefusedError(
            f"{source.shown('letter.toml')}: its kind is {source.kind}, and letters of that"
            " kind are never sent by a campaign: nobody's consent would be asked"
        )
    mailing_list = read_list(world.folder, order.list_name)
    rule = _rule(mailing_list, order.segment)
    prepared = prepare(
        source, mailing_list, 0, world.specs, world.site, world.tokens, world.limits
    )
    needs = tuple(sorted(prepared.needs))
    content = Frozen(source, mailing_list, order.segment, rule, world.specs, needs)
    audience = audience_of(content, now, None, world.zone, ask_needs=True)
    with world.database.read() as connection:
        rule_of(content, {*all_lists(connection), mailing_list.id})
        how_many, first = lacking(connection, audience, now)
        tried = first_people(connection, audience, now, _TRIED)
    letters, faulty = _tried(prepared, tried, now)
    facts = Facts("", 0, people=len(tried))
    _, findings = findings_of(prepared, letters, facts, Asked(spam=ask_spam))
    return Ready(order, content, audience, how_many, first, faulty, worst_first(findings))


def _tried(
    prepared: Prepared, people: Iterable[Contact], now: datetime
) -> tuple[Letters, tuple[tuple[str, str], ...]]:
    """Compose some letters, so that a fault of the template shows before any has left."""
    letters: Letters = []
    faulty: list[tuple[str, str]] = []
    for one in people:
        person = Person(
            one.id, one.address, dict(one.attributes), one.language, one.time_zone
        )
        try:
            letter = prepared.compose(person, 0, 0, now)
        except CannotComposeError as problem:
            faulty.append((one.address, str(problem)))
            continue
        letters.append((prepared.language_for(person), letter))
    return letters, tuple(faulty)


def _rule(mailing_list: MailingList, segment: str) -> str:
    if not segment:
        return ""
    if segment not in mailing_list.segments:
        raise NotFoundError(
            f"lists/{mailing_list.name}.toml has no segment {segment!r}"
            f"{did_you_mean(segment, mailing_list.segments)}"
        )
    return mailing_list.segments[segment]


def preview(world: World, ready: Ready, now: datetime) -> Preview:
    """Say who would get a letter, and why others on the list would not."""
    with world.database.read() as connection:
        found = groups(connection, ready.audience, now)
        earlier = _earlier(connection, world, ready, now)
    return Preview(ready, tuple(found), earlier)


def start(world: World, ready: Ready, now: datetime) -> int:
    """Write down a campaign that is to be planned, and return its number.

    Raises:
        RefusedError: when people lack a value that the template needs, or the same template
            went to the same list lately; nothing is changed then.
    """
    keep_enclosures(world.database, ready.content.source, now)
    with world.database.write() as connection:
        return start_within(connection, world, ready, now)


def start_within(connection: Connection, world: World, ready: Ready, now: datetime) -> int:
    """Do what `start` does, in a transaction that does more.

    Raises:
        RefusedError: as `start` does.
    """
    order, content = ready.order, ready.content
    require_letters(ready)
    see_list(connection, content.mailing_list, now)
    lock_list(connection, content.mailing_list.id)
    if order.schedule is None and not order.again:
        earlier = _earlier(connection, world, ready, now)
        if earlier is not None:
            raise RefusedError(_went_lately(earlier, world.again_within))
    content_hash = put_down(connection, content, now)
    due_at = now if order.at is None else max(order.at, now)
    return make_campaign(
        connection,
        NewCampaign(
            name=order.name or content.source.name,
            kind=content.source.kind,
            template=content.source.name,
            list_id=content.mailing_list.id,
            segment=content.segment,
            rule=content.rule,
            frozen_hash=content_hash,
            due_at=due_at,
            valid_until=None if order.valid_for is None else due_at + order.valid_for,
            pace_per_s=order.pace_per_s,
            allow_withheld=order.allow_withheld,
            schedule=order.schedule,
            occurrence=order.occurrence,
        ),
        now,
    )


def require_letters(ready: Ready) -> None:
    """Raise a RefusedError that lists what the check found, or who cannot get a letter.

    The second may be allowed.
    """
    if errors := errors_of(ready.findings):
        raise RefusedError(_wrong(ready, errors))
    if ready.order.allow_withheld:
        return
    if ready.lacking:
        raise _lacking(ready)
    if ready.faulty:
        shown = [f"  {address}: {why}" for address, why in ready.faulty[:_FAULTY_SHOWN]]
        raise RefusedError(
            f"the letters of {len(ready.faulty)} of the first people cannot be composed:"
            f" put templates/mail/{ready.order.template} right, or start with"
            " --allow-withheld to leave such people out\n" + "\n".join(shown)
        )


def _wrong(ready: Ready, errors: tuple[Finding, ...]) -> str:
    template = ready.order.template
    lines = [f"  {one.where}: {one.words}: {one.todo}" for one in errors[:_FAULTY_SHOWN]]
    return (
        f"the check of templates/mail/{template} found errors: put them right (`mailer"
        f" template check {template}` lists them)\n" + "\n".join(lines)
    )


def _lacking(ready: Ready) -> RefusedError:
    names = sorted({name for one in ready.first_lacking for name in one.names})
    lines = [f"  {one.address}: {', '.join(one.names)}" for one in ready.first_lacking]
    if ready.lacking > len(lines):
        lines.append(f"  … and {ready.lacking - len(lines)} more")
    return RefusedError(
        f"{ready.lacking} people lack a value that templates/mail/{ready.order.template}"
        f" uses ({', '.join(names)}): give it a fallback, such as"
        f" {{{{ {names[0]}|default('…') }}}}, or start with --allow-withheld to leave them"
        f" out\n" + "\n".join(lines)
    )


def _earlier(
    connection: Connection, world: World, ready: Ready, now: datetime
) -> Campaign | None:
    return same_since(
        connection,
        ready.content.source.name,
        ready.content.mailing_list.id,
        now - world.again_within,
    )


def _went_lately(earlier: Campaign, within: timedelta) -> str:
    by = f" by the schedule {earlier.schedule}" if earlier.schedule else ""
    return (
        f"template {earlier.template} went to this list{by} at"
        f" {earlier.created_at:%Y-%m-%d %H:%M} UTC as campaign {earlier.id}"
        f" ({earlier.state}), less than {within.days} days ago: to send it to them again,"
        " say --again"
    )
