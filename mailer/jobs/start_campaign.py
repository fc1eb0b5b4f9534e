"""Starting a campaign: everything that could stop it is asked before anything is planned.

Template, list and rule are frozen, the whole audience is asked once for the values that the
template needs, and then the campaign is written down, to be planned.
"""

from dataclasses import replace
from datetime import datetime

from mailer.compose.prepared import prepare
from mailer.compose.template import SETTINGS_FILE, TemplateSource
from mailer.errors import RefusedError
from mailer.jobs.audience import audiences_of, exclusion_of, rule_of
from mailer.jobs.frozen import Frozen, keep_enclosures, put_down
from mailer.jobs.order import Order, Preview, Ready
from mailer.jobs.segments import unheard_of
from mailer.jobs.targets import exclusions_of, first_of, targets_of, went_lately
from mailer.jobs.topics import topics_for
from mailer.jobs.tried import try_letters
from mailer.jobs.warmup import NOTHING_WAITS, would_wait
from mailer.jobs.world import World
from mailer.model.campaign import Campaign
from mailer.model.finding import Finding, errors_of, worst_first
from mailer.model.kind import KINDS, Lane
from mailer.model.mailinglist import MailingList
from mailer.pace.recipient import stretch
from mailer.store import canaries
from mailer.store.campaigns import (
    NewCampaign,
    lock_list,
    make_campaign,
)
from mailer.store.campaignsearch import same_since
from mailer.store.clicks import keep_links
from mailer.store.database import Connection
from mailer.store.facts import campaign_names
from mailer.store.lists import all_lists, see_list
from mailer.store.prospects import (
    first_people,
    groups,
    lacking,
)
from mailer.workspace.templates import read_template

_TRIED = 100
"""So many letters are composed before a campaign starts."""

_FAULTY_SHOWN = 20


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
    _require_kind(source, order)
    first, *rest = targets_of(world.folder, order.targets, order.rule)
    topics = topics_for(source, order, [one.mailing_list for one in (first, *rest)])
    prepared = [
        prepare(
            source, one.mailing_list, 0, world.specs, world.site, world.tokens, world.limits
        )
        for one in (first, *rest)
    ]
    needs = tuple(sorted({name for one in prepared for name in one.needs}))
    with world.database.read() as connection:
        exclude = exclusions_of(connection, world, order.choice)
        content = Frozen(
            source, first.mailing_list, first.segment, first.rule, world.specs, needs,
            tuple(rest), exclude, topics,
        )  # fmt: skip
        lists = {*all_lists(connection), *(one.id for one in _lists(content))}
        for target in content.targets:
            rule_of(content, target, lists)
        for one in exclude:
            exclusion_of(content, one, lists)
        audiences = audiences_of(
            content, now, None, world.zone, ask_needs=True, rehearsed=world.rehearsing
        )
        lack = [lacking(connection, audience, now) for audience in audiences]
        tried = [
            first_people(connection, audience, now, _TRIED // len(audiences))
            for audience in audiences
        ]
    faulty, findings = try_letters(prepared, tried, now, spam=ask_spam)
    lacked = tuple(one for _, some in lack for one in some)
    return Ready(
        order, content, audiences, sum(many for many, _ in lack), lacked,
        faulty, worst_first(findings),
        tuple(dict.fromkeys(link for one in prepared for link in one.countable)),
    )  # fmt: skip


def _require_kind(source: TemplateSource, order: Order) -> None:
    where = f"{source.shown(SETTINGS_FILE)}: its kind is {source.kind}"
    if KINDS[source.kind].lane is not Lane.CAMPAIGNS:
        raise RefusedError(
            f"{where}, and letters of that kind are never sent by a campaign or a schedule:"
            " nobody's consent would be asked. What everybody must be told, such as a"
            " recall, is a letter of the kind 'notice', started by hand with its --reason"
        )
    if KINDS[source.kind].needs_subscription:
        if order.reason:
            raise RefusedError(
                f"{where}, and only a notice has a reason: leave out --reason, or write"
                ' kind = "notice" where everybody must be told something'
            )
        return
    if order.schedule is not None:
        raise RefusedError(
            f"{where}, and no schedule sends those: start it by hand, with `mailer campaign"
            f" start {source.name} --reason '…'`"
        )
    if not order.reason.strip():
        raise RefusedError(
            f"{where}: it goes to everybody who ever was on the list, also who left it: say"
            " why they must be told, with --reason 'the burners of lot 7 leak gas'"
        )


def _lists(content: Frozen) -> list[MailingList]:
    return [target.mailing_list for target in content.targets]


def preview(world: World, ready: Ready, now: datetime) -> Preview:
    """Say who would get a letter, and why others on the list would not."""
    with world.database.read() as connection:
        found = [
            group
            for audience in ready.audiences
            for group in groups(connection, audience, now)
        ]
        earlier = _earlier(connection, world, ready, now)
        campaigns = campaign_names(connection)
    rules = (one.rule for one in ready.audiences)
    unheard = dict.fromkeys(
        words for rule in rules for words in unheard_of(rule, campaigns)
    )
    seen = Preview(ready, tuple(found), earlier, world.rehearsing, tuple(unheard))
    size = world.canary.size(seen.letters) if has_canary(world, ready) else 0
    waits = NOTHING_WAITS
    if world.warm_ups and not world.rehearsing:
        with world.database.read() as connection:
            waits = would_wait(connection, ready.content, world.warm_ups, seen.letters, now)
    return replace(seen, canary=size, canary_wait=world.canary.wait, warm_up=waits.words)


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
    # In one order, so that two starts never wait for each other in a circle.
    for mailing_list in sorted(_lists(content), key=lambda one: one.id):
        see_list(connection, mailing_list, now)
        lock_list(connection, mailing_list.id)
    if order.schedule is None and not order.again:
        earlier = _earlier(connection, world, ready, now)
        if earlier is not None:
            raise RefusedError(went_lately(earlier, world.again_within))
    content_hash = put_down(connection, content, now)
    choice, name = order.choice, order.name or content.source.name
    if choice.since is not None:
        followed = first_of(connection, choice.since)
        choice, name = replace(choice, since=followed.id), order.name or followed.name
    due_at = now if order.at is None else max(order.at, now)
    last_due_at = due_at + stretch(choice.wall_clock, choice.spread)
    valid_for = order.valid_for
    number = make_campaign(
        connection,
        NewCampaign(
            name=name,
            kind=content.source.kind,
            template=content.source.name,
            list_id=content.mailing_list.id,
            segment=content.segment,
            rule=content.rule,
            frozen_hash=content_hash,
            due_at=due_at,
            valid_until=None if valid_for is None else last_due_at + valid_for,
            pace_per_s=order.pace_per_s,
            allow_withheld=order.allow_withheld,
            schedule=order.schedule,
            occurrence=order.occurrence,
            also_lists=tuple(one.id for one in _lists(content)),
            choice=choice,
            rehearsal=world.rehearsing,
            notice_reason=order.reason.strip(),
            topics=content.topics,
            priority=content.source.priority if order.priority is None else order.priority,
        ),
        now,
    )
    keep_links(connection, number, ready.links)
    if has_canary(world, ready):
        canaries.ask(connection, number, world.canary)
    return number


def has_canary(world: World, ready: Ready) -> bool:
    """Say whether the first letters are looked at before the rest leaves.

    What everybody must be told waits for nothing, and nobody complains of a rehearsal.
    """
    asks = KINDS[ready.content.source.kind].needs_subscription and not world.rehearsing
    return asks and ready.order.canary and bool(world.canary.least)


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
    if ready.order.choice.since is not None:
        # Nobody who has a letter of that campaign gets one.
        return None
    return same_since(
        connection,
        ready.content.source.name,
        {one.id for one in _lists(ready.content)},
        now - world.again_within,
        rehearsed=world.rehearsing,
    )
