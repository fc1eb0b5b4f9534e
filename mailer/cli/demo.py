"""`mailer demo`: the whole main job on this machine, with real SMTP on loopback.

Each step is a command that a marketer would type, run as a program of its own; the mail
server counts for itself, and at the end the sums must add up on both sides.
"""

import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import click

from mailer.cli.output import shown
from mailer.cli.progress import watch
from mailer.config.example import example
from mailer.errors import MailerError, RefusedError
from mailer.jobs.campaigns import Status, latest, status
from mailer.jobs.demo_people import HEADER, file_rows
from mailer.jobs.demo_server import DemoServer
from mailer.jobs.init import make_files, make_state
from mailer.model.campaign import CampaignState
from mailer.model.delivery import DeliveryState
from mailer.model.token import Reader, TokenBox, TokenKind
from mailer.store.deliveries import deliveries_of
from mailer.wire.web import free_port, one_click
from mailer.wiring import (
    Workspace,
    database_of,
    open_workspace,
    places_of,
    settings_of,
    utc_now,
)
from mailer.workspace.csvfiles import csv_lines
from mailer.workspace.files import (
    absolute,
    exists,
    inside,
    make_folder,
    replace,
    temporary_folder,
)

_PER_SECOND = 300
_LEAVING_BEFORE, _LEAVING_AFTER = 15, 15
_WAIT_S = 150
_FIRES_IN = timedelta(seconds=8)

_SCHEDULE = """\
# The demonstration's schedule: once, a few seconds after it was written.
at = {at:%Y-%m-%dT%H:%M:%S}
zone = "UTC"
template = "autumn-sale"
list = "newsletter"
"""


@dataclass(frozen=True, slots=True)
class _Stage:
    """Where the demonstration takes place."""

    folder: str
    server: DemoServer
    web_port: int


@click.command
@click.argument("folder", metavar="DIR", required=False)
@click.option("--people", default=5000, show_default=True, help="How many to make up.")
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
    stage = _Stage(place, server, free_port())
    try:
        _set_up(stage, people)
        balanced = _act(stage)
    finally:
        server.stop()
    click.echo(
        f"\nThe workspace is in {place}. Look around, for instance:\n"
        f"  cd {place}\n"
        "  mailer campaign status 1\n"
        "  mailer campaign deliveries 1 --state refused,expired\n"
        "  mailer campaign retry 1 --state expired --dry-run\n"
        "  mailer contact show ADDRESS\n"
        "  mailer db verify"
    )
    if not balanced:
        raise RefusedError("the sums do not add up: please report this")


def _set_up(stage: _Stage, people: int) -> None:
    _say("A workspace with lists, a template and keys, and quick settings")
    make_folder(stage.folder)
    make_files(stage.folder, _quick(example(), stage))
    settings = settings_of(stage.folder)
    places = places_of(stage.folder, settings)
    database = database_of(places)
    try:
        make_state(database, places.database_file, places.keys_file, utc_now())
    finally:
        database.close()
    rows, wrong = file_rows(people)
    file = inside(stage.folder, "people.csv")
    replace(file, "".join(csv_lines([HEADER, *rows])).encode())
    _say(f"{len(rows)} people from a fair, {wrong} of them with something wrong")
    source = "stall at the mountain fair"
    words = ("--list", "newsletter", "--basis", "express", "--source", source)
    _mailer(stage, "contact", "import", "people.csv", *words)
    _mailer(stage, "segment", "count", "newsletter")


def _quick(text: str, stage: _Stage) -> str:
    """Return the example's settings with a local relay, and seconds instead of hours."""
    changed: Mapping[str, str] = {
        'public_url = "https://mail.example.com"': (
            f'public_url = "http://127.0.0.1:{stage.web_port}"'
        ),
        "listen_port = 8025": f"listen_port = {stage.web_port}",
        'host = "localhost"': 'host = "127.0.0.1"',
        "port = 587": f"port = {stage.server.port}",
        'tls = "required"': 'tls = "none"',
        "per_second = 0\n": f"per_second = {_PER_SECOND}\n",
        "give_up_after_h = 24": "give_up_after_h = 0.014",
        "retry_plan_s = [300, 900, 1800, 3600, 7200, 14400]": "retry_plan_s = [2, 4, 8]",
        "keep_every_s = 5": "keep_every_s = 1",
        "tick_s = 5": "tick_s = 1",
    }
    for before, after in changed.items():
        assert before in text, before
        text = text.replace(before, after, 1)
    return text


def _act(stage: _Stage) -> bool:
    _say("A schedule that fires in a few seconds, and `mailer serve`")
    at = utc_now() + _FIRES_IN
    replace(inside(stage.folder, "schedules/demo.toml"), _SCHEDULE.format(at=at).encode())
    serving = subprocess.Popen(_command(stage, "serve", "--quiet"))  # noqa: S603 - ourselves
    try:
        with open_workspace(stage.folder) as workspace:
            campaign_id = _fired(workspace, serving)
            _say(f"Campaign {campaign_id} goes out; readers leave meanwhile")
            leaving = threading.Thread(target=_leave, args=(stage, workspace, campaign_id))
            leaving.start()
            watch(workspace.database, campaign_id)
            leaving.join()
            _until(lambda: _ended(workspace, campaign_id), "the campaign to end", serving)
            found = status(workspace.database, campaign_id, utc_now())
            examples = _examples(workspace, campaign_id)
    finally:
        serving.terminate()
        serving.wait()
    _mailer(stage, "campaign", "status", str(campaign_id))
    balanced = _report(stage, found)
    for state, address in examples.items():
        _say(f"Why was this letter {state}?")
        _mailer(stage, "explain", address, str(campaign_id))
    return balanced and serving.returncode == 0


def _fired(workspace: Workspace, serving: subprocess.Popen[bytes]) -> int:
    _until(
        lambda: any(
            one.state is not CampaignState.PLANNING for one in latest(workspace.database, 1)
        ),
        "the schedule to fire",
        serving,
    )
    return latest(workspace.database, 1)[0].id


def _ended(workspace: Workspace, campaign_id: int) -> bool:
    found = status(workspace.database, campaign_id, utc_now())
    return found.campaign.state is CampaignState.FINISHED


def _until(holds: Callable[[], bool], what: str, serving: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _WAIT_S
    while not holds():
        if serving.poll() is not None:
            raise RefusedError(f"mailer serve ended with status {serving.returncode}")
        if time.monotonic() > end:
            raise RefusedError(f"waited {_WAIT_S} s in vain for {what}")
        time.sleep(0.2)


def _leave(stage: _Stage, workspace: Workspace, campaign_id: int) -> None:
    """Let people leave: some whose letter waits still, by the link of an earlier letter."""
    tokens = TokenBox(workspace.ring)
    waiting = [
        one
        for one in deliveries_of(workspace.database, campaign_id, [DeliveryState.QUEUED])
        if one.contact_id is not None and not one.attempts
    ]
    for one in waiting[-_LEAVING_BEFORE:]:
        reader = Reader(one.contact_id or 0, 1, 0)
        token = tokens.for_reader(TokenKind.UNSUBSCRIBE, reader)
        _click_link(f"http://127.0.0.1:{stage.web_port}/u/{token}")
    end = time.monotonic() + _WAIT_S
    while len(stage.server.post.links) < _LEAVING_AFTER and time.monotonic() < end:
        time.sleep(0.1)
    for link in list(stage.server.post.links.values())[:_LEAVING_AFTER]:
        _click_link(link)


def _click_link(link: str) -> None:
    try:
        answer = one_click(link)
    except MailerError as problem:
        click.echo(f"leaving failed: {problem}", err=True)
        return
    if answer != 200:  # noqa: PLR2004 - RFC 8058 §3.2: done
        click.echo(f"leaving was answered with {answer}", err=True)


def _examples(workspace: Workspace, campaign_id: int) -> dict[DeliveryState, str]:
    """Find one address for each kind of ending worth explaining."""
    wanted = (DeliveryState.ACCEPTED, DeliveryState.REFUSED, DeliveryState.WITHHELD)
    found: dict[DeliveryState, str] = {}
    for state in wanted:
        first = next(deliveries_of(workspace.database, campaign_id, [state]), None)
        if first is not None:
            found[state] = first.address
    return found


def _report(stage: _Stage, found: Status) -> bool:
    """Hold the mailer's book against the server's own count."""
    counts, post = found.counts, stage.server.post
    total = sum(counts.values())
    checks = {
        f"planned {found.campaign.planned} = the sum of all states {total}": (
            found.campaign.planned == total
        ),
        f"accepted on record {counts[DeliveryState.ACCEPTED]} = letters that the server"
        f" took {len(post.links)}": counts[DeliveryState.ACCEPTED] == len(post.links),
        f"in doubt {counts[DeliveryState.IN_DOUBT]} = times that the server hung up after"
        f" the content {post.hung_up}": counts[DeliveryState.IN_DOUBT] == post.hung_up,
        f"copies of any one letter: {stage.server.copies_at_most}": (
            stage.server.copies_at_most == 1
        ),
        f"withheld because people left: {counts[DeliveryState.WITHHELD]}": (
            counts[DeliveryState.WITHHELD] > 0
        ),
    }
    _say("The mailer's book and the server's own count")
    for words, holds in checks.items():
        click.echo(f"  {'holds' if holds else 'DOES NOT HOLD'}: {words}")
    return all(checks.values())


def _say(words: str) -> None:
    click.secho(f"\n── {shown(words)}", bold=True)


def _mailer(stage: _Stage, *words: str) -> None:
    click.secho(f"$ mailer {shlex.join(words)}", dim=True)
    command = _command(stage, *words)
    ended = subprocess.run(command, cwd=stage.folder, check=False)  # noqa: S603 - ourselves
    if ended.returncode:
        raise RefusedError(f"mailer {words[0]} ended with status {ended.returncode}")


def _command(stage: _Stage, *words: str) -> list[str]:
    return [sys.executable, "-m", "mailer", "-w", stage.folder, *words]
