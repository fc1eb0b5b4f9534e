"""`mailer dkim`: the keys that letters are signed with, and what to publish in DNS."""

import click

from mailer.cli.asking import asker_of
from mailer.cli.check import print_records
from mailer.cli.output import as_json, print_json, print_rows
from mailer.compose.dkimrecord import zone_line
from mailer.config.dkim import SELECTOR, sending_domain
from mailer.config.places import places_of
from mailer.jobs.check_dns import check_key
from mailer.jobs.check_workspace import Looked
from mailer.jobs.dkim import DkimKey, dkim_keys, new_dkim_key
from mailer.wiring import settings_of, utc_now

FOUND_EXIT_STATUS = 1
_UNUSED = "it signs nothing: remove its file if it has been replaced"


class Domain(click.ParamType[str]):
    """A domain, as an A-label in lower case."""

    name = "domain"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Read it."""
        try:
            return sending_domain(value)
        except ValueError as problem:
            self.fail(str(problem), param, ctx)


DOMAIN = Domain()


@click.group
def dkim() -> None:
    """Sign letters: make keys, show what to publish, check what is published.

    \b
    Example: mailer dkim new example.com
             mailer dkim show
    """  # noqa: D301 - click's own mark for lines that stay as they are


@dkim.command
@click.argument("domain", type=DOMAIN)
@click.option(
    "--selector",
    default="",
    help="By which name it is found in DNS; made of the month when not given.",
)
@as_json
@click.pass_obj
def new(folder: str, domain: str, selector: str, *, as_json: bool) -> None:
    """Make a key for letters from a DOMAIN. It signs nothing until config.toml names it.

    To change keys, make a new one, publish it, and name it only then; leave the old one
    published for a week, because letters on the way were signed with it.

    \b
    Example: mailer dkim new example.com
             mailer dkim new example.com --selector autumn
    """  # noqa: D301 - click's own mark for lines that stay as they are
    if selector and not SELECTOR.fullmatch(selector):
        raise click.BadParameter(
            "small letters, digits and -, 63 at most", param_hint="selector"
        )
    settings = settings_of(folder)
    places = places_of(folder, settings)
    key = new_dkim_key(places.dkim_folder, domain, selector, utc_now())
    if as_json:
        print_json(_facts(key))
        return
    click.echo("Publish this record in DNS:\n")
    _show(key)
    click.echo("\nWhen it is there, name the key in config.toml, and letters are signed:\n")
    click.echo(f'[dkim."{domain}"]\nselector = "{key.selector}"\n')
    if domain in settings.dkim:
        old = settings.dkim[domain].selector
        click.echo(
            f"Until then {old} signs. Leave its record published for a week longer, because"
            " letters on the way were signed with it.\n"
        )
    click.echo(
        f"Keep {places.dkim_folder} out of git, and a copy of it with the other keys."
    )


@dkim.command
@click.argument("domain", type=DOMAIN, required=False)
@as_json
@click.pass_obj
def show(folder: str, domain: str | None, *, as_json: bool) -> None:
    """Show the DNS record of each key: of all domains, or of one.

    A record's value is in strings of 255 characters at most; where a form has one field,
    put them in one after the other without a space.

    \b
    Example: mailer dkim show example.com
             mailer dkim show --json
    """  # noqa: D301 - click's own mark for lines that stay as they are
    settings = settings_of(folder)
    active = {name: one.selector for name, one in settings.dkim.items()}
    keys = dkim_keys(places_of(folder, settings).dkim_folder, active, domain or "")
    if as_json:
        print_json([_facts(key) for key in keys])
        return
    if not keys:
        click.echo("letters are not signed here: `mailer dkim new DOMAIN` makes a key")
    for place, key in enumerate(keys):
        if place:
            click.echo()
        state = "signs letters" if key.active else "signs nothing"
        click.secho(f"{key.domain}, {key.selector}: {state}", bold=True)
        _show(key)


@dkim.command
@click.argument("domain", type=DOMAIN, required=False)
@as_json
@click.pass_context
def check(context: click.Context, domain: str | None, *, as_json: bool) -> None:
    """Ask DNS whether each key is published as it is. Exit status 1 if one is not.

    What to publish is printed for each that is not.

    \b
    Example: mailer dkim check
             mailer dkim check example.com --json
    """  # noqa: D301 - click's own mark for lines that stay as they are
    settings = settings_of(context.obj)
    active = {name: one.selector for name, one in settings.dkim.items()}
    places = places_of(context.obj, settings)
    asker = asker_of(settings)
    keys = dkim_keys(places.dkim_folder, active, domain or "")
    looked = [check_key(asker, key) for key in keys]
    print_rows(
        (_row(key, one, as_json=as_json) for key, one in zip(keys, looked, strict=True)),
        as_json=as_json,
        nothing="there are no keys: `mailer dkim new DOMAIN` makes one",
    )
    if not as_json:
        print_records(looked)
    if any(one.problem for one in looked):
        context.exit(FOUND_EXIT_STATUS)


def _row(key: DkimKey, looked: Looked, *, as_json: bool) -> dict[str, object]:
    facts: dict[str, object] = {
        "looked at": looked.what,
        "signs": key.active,
        "holds": not looked.problem,
        "problem": looked.problem,
    }
    if as_json:
        return facts | {"publish": looked.publish}
    if looked.problem and not key.active:
        facts["problem"] = f"{looked.problem}; {_UNUSED}"
    return facts


def _show(key: DkimKey) -> None:
    click.echo(zone_line(key.name, key.value))


def _facts(key: DkimKey) -> dict[str, object]:
    return {
        "domain": key.domain,
        "selector": key.selector,
        "active": key.active,
        "name": key.name,
        "type": "TXT",
        "value": key.value,
        "strings": list(key.strings),
    }
