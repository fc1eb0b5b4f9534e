"""`mailer demo`: the whole main job on this machine, with real SMTP on loopback.

Each step is a command that a marketer would type, run as a program of its own; the mail
server counts for itself, and at the end the sums must add up on both sides.
"""

import shlex
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import click

from mailer.cli.demo_report import checks
from mailer.cli.demo_stage import DONE, LOG_FILE, Stage, run_mailer, say, serving, until
from mailer.cli.progress import watch
from mailer.config.example import example
from mailer.errors import MailerError, RefusedError
from mailer.jobs.campaigns import latest, status
from mailer.jobs.demo_people import HEADER, file_rows
from mailer.jobs.demo_server import DemoServer
from mailer.jobs.init import make_files
from mailer.model.campaign import CampaignState
from mailer.model.delivery import DeliveryState
from mailer.model.token import Reader, TokenBox, TokenKind
from mailer.store.deliveries import deliveries_of
from mailer.wire.web import free_port, get_page, one_click
from mailer.wiring import Workspace, open_workspace, utc_now
from mailer.workspace.csvout import csv_lines
from mailer.workspace.files import (
    absolute,
    exists,
    inside,
    make_folder,
    replace,
    temporary_folder,
)

_PER_SECOND = 150
_LEAVING = 15
"""So many people leave before their letter does, and so many after."""

_FIRES_IN = timedelta(seconds=5)
_SCHEDULE_FILE = "schedules/weekly-newsletter.toml"
_SCHEDULE = """\
# The demonstration's schedule: once, a few seconds after it was written.
at = {at:%Y-%m-%dT%H:%M:%S}
zone = "UTC"
template = "autumn-sale"
list = "newsletter"
segment = "nordic"
"""


@dataclass(slots=True)
class Left:
    """Who has left by one click, and was told that it is done.

    Args:
        before: Whose letter had not left yet.
        after: Who had got the letter.
    """

    before: list[str] = field(default_factory=list[str])
    after: list[str] = field(default_factory=list[str])


@click.command
@click.argument("folder", metavar="[DIR]", required=False)
@click.option(
    "--people",
    type=click.IntRange(200),
    default=5000,
    show_default=True,
    help="How many to make up.",
)
def demo(folder: str | None, people: int) -> None:
    """Show the whole main job on this machine, in a minute or two.

    Made-up people with consent are imported, a schedule fires, letters go to a mail server
    on loopback that accepts, puts off and refuses as real ones do, readers leave with one
    click meanwhile, and the report's sums add up. Nothing leaves this machine.

    Example: mailer demo demo-shop
    """
    place = absolute(folder) if folder else temporary_folder("mailer-demo-")
    if exists(inside(place, "config.toml")):
        raise RefusedError(f"{place} is a workspace already: name a folder that is not")
    server = DemoServer()
    server.start()
    stage = Stage(place, server, free_port())
    try:
        _set_up(stage, people)
        holds = _act(stage)
    finally:
        server.stop()
    click.echo(
        f"\nThe workspace is in {place}. Look around, for instance:\n"
        f"  cd {shlex.quote(place)}\n"
        "  mailer campaign status 1\n"
        "  mailer campaign deliveries 1 --state in_doubt,expired\n"
        "  mailer campaign resolve 1 --as accepted --all --dry-run\n"
        "  mailer template preview autumn-sale --html look.html\n"
        f"  less {LOG_FILE}\n"
        "Then read docs/running.md, and set [relay] in config.toml to send real letters."
    )
    if not holds:
        raise RefusedError("the sums do not add up: please report this, with the output")


def _set_up(stage: Stage, people: int) -> None:
    say("A workspace with lists, a template and keys, and quick settings")
    make_folder(stage.folder)
    # What is there already is kept: so `mailer init` finds these settings.
    make_files(stage.folder, _quick(example(), stage))
    run_mailer(stage, "init", stage.folder, quiet=True)
    rows, wrong = file_rows(people)
    file = inside(stage.folder, "people.csv")
    replace(file, "".join(csv_lines([HEADER, *rows])).encode())
    say(f"{len(rows)} rows of people from a fair, {wrong} of them with something wrong")
    source = "stall at the mountain fair"
    words = ("--list", "newsletter", "--basis", "express", "--source", source)
    run_mailer(stage, "contact", "import", "people.csv", *words, "--no-refusals")
    run_mailer(stage, "segment", "count", "newsletter")


def _quick(text: str, stage: Stage) -> str:
    """Return the example's settings with a local relay, and seconds instead of hours."""
    changed: Mapping[str, str] = {
        'mode = "rehearsal"': 'mode = "live"',
        'public_url = "https://mail.example.com"': f'public_url = "{stage.pages}"',
        "listen_port = 8025": f"listen_port = {stage.web_port}",
        'host = "localhost"': 'host = "127.0.0.1"',
        "port = 587": f"port = {stage.server.port}",
        'tls = "required"': 'tls = "none"',
        "per_second = 0\n": f"per_second = {_PER_SECOND}\n",
        # The fourth 4xx asks for more time than there is, so that letter expires at once.
        "give_up_after_h = 24": "give_up_after_h = 0.05",
        "[300, 900, 1800, 3600, 7200, 14400]": "[2, 4, 8, 600]",
        "keep_every_s = 5": "keep_every_s = 1",
        "tick_s = 5": "tick_s = 1",
        "canary_wait_s = 600": "canary_wait_s = 2",
    }
    for before, after in changed.items():
        assert before in text, before
        text = text.replace(before, after, 1)
    return text


def _act(stage: Stage) -> bool:
    """Let the campaign happen, and say whether the report's sums add up."""
    say("`mailer serve`, and a schedule that fires in a few seconds")
    with serving(stage) as look, open_workspace(stage.folder) as workspace:
        campaign_id = _fired(stage, workspace, look)
        say(f"Campaign {campaign_id} goes out; readers leave meanwhile")
        left = Left()
        leaving = threading.Thread(
            target=_leave, args=(stage, workspace, campaign_id, left)
        )
        leaving.start()
        watch(workspace.database, campaign_id, {}, at_each_look=look)
        leaving.join()
    run_mailer(stage, "campaign", "status", str(campaign_id))
    with open_workspace(stage.folder) as workspace:
        found = status(workspace.database, campaign_id, utc_now())
        listed = list(deliveries_of(workspace.database, campaign_id, []))
    say("The mailer's book, the mail server's own count, and who has left")
    held = checks(found, listed, stage.server, left.before, left.after)
    for words, holds in held.items():
        click.echo(f"  {'holds' if holds else 'DOES NOT HOLD'}: {words}")
    for state in (DeliveryState.ACCEPTED, DeliveryState.REFUSED, DeliveryState.WITHHELD):
        addresses = [one.address for one in listed if one.state is state]
        if addresses:
            say(f"Why was this letter {state}?")
            address = _worth_telling(stage, addresses)
            run_mailer(stage, "explain", address, str(campaign_id))
    say("The ledger of consents, and the file, looked through")
    run_mailer(stage, "db", "verify")
    return all(held.values())


def _worth_telling(stage: Stage, addresses: list[str]) -> str:
    """Return somebody whose letter was put off before, if there is one."""
    tries = stage.server.post.tries
    return max(addresses, key=lambda address: min(tries.get(address, 0), 2))


def _fired(stage: Stage, workspace: Workspace, look: Callable[[], None]) -> int:
    """Write the schedule, and wait until it has fired and is planned through."""
    schedule = _SCHEDULE.format(at=utc_now() + _FIRES_IN)
    replace(inside(stage.folder, _SCHEDULE_FILE), schedule.encode())
    for line in schedule.splitlines():
        click.echo(f"  {line}")

    def planned() -> bool:
        campaigns = latest(workspace.database, 1)
        return any(one.state is not CampaignState.PLANNING for one in campaigns)

    until(planned, look)
    return latest(workspace.database, 1)[0].id


def _leave(stage: Stage, workspace: Workspace, campaign_id: int, left: Left) -> None:
    """Let people leave: some whose letter still waits, then some who have got theirs."""
    try:
        _leave_before(stage, workspace, campaign_id, left)
    finally:
        stage.server.go_on()
    while len(stage.server.post.links) < _LEAVING and time.monotonic() < stage.ends_at:
        time.sleep(0.1)
    for address, link in list(stage.server.post.links.items())[:_LEAVING]:
        # Scanners follow links before people do, which must change nothing.
        if get_page(link) == DONE and _left(link):
            left.after.append(address)


def _leave_before(stage: Stage, workspace: Workspace, campaign_id: int, left: Left) -> None:
    """Let people leave by the link of an earlier letter; the server holds theirs up."""
    tokens = TokenBox(workspace.ring)
    states = (DeliveryState.QUEUED, DeliveryState.CLAIMED)
    waiting = list(deliveries_of(workspace.database, campaign_id, states))
    for one in waiting[-_LEAVING:]:
        token = tokens.for_reader(TokenKind.UNSUBSCRIBE, Reader(one.contact_id or 0, 1, 0))
        if _left(f"{stage.pages}/u/{token}"):
            left.before.append(one.address)


def _left(link: str) -> bool:
    try:
        return one_click(link) == DONE
    except MailerError as problem:
        click.echo(f"leaving failed: {problem}", err=True)
        return False
