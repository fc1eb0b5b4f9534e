"""Whether a workspace would hold if letters went to people: files, relay, pages, disk."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from mailer.compose.acknowledging import check_texts
from mailer.errors import ConfigError, MailerError
from mailer.jobs.check_advice import advice_on_topics, advice_on_words
from mailer.jobs.check_template import Asked, check_template
from mailer.jobs.order import Order
from mailer.jobs.sign_up_desk import separates_of
from mailer.jobs.start_campaign import gather
from mailer.jobs.welcome import check_greeting, read_greeting
from mailer.jobs.world import World
from mailer.model.finding import errors_of
from mailer.model.mailinglist import MailingList
from mailer.model.mode import Mode
from mailer.model.outcome import Released
from mailer.model.quiet import QuietRule, ever_opens
from mailer.store.clock import database_clock, latest_on_record
from mailer.store.database import Database
from mailer.triage.mailboxes import Mailbox, is_no_reply, problems_of
from mailer.wire.line import RelayAddress, open_line
from mailer.wire.web import get_page
from mailer.workspace.files import closed, exists, free_bytes, inside
from mailer.workspace.lists import list_names, read_list
from mailer.workspace.partners import PARTNERS_FILE, read_partners
from mailer.workspace.providers import PROVIDERS_FILE, read_providers
from mailer.workspace.schedules import read_schedules
from mailer.workspace.surveys import read_survey, survey_names
from mailer.workspace.templates import template_names

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_OK = 200
_MB = 1_000_000
_CLOCKS_APART = timedelta(minutes=1)
_WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)
"""No clock that is right shows an earlier day."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One thing that was looked at.

    Args:
        problem: What is wrong and what to do; "" when it holds.
        publish: The record to publish in DNS; "" for none.
        advice: What holds and is seldom meant; "" for nothing.
    """

    what: str
    problem: str = ""
    publish: str = ""
    advice: str = ""


def check_files(
    world: World, now: datetime, quiet: QuietRule | None = None
) -> list[Looked]:
    """Look at each list, schedule and template; nothing is sent or fetched.

    Args:
        quiet: The workspace's quiet hours and sending days.
    """
    world = replace(world, mode=Mode.LIVE)
    looked = _providers(world.folder)
    usable: list[str] = []
    for name in list_names(world.folder):
        problem = ""
        try:
            mailing_list = read_list(world.folder, name)
            usable.append(name)
            problem = _no_reply(mailing_list.sender_address)
            _check_hours(mailing_list, quiet)
            separates_of(world, mailing_list)
            greeting = read_greeting(world, mailing_list)
            if greeting is not None:
                check_greeting(world, greeting)
        except MailerError as found:
            problem = str(found)
        looked.append(Looked(f"lists/{name}.toml", problem))
    looked += [*_surveys(world), *_partners(world)]
    looked += [_schedule(world, one.name, now) for one in read_schedules(world.folder)]
    shut = ("lists", "schedules", "templates/mail")
    looked += [Looked(f"{one}/", why) for one in shut if (why := closed(world.folder, one))]
    if not usable and closed(world.folder, "lists"):
        return looked
    if not usable:
        return [*looked, Looked("lists/", "there is no list that letters could go to")]
    goes_to = _lists_of_templates(world, usable)
    return looked + [
        _template(world, name, list_name, now, named=len(goes_to.get(name, ())) > 1)
        for name in template_names(world.folder)
        for list_name in goes_to.get(name, usable[:1])
    ]


def _providers(folder: str) -> list[Looked]:
    """Look at the workspace's own `providers.toml`, where there is one."""
    if not exists(inside(folder, PROVIDERS_FILE)):
        return []
    try:
        read_providers(folder)
    except MailerError as found:
        return [Looked(PROVIDERS_FILE, str(found))]
    return [Looked(PROVIDERS_FILE)]


def _partners(world: World) -> list[Looked]:
    """Look at `partners.toml`, where there is one."""
    if not exists(inside(world.folder, PARTNERS_FILE)):
        return []
    try:
        read_partners(world.folder, world.specs)
    except MailerError as found:
        return [Looked(PARTNERS_FILE, str(found))]
    return [Looked(PARTNERS_FILE)]


def _surveys(world: World) -> list[Looked]:
    looked: list[Looked] = []
    for name in survey_names(world.folder):
        problem = ""
        try:
            read_survey(world.folder, name, world.specs)
        except MailerError as found:
            problem = str(found)
        looked.append(Looked(f"surveys/{name}.toml", problem))
    return looked


def _check_hours(mailing_list: MailingList, quiet: QuietRule | None) -> None:
    rules = [one for one in (mailing_list.quiet, quiet) if one is not None]
    if rules and not ever_opens(rules):
        raise ConfigError(
            f"lists/{mailing_list.name}.toml, [quiet_hours]: together with [quiet_hours] of"
            " config.toml no letter could ever leave: let them leave some hour of a day"
        )


def _lists_of_templates(world: World, usable: list[str]) -> dict[str, list[str]]:
    """Return to which lists a template goes, by schedules, sign-up pages and welcomes."""
    found: dict[str, dict[str, None]] = {}
    for file in read_schedules(world.folder):
        if file.schedule is not None:
            for target in file.schedule.targets:
                found.setdefault(file.schedule.template, {})[target.list_name] = None
    for name in usable:
        mailing_list = read_list(world.folder, name)
        for asked in (mailing_list.sign_up, mailing_list.welcome):
            if asked is not None:
                found.setdefault(asked.template, {})[name] = None
    kept = {
        template: [name for name in names if name in usable]
        for template, names in found.items()
    }
    return {template: names for template, names in kept.items() if names}


def _schedule(world: World, name: str, now: datetime) -> Looked:
    what = f"schedules/{name}.toml"
    (file,) = [one for one in read_schedules(world.folder) if one.name == name]
    schedule = file.schedule
    if schedule is None:
        return Looked(what, file.problem)
    order = Order(
        schedule.template,
        schedule.list_name,
        schedule.segment,
        also=schedule.also,
        allow_withheld=True,
    )
    try:
        gather(world, order, now)
    except MailerError as found:
        return Looked(what, str(found))
    return Looked(what)


def _template(
    world: World, name: str, list_name: str, now: datetime, *, named: bool
) -> Looked:
    asked = Asked(links=False, spam=False)
    mailing_list = read_list(world.folder, list_name)
    found = errors_of(check_template(world, name, mailing_list, asked, now).findings)
    words = "; ".join(f"{one.where or 'the letter'}: {one.words}" for one in found)
    to = f" to {list_name}" if named else ""
    hints = (advice_on_topics(world, name, list_name), advice_on_words(world, name))
    advice = "; ".join(filter(None, hints))
    return Looked(f"templates/mail/{name}{to}", words, advice=advice)


def check_mailboxes(
    mailboxes: tuple[Mailbox, ...],
    texts: Mapping[str, str],
    sender: str,
    rules: str | None = None,
    articles: str | None = None,
) -> list[Looked]:
    """Look whether each address that people write to is read, and nobody is told no.

    Args:
        texts: The acknowledgements' texts by file name.
        sender: Who letters of no list are from; "" when nobody is named.
        rules: What is wrong with the workspace's rules; None where it has none.
        articles: What is wrong with its articles; None where it has none.
    """
    looked: list[Looked] = []
    for one in mailboxes:
        found = [*problems_of(one)]
        if one.acknowledges:
            found.append(check_texts(texts, one.words))
        looked.append(Looked(f"mailboxes.{one.name}", "; ".join(filter(None, found))))
    if rules is not None:
        looked.append(Looked("inbox-rules.toml", rules))
    if articles is not None:
        looked.append(Looked("templates/answers", articles))
    if sender:
        looked.append(Looked("site.sender", _no_reply(sender)))
    return looked


def _no_reply(address: str) -> str:
    if not is_no_reply(address):
        return ""
    return f"the sender {address} tells people not to answer: name an address that is read"


def check_clock(database: Database, now: datetime) -> Looked:
    """Look whether this machine's clock may be right: times on record are for ever."""
    with database.read() as connection:
        theirs, latest = database_clock(connection), latest_on_record(connection)
    if abs(theirs - now) > _CLOCKS_APART:
        words = f"it shows {now:%Y-%m-%d %H:%M:%S} UTC, the database's {theirs:%H:%M:%S}"
        return Looked("clock", f"{words}: set both by a time server")
    if now < _WRITTEN:
        return Looked("clock", f"it shows {now:%Y-%m-%d}, which is long ago: set it")
    if latest is not None and latest - now > _CLOCKS_APART:
        words = (
            f"it shows {now:%Y-%m-%d %H:%M} UTC, and {latest:%Y-%m-%d %H:%M} is on record"
        )
        return Looked("clock", f"{words} already: one of the two is wrong; set the clock")
    return Looked("clock")


def check_signing(load: Callable[[], object]) -> Looked:
    """Look whether the keys are there that letters are signed with."""
    try:
        load()
    except MailerError as problem:
        return Looked("signing", str(problem))
    return Looked("signing")


async def check_relay(address: RelayAddress, where: str = "relay") -> Looked:
    """Open a line to the relay and log in, as a sender would; no letter is handed over.

    Args:
        where: Where it stands in the settings, such as `relays.bulk`.
    """
    what = f"relay {address.name}, {address.host}:{address.port}"
    line = await open_line(address)
    if isinstance(line, Released):
        words = f"at {line.stage}: {line.reply}: look at [{where}] in config.toml"
        return Looked(what, words)
    await line.quit()
    return Looked(what)


def check_site(public_url: str, warnings: tuple[str, ...]) -> Looked:
    """Look whether the pages answer where the links in letters lead."""
    what = f"pages at {public_url}"
    if warnings:
        return Looked(what, "; ".join(warnings))
    if urlsplit(public_url).hostname in LOOPBACK:
        return Looked(
            what, "only this machine can open that: set site.public_url in config.toml"
        )
    return Looked(what, health_problem(public_url))


def health_problem(public_url: str) -> str:
    """Return why `/health` does not answer as it should, or ""."""
    try:
        status = get_page(f"{public_url}/health")
    except MailerError as problem:
        return f"{problem}: is `mailer serve` running behind it?"
    if status != _OK:
        return f"/health answers {status}: let the proxy pass it on"
    return ""


def check_disk(folder: str, least_mb: int) -> Looked:
    """Look whether there is room on the disk of the workspace."""
    free_mb = free_bytes(folder) // _MB
    if free_mb < least_mb:
        return Looked("disk", f"only {free_mb} MB are free: make room")
    return Looked("disk")
