"""`mailer send`: one transactional letter to one address."""

from email.parser import BytesParser
from email.policy import SMTPUTF8
from typing import cast

import click

from mailer.audience.wanted import LetterReader, Wanted
from mailer.cli.output import as_json, print_json
from mailer.cli.printable import printable
from mailer.errors import CannotComposeError, WorkspaceError
from mailer.jobs.orders import Asked, data_then, order_body
from mailer.jobs.transact import (
    Faults,
    LetterDesk,
    MustNot,
    OtherLetter,
    Owed,
)
from mailer.model.address import parse_address
from mailer.model.attributes import AttributeSpec, AttributeType, coerce, separated
from mailer.web.contacts import ZONES, strict_json
from mailer.wiring import open_workspace, utc_now
from mailer.workspace.files import exists, read_text
from mailer.workspace.templates import read_template

_STAFF = "staff"


def _only_one(
    context: click.Context, parameter: click.Parameter, given: tuple[str, ...]
) -> str:
    """Return the address; of several only the last would be written to, unsaid."""
    match given:
        case (one,):
            return one
        case _:
            words = "one letter goes to one address: run it once for each"
            raise click.BadParameter(words, context, parameter)


@click.command
@click.argument("template")
@click.option(
    "--to",
    "address",
    required=True,
    multiple=True,
    callback=_only_one,
    help="Whom it goes to.",
)
@click.option(
    "--data",
    "given",
    multiple=True,
    metavar="FILE|NAME=VALUE|JSON",
    help="What it is sent with: a file of JSON, one value, or an object of JSON; may be"
    " given more than once.",
)
@click.option(
    "--key", default="", help="Asked for again with the same key it is sent once."
)
@click.option("--list", "list_name", default="", help="The list in whose name it goes.")
@click.option("--language", help="Its language, where the template has it.")
@click.option(
    "--dry-run", is_flag=True, help="Compose it, say from whom, and send nothing."
)
@as_json
@click.pass_obj
def send(
    folder: str,
    template: str,
    address: str,
    given: tuple[str, ...],
    key: str,
    list_name: str,
    *,
    language: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Send one transactional letter to one address.

    The TEMPLATE says kind = "transactional" in its letter.toml, and under [data] what it is
    sent with. It goes before journeys and campaigns, and also to people who left a list;
    what must go to nobody is refused. `mailer serve` sends it.

    \b
    Example: mailer send receipt --to ann@example.com --data order.json --dry-run
             mailer send receipt --to ann@example.com --data order.json --key order-1017
             mailer send receipt --to ann@example.com --data order.json --data total=1290
    """  # noqa: D301 - click's own mark for lines that stay as they are
    with open_workspace(folder) as workspace:
        world = workspace.world()
        # What was promised to a key holds, whatever became of the template since.
        then = None if dry_run else data_then(world, workspace.ring, _STAFF, key)
        specs = read_template(folder, template).data_specs() if then is None else then
        data = _data(specs, given)
        wanted = Wanted(template, parse_address(address), data, list_name, language)
        reader = LetterReader(world.specs, ZONES, utc_now())
        asked = Asked(_STAFF, key, order_body(wanted))
        desk = LetterDesk(world, workspace.ring)
        outcome = desk.send(reader, wanted, asked, dry_run=dry_run)
    if not isinstance(outcome, Owed):
        raise _as_error(outcome)
    if outcome.letter is None:
        _show_tried(outcome.composed, as_json=as_json)
    elif as_json:
        print_json({"result": "queued", "letter": outcome.letter})
    else:
        click.echo(f"letter {outcome.letter} to {wanted.to.given} is on its way")


def _show_tried(composed: bytes, *, as_json: bool) -> None:
    read = BytesParser(policy=SMTPUTF8).parsebytes(composed, headersonly=True)
    said = {name: printable(str(read[name])) for name in ("From", "To", "Subject")}
    if as_json:
        facts = {name.lower(): one for name, one in said.items()}
        print_json({"result": "composed", "letter": None} | facts)
    else:
        click.echo(f"From: {said['From']}\nTo: {said['To']}\n")
        click.echo(f"it can be sent: {said['Subject']}")


def _data(specs: dict[str, AttributeSpec], given: tuple[str, ...]) -> dict[str, object]:
    data: dict[str, object] = {}
    for one in given:
        name, is_value, cell = one.partition("=")
        if one.lstrip().startswith("{"):
            data |= _object(one, "--data")
        else:
            data |= {name: _value(specs, name, cell)} if is_value else _file(one)
    return data


def _value(specs: dict[str, AttributeSpec], name: str, cell: str) -> object:
    if name not in specs:
        return cell
    if specs[name].type is AttributeType.TEXTS:
        return separated(cell)
    try:
        return coerce(specs[name], cell)
    except ValueError as problem:
        raise click.BadParameter(f"{name} {problem}", param_hint="--data") from None


def _file(path: str) -> dict[str, object]:
    try:
        there = exists(path)
    except OSError:  # too long for a name
        there = False
    if not there:
        raise click.BadParameter(
            f"there is no file {printable(path[:80])}, and a value is written NAME=VALUE",
            param_hint="--data",
        )
    return _object(read_text(path, path), path)


def _object(text: str, where: str) -> dict[str, object]:
    try:
        found = strict_json(text.encode("utf-8", "surrogateescape"))
    except ValueError as problem:
        raise WorkspaceError(f"{where}: {problem}") from None
    if not isinstance(found, dict):
        raise WorkspaceError(f'{where}: must be an object of JSON: {{"order": "1017"}}')
    return cast("dict[str, object]", found)


def _as_error(outcome: Faults | MustNot | OtherLetter) -> CannotComposeError:
    match outcome:
        case Faults(faults):
            lines = (f"{one.pointer.lstrip('/')}: {one.detail}" for one in faults)
            return CannotComposeError("\n".join(lines))
        case MustNot(detail):
            return CannotComposeError(detail)
        case OtherLetter(letter):
            return CannotComposeError(
                f"the key was used for letter {letter}, which is another one: choose a key"
                " of its own for each letter"
            )
