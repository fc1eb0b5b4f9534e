"""`mailer check`: would it hold if letters went to people now?"""

import os
from collections.abc import Generator
from contextlib import contextmanager

import click

from mailer.cli.asking import asker_of, named_of
from mailer.cli.check_hooks import check_hooks
from mailer.cli.output import as_json, print_rows
from mailer.cli.trying import try_relays
from mailer.config.mailsource import read_mailboxes
from mailer.config.places import places_of
from mailer.config.warmup import plans_of
from mailer.errors import MailerError
from mailer.jobs.check_advice import advice_on_retention
from mailer.jobs.check_dns import check_dns
from mailer.jobs.check_secrets import check_secrets
from mailer.jobs.check_vanished import check_vanished
from mailer.jobs.check_warmups import check_warm_ups
from mailer.jobs.check_workspace import (
    Looked,
    check_clock,
    check_disk,
    check_files,
    check_mailboxes,
    check_signing,
    check_site,
)
from mailer.jobs.fetching import look_at
from mailer.jobs.init import make_state
from mailer.jobs.keys import keys_in_force
from mailer.receiving import box_of
from mailer.senders import signers_of
from mailer.wire.opinion import opinion_of
from mailer.wiring import (
    Workspace,
    database_of,
    key_use_of,
    open_workspace,
    settings_of,
    utc_now,
)
from mailer.workspace.acknowledgements import read_acknowledgements
from mailer.workspace.articles import articles_problem
from mailer.workspace.deskrules import desk_rules_problem
from mailer.workspace.files import folder_for_a_moment, inside
from mailer.workspace.folder import CONFIG

FOUND_EXIT_STATUS = 1


def print_records(looked: list[Looked]) -> None:
    """Print what to publish in DNS for what does not hold."""
    records = [one.publish for one in looked if one.publish]
    if records:
        click.echo("\nPublish in DNS:\n")
    for record in records:
        click.echo(record)


@click.command
@click.option(
    "--offline", is_flag=True, help="Ask no server: files, keys, database and disk."
)
@click.option(
    "--files", is_flag=True, help="Files only: without database and keys, in a checkout."
)
@click.option(
    "--dns",
    is_flag=True,
    help="Ask DNS too: SPF, DKIM, DMARC, MX, PTR, with what to publish.",
)
@as_json
@click.pass_context
def check(
    context: click.Context, *, offline: bool, files: bool, dns: bool, as_json: bool
) -> None:
    """Say what does not hold before letters go to people. Exit status 1 if anything.

    Each list, schedule and template is read and composed, each mailbox is read by somebody
    at known hours, no sender tells people not to answer, the relay takes the login (no
    letter is handed over), the pages answer where links lead, the clock may be right, the
    disk has room, and [hooks] have their secrets, with the address to enter there. What
    holds and is seldom meant is advice: a letter that names no topic to a list with topics,
    data that is kept for ever. With the extra `doctor` (pip install
    'permission-mailer[doctor]') --dns hears checkdmarc too: what it says of SPF and DMARC
    records and we do not is advice.

    \b
    Example: mailer check
             mailer check --offline
             mailer check --dns           with the record to publish for what is missing
             mailer check --files         as a git hook, in a checkout
    """  # noqa: D301 - click's own mark for lines that stay as they are
    if files:
        with _files_alone(context.obj) as workspace:
            looked = _files(workspace)
    else:
        with open_workspace(context.obj) as workspace:
            looked = _all(workspace, offline=offline)
            if dns:
                asker = asker_of(workspace.settings)
                looked += check_dns(asker, named_of(workspace), opinion_of(asker))
    print_rows(
        (_row(one, as_json=as_json) for one in looked),
        as_json=as_json,
    )
    if not as_json:
        print_records(looked)
    if any(one.problem for one in looked):
        context.exit(FOUND_EXIT_STATUS)


def _row(one: Looked, *, as_json: bool) -> dict[str, object]:
    facts: dict[str, object] = {"looked at": one.what, "holds": not one.problem}
    if as_json:
        more = {"problem": one.problem, "advice": one.advice, "publish": one.publish}
        return facts | more
    advice = f"advice: {one.advice}" if one.advice else ""
    return facts | {"problem": "; ".join(filter(None, (one.problem, advice)))}


def _files(workspace: Workspace) -> list[Looked]:
    world = workspace.world()
    texts = read_acknowledgements(workspace.folder)
    rules = desk_rules_problem(
        workspace.folder, [one.name for one in workspace.mailboxes()], texts
    )
    sender = world.site.sender_address
    mailboxes = check_mailboxes(
        workspace.mailboxes(), texts, sender, rules, articles_problem(workspace.folder)
    )
    quiet = workspace.settings.quiet_hours.rule()
    retention = workspace.settings.retention.model_dump()
    kept = Looked(f"{CONFIG}, [retention]", advice=advice_on_retention(retention))
    warmed = check_warm_ups(world.folder, plans_of(workspace.settings.warm_up))
    return [*check_files(world, utc_now(), quiet), *mailboxes, *warmed, kept]


def _all(workspace: Workspace, *, offline: bool) -> list[Looked]:
    settings, now = workspace.settings, utc_now()
    looked = [*_files(workspace), *check_vanished(workspace.world())]
    looked.append(check_disk(workspace.folder, settings.alarms.disk_free_mb))
    looked.append(check_clock(workspace.database, now))
    looked.append(check_secrets(inside(workspace.folder, settings.keys_file)))
    if settings.dkim:
        looked.append(check_signing(lambda: signers_of(workspace)))
    site = settings.site.public_url
    looked += check_hooks(workspace.folder, settings.hooks, site, os.environ)
    if not offline:
        looked += try_relays(workspace)
        looked += [
            _mailbox(workspace, name)
            for name in read_mailboxes(workspace.settings.mailboxes)
        ]
        looked.append(check_site(site, settings.warnings()))
    return looked


def _mailbox(workspace: Workspace, name: str) -> Looked:
    what = f"mailboxes.{name}"
    try:
        box = box_of(workspace, name)
        what = f"{what}, {box.source}"
        look_at(box)
    except MailerError as problem:
        return Looked(what, f"{problem}: look at [mailboxes.{name}] in {CONFIG}")
    return Looked(what)


@contextmanager
def _files_alone(folder: str) -> Generator[Workspace, None, None]:
    """Open a workspace's files over an empty database and keys that last for a moment.

    A checkout has neither keys nor people, and whoever changes a template need not have.

    Raises:
        WorkspaceError: when its files are missing or wrong.
    """
    settings = settings_of(folder)
    with folder_for_a_moment("mailer-check-") as scratch:
        own = {"database": "sqlite:///check.db", "keys_file": "check.keys"}
        places = places_of(scratch, settings.model_copy(update=own))
        database = database_of(places)
        try:
            make_state(database, places.database_file, places.keys_file, utc_now())
            keys = keys_in_force(database, places.keys_file, utc_now())
            key_use = key_use_of(places, database)
            yield Workspace(
                folder, settings, places, database, settings.specs(), key_use, keys
            )
        finally:
            database.close()
