"""`mailer letter`: one letter as its person got it."""

import click

from mailer.cli.output import as_json, print_json, shown
from mailer.config.modes import mode_of
from mailer.jobs.show_letter import ShownLetter, show_letter
from mailer.senders import making_of
from mailer.wiring import open_workspace


@click.group
def letter() -> None:
    """Show one letter as its person got it.

    Example: mailer letter show 345
    """


@letter.command
@click.argument("delivery", type=int)
@click.option(
    "--raw", is_flag=True, help="Print its bytes, to be opened by a mail program."
)
@click.option("--html", is_flag=True, help="Print its HTML.")
@as_json
@click.pass_obj
def show(folder: str, delivery: int, *, raw: bool, html: bool, as_json: bool) -> None:
    """Show a letter, whatever its cause: campaign, confirmation, acknowledgement, answer.

    It is composed again from what was frozen with its cause and from what it showed of the
    person, which is kept with it (`retention.letter_values_days`). So it has the same bytes
    with the same signature; when settings, keys or the program have changed since, it says
    that they may be others.
    DELIVERY is the letter's number, as `mailer explain` and `mailer inbox show` tell it.

    \b
    Example: mailer letter show 345
             mailer letter show 345 --raw > letter.eml
    """  # noqa: D301 - click's own mark for lines that stay as they are
    if [raw, html, as_json].count(True) > 1:
        raise click.UsageError("say one of --raw, --html and --json")
    with open_workspace(folder) as workspace:
        # While nobody has said to whom letters go, none has left.
        said = mode_of(workspace.settings) is not None
        making = making_of(workspace) if said else None
        found = show_letter(workspace.world(), delivery, making)
    if raw:
        click.echo(found.content, nl=False)
    elif html:
        click.echo(found.html)
    elif as_json:
        print_json(_facts(found))
    else:
        _print(found)


def _facts(found: ShownLetter) -> dict[str, object]:
    one = found.delivery
    return {
        "letter": one.id,
        "to": one.address,
        "state": one.state.value,
        "left": one.left_at,
        "subject": found.subject,
        "text": found.text,
        "html": found.html,
        "values_changed_since": found.changed,
        "same_bytes_as_sent": found.exact,
    }


def _print(found: ShownLetter) -> None:
    one = found.delivery
    when = f", left {shown(one.left_at)}" if one.left_at else ""
    click.echo(f"letter {one.id} to {shown(one.address)}: {one.state.value}{when}")
    if found.changed:
        click.echo("what is known of the person has changed since: values may be others")
    elif one.left_at and not found.exact:
        click.echo("settings, keys or the program have changed since: bytes may be others")
    click.echo(f"Subject: {shown(found.subject)}\n")
    for line in found.text.rstrip().split("\n"):
        click.echo(shown(line))
