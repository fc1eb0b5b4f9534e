"""`mailer template`: how a letter looks, and a test letter to an address of one's own."""

import asyncio
import dataclasses
import time
from collections.abc import Mapping
from urllib.parse import urlencode

import click

from mailer.cli.findings import check
from mailer.cli.live import serve_live
from mailer.cli.output import as_json, print_json, shown
from mailer.cli.process import loop_factory
from mailer.compose.prepared import prepare
from mailer.daemon import send_until
from mailer.errors import NotFoundError, did_you_mean
from mailer.jobs.new_letter import new_letter
from mailer.jobs.preview import preview as previewed
from mailer.jobs.trial import (
    Trial,
    known_contact,
    list_to_show,
    queue_trial,
    trial_state,
)
from mailer.model.delivery import OPEN_STATES, DeliveryState
from mailer.senders import pen_of
from mailer.store.deliveries import DeliveryView
from mailer.wiring import Workspace, open_workspace, utc_now
from mailer.workspace.files import write_asked
from mailer.workspace.templates import read_template, template_names

_list = click.option(
    "--list", "list_name", help="Whose sender and words; else the contact's own."
)
_contact = click.option(
    "--contact",
    "address",
    metavar="ADDRESS",
    help="Whose values; else the template's sample.",
)
_language = click.option(
    "--language",
    metavar="TAG",
    help="The sample's language, such as nb: a letter may be written in several.",
)


@click.group
def template() -> None:
    """Begin a letter, preview and check it, send a test.

    Example: mailer template new spring --from newsletter
    """


template.add_command(check)


@template.command
@click.argument("name")
@click.option(
    "--from",
    "beginning",
    default="newsletter",
    show_default=True,
    metavar="LAYOUT",
    help="plain-letter, newsletter, announcement, product or receipt; or a template of"
    " yours, to copy.",
)
@click.pass_obj
def new(folder: str, name: str, beginning: str) -> None:
    """Begin a new letter: a folder with a letter to write on. Nothing is overwritten.

    Example: mailer template new spring --from announcement
    """
    with open_workspace(folder) as workspace:
        # No template's name has a space: "plain letter" is meant as it is said.
        layout = "-".join(beginning.split())
        made = new_letter(workspace.folder, name, layout, workspace.specs)
    for path in made:
        click.echo(f"made  {shown(path)}")
    click.echo(f"See it: mailer template preview {name} --html look.html")


@template.command
@click.argument("name")
@_contact
@_language
@_list
@click.option("--html", "into", metavar="FILE", help="Write the HTML there, for a browser.")
@click.option("--text", "only_text", is_flag=True, help="Print the plain text only.")
@click.option("--serve", is_flag=True, help="Show it on a page, anew after each save.")
@click.option("--port", default=0, help="With --serve: the port; else a free one.")
@as_json
@click.pass_obj
def preview(
    folder: str,
    name: str,
    address: str | None,
    language: str | None,
    list_name: str | None,
    into: str | None,
    *,
    only_text: bool,
    serve: bool,
    port: int,
    as_json: bool,
) -> None:
    """Show how a template looks for one person. Nothing is sent, nothing is fetched.

    With --serve a page on this machine shows the letter (on a desktop, on a phone, on a
    dark screen), its plain text, headers and source, and what the check found, while you
    write.

    \b
    Example: mailer template preview autumn-sale --serve
             mailer template preview autumn-sale --contact kari@example.com --html look.html
    """  # noqa: D301 - click's own mark for lines that stay as they are
    with open_workspace(folder) as workspace:
        if serve:
            shown_first = {"list": list_name, "contact": address, "language": language}
            _serve(workspace, name, shown_first, port)
            return
        trial = _trial(workspace, name, list_name, address, language)
        pen = pen_of(workspace)
        prepared = prepare(
            trial.source,
            trial.mailing_list,
            0,
            workspace.specs,
            pen.site,
            pen.tokens,
            pen.limits,
        )
        person = trial.contact.person if trial.contact else None
        found = previewed(prepared, person, utc_now())
    if into is not None:
        write_asked(into, found.html.encode())
        click.echo(f"the HTML is in {into}", err=True)
    if as_json:
        print_json(
            {
                "language": found.language,
                "languages": list(prepared.languages),
                "subject": found.subject,
                "size_bytes": found.size_bytes,
                "text": found.text,
                "html": found.html,
            }
        )
        return
    if not only_text:
        click.echo(f"Subject: {shown(found.subject)}\nSize:    {found.size_bytes} bytes")
        if len(prepared.languages) > 1:
            others = ", ".join(one for one in prepared.languages if one != found.language)
            click.echo(f"In:      {found.language} (there is also {others})")
        click.echo()
    for line in found.text.splitlines():
        click.echo(shown(line))


@template.command
@click.argument("name")
@click.option("--to", required=True, metavar="ADDRESS", help="Who gets the test letter.")
@_contact
@_language
@_list
@click.option("--timeout", default=60.0, show_default=True, help="Seconds to wait at most.")
@click.pass_context
def test(
    context: click.Context,
    name: str,
    to: str,
    address: str | None,
    language: str | None,
    list_name: str | None,
    *,
    timeout: float,
) -> None:
    """Send a template to one address, marked as a test, and say what came of it.

    Its links leave no list. No campaign's letter goes along.

    Example: mailer template test autumn-sale --to me@example.com --contact kari@example.com
    """
    with open_workspace(context.obj) as workspace:
        trial = _trial(workspace, name, list_name, address, language)
        delivery_id = queue_trial(workspace.world(), workspace.ring, trial, to)
        give_up_at = time.monotonic() + timeout

        def ended() -> bool:
            state = trial_state(workspace.database, delivery_id)
            tried = state.state is DeliveryState.QUEUED and bool(state.reply)
            return tried or state.state not in OPEN_STATES or time.monotonic() > give_up_at

        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(send_until(workspace, ended))
        found = trial_state(workspace.database, delivery_id)
    click.echo(_came_of(found, to))
    if found.state is not DeliveryState.ACCEPTED:
        context.exit(1)


def _serve(
    workspace: Workspace, name: str, shown_first: Mapping[str, str | None], port: int
) -> None:
    known = template_names(workspace.folder)
    if name not in known:
        raise NotFoundError(f"there is no template {name!r}{did_you_mean(name, known)}")
    values = {key: value for key, value in shown_first.items() if value}
    if "contact" in values:
        known_contact(workspace.database, values["contact"])
    if "list" in values:
        workspace.mailing_list(values["list"])
    query = urlencode(values)
    serve_live(workspace, name, f"?{query}" if query else "", port)


def _trial(
    workspace: Workspace,
    name: str,
    list_name: str | None,
    address: str | None,
    language: str | None,
) -> Trial:
    source = read_template(workspace.folder, name)
    if language is not None:
        if address is not None:
            raise click.UsageError("a contact has a language: --language is for the sample")
        source = dataclasses.replace(source, sample={**source.sample, "language": language})
    contact = known_contact(workspace.database, address) if address else None
    if list_name is None:
        mailing_list = list_to_show(workspace.database, contact, workspace.mailing_lists())
    else:
        mailing_list = workspace.mailing_list(list_name)
    return Trial(source, mailing_list, contact)


def _came_of(found: DeliveryView, to: str) -> str:
    said = f": {shown(found.reply)}" if found.reply else ""
    if found.state is DeliveryState.ACCEPTED:
        return f"accepted by {found.relay} for {shown(to)}{said}"
    if found.state is DeliveryState.QUEUED:
        return (
            f"not sent yet{said or ': the relay could not be reached'}; it is tried again"
            f" while `mailer serve` runs, until {shown(found.give_up_at)}"
        )
    reason = f" ({found.reason})" if found.reason else ""
    return f"{found.state}{reason}{said}"
