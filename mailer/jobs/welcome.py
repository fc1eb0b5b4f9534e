"""The letter that a list welcomes people with, once, after their first own yes.

What it holds is frozen when a person signs up, and its number stays beside her sign-up: the
confirmation then needs no file, so none that broke meanwhile can stop it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.audience.joining import has_said_yes
from mailer.compose.prepared import prepare
from mailer.errors import ConfigError, NotFoundError
from mailer.jobs.frozen import Frozen, put_down, unpack
from mailer.jobs.world import World
from mailer.model.contact import Contact
from mailer.model.delivery import CauseKind
from mailer.model.kind import Kind
from mailer.model.mailinglist import MailingList
from mailer.store.campaigns import frozen
from mailer.store.contents import Recipient, queue_letter
from mailer.store.database import Connection
from mailer.store.evidence import steps_of
from mailer.store.welcomes import keep_welcome, welcome_of
from mailer.workspace.templates import read_template


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a list welcomes people with, as its files are now.

    Args:
        delay: How long after the yes it is due.
    """

    content: Frozen
    delay: timedelta


def read_greeting(world: World, mailing_list: MailingList) -> Greeting | None:
    """Read what a list welcomes people with; None where it has no `[welcome]`.

    Raises:
        ConfigError: when there is no such template, or it is of another kind.
        MailerError: when its files cannot be read.
    """
    asked = mailing_list.welcome
    if asked is None:
        return None
    where = _where(mailing_list)
    try:
        source = read_template(world.folder, asked.template)
    except NotFoundError as problem:
        raise ConfigError(f"{where}: {problem}") from problem
    if source.kind is not Kind.JOURNEY:
        raise ConfigError(
            f"{where}: the template {asked.template!r} is of the kind"
            f" {source.kind.value!r}, but must be {Kind.JOURNEY.value!r}: write that into"
            f" {source.shown('letter.toml')}"
        )
    content = Frozen(source, mailing_list, "", "", world.specs, ())
    return Greeting(content, asked.delay)


def check_greeting(world: World, greeting: Greeting) -> None:
    """Refuse a letter that cannot be made, or not for everybody.

    Raises:
        ConfigError: when it shows a value that somebody who just joined may not have.
        TemplateError: names the file, the line and what to do.
    """
    content = greeting.content
    mailing_list, source = content.mailing_list, content.source
    needs = prepare(
        source, mailing_list, 0, world.specs, world.site, world.tokens, world.limits
    ).needs
    if needs:
        name = min(needs)
        raise ConfigError(
            f"{_where(mailing_list)}: the template {source.name!r} shows {name}, which"
            " somebody who just joined may not have: write"
            f" {{{{ {name}|default('…') }}}}"
        )


def put_by(connection: Connection, greeting: Greeting, now: datetime) -> int:
    """Keep what a list welcomes people with; return its number."""
    content_hash = put_down(connection, greeting.content, now)
    return keep_welcome(connection, content_hash, greeting.delay, now)


def greet(
    connection: Connection,
    contact: Contact,
    list_id: str,
    number: int | None,
    now: datetime,
    *,
    rehearsing: bool,
) -> None:
    """Write the welcome down when this is a person's first own yes to a list.

    Call it after `ledger.lock` and before the yes is written: the ledger says whether she
    has said yes before. Whether the letter may leave is asked when it is due.

    Args:
        number: What `put_by` returned; None for no welcome.
    """
    if number is None:
        return
    if has_said_yes(steps_of(connection, [contact.id]).get(contact.id, ()), list_id):
        return
    delay, content_hash = welcome_of(connection, number)
    recipient = Recipient(
        contact.id, contact.address, contact.hash, rehearsal=rehearsing,
        priority=unpack(frozen(connection, content_hash)).source.priority,
    )  # fmt: skip
    queue_letter(
        connection,
        (CauseKind.JOURNEY, number),
        Kind.JOURNEY,
        recipient,
        now + delay,
        list_id,
    )


def _where(mailing_list: MailingList) -> str:
    return f"lists/{mailing_list.name}.toml, [welcome]"
