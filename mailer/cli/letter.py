"""`mailer letter`: one letter as its person got it, and those in doubt of no campaign."""

import click

from mailer.cli.output import as_json, print_json, shown
from mailer.config.modes import mode_of
from mailer.jobs import doubts as jobs
from mailer.jobs.doubts import Doubt
from mailer.jobs.show_letter import ShownLetter, show_letter
from mailer.model.delivery import SETTLED_AS
from mailer.model.token import TokenBox, TokenKind
from mailer.senders import making_of
from mailer.wiring import open_workspace


@click.group
def letter() -> None:
    """Show one letter as its person got it; settle what is in doubt.

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


@letter.command
@as_json
@click.pass_obj
def doubts(folder: str, *, as_json: bool) -> None:
    """List letters in doubt that belong to no campaign.

    They may or may not have arrived. What must arrive (confirmations, transactional
    letters) goes out once more by itself while `mailer serve` runs, and is held when it is
    in doubt then too; welcomes, answers and test letters are held at once. Look for the
    Message-ID in the relay's log, then settle each. Those of a campaign: `mailer campaign
    deliveries CAMPAIGN --state in_doubt`.

    Example: mailer letter doubts --json
    """
    with open_workspace(folder) as workspace:
        tokens = TokenBox(workspace.ring)
        rows = [_doubt(one, tokens) for one in jobs.doubts(workspace.database)]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        click.echo(
            f"letter {row['letter']}, {row['kind']}, to {shown(row['address'])},"
            f" since {shown(row['since'])}: {shown(row['reply'])}\n"
            f"  Message-ID {row['message_id']}@…; then `{row['settle']}`"
        )
    if not rows:
        click.echo("nothing")


def _doubt(one: Doubt, tokens: TokenBox) -> dict[str, object]:
    view = one.letter.delivery
    settle = (
        f"mailer letter settle {view.id} --as …"
        if one.ticket is None
        else f"mailer inbox settle {one.ticket} {view.id} --as …"
    )
    return {
        "letter": view.id,
        "kind": one.letter.kind.value,
        "address": view.address,
        "since": view.ended_at,
        "relay": view.relay,
        "reply": view.reply,
        "message_id": tokens.for_delivery(TokenKind.MESSAGE, view.id),
        "ticket": one.ticket,
        "settle": settle,
    }


@letter.command
@click.argument("number", metavar="LETTER", type=int)
@click.option(
    "--as", "settled_as", type=click.Choice(list(SETTLED_AS)), required=True,
    help="It arrived; it did not and stays so; or it is sent once more.",
)  # fmt: skip
@as_json
@click.pass_obj
def settle(folder: str, number: int, settled_as: str, *, as_json: bool) -> None:
    """Settle a letter in doubt that belongs to no campaign and no ticket.

    `again` sends it under the same Message-ID, so that most mail programs show one.

    Example: mailer letter settle 345 --as accepted
    """
    after = SETTLED_AS[settled_as]
    with open_workspace(folder) as workspace:
        jobs.settle(workspace.world(), number, after)
    if as_json:
        print_json({"letter": number, "state": after})
    else:
        click.echo(f"letter {number}: {after}")


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
