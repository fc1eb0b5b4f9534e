"""What a partner is given, only of those who agreed, and what partners were given."""

from dataclasses import asdict

import click

from mailer.cli.output import as_json, json_text, print_facts, print_rows
from mailer.jobs.export_contacts import partners_lines, partners_view
from mailer.jobs.sharing import count_agreeing, give
from mailer.store.sharings import all_given
from mailer.wiring import open_workspace
from mailer.workspace.partners import read_partner


def export_to(
    folder: str, name: str, by: str, list_name: str | None, *, dry_run: bool, as_json: bool
) -> None:
    """Print whose data a partner gets."""
    if list_name is not None:
        raise click.UsageError("--to PARTNER has a consent of its own: leave out --list")
    with open_workspace(folder) as workspace:
        world = workspace.world()
        partner = read_partner(world.folder, world.specs, name)
        if dry_run:
            people = count_agreeing(world, partner)
            print_facts({"partner": partner.name, "people": people}, as_json=as_json)
            return
        specs = {one: world.specs[one] for one in partner.gets}
        pages = give(world, partner, by)
        if as_json:
            for page in pages:
                for one in page:
                    click.echo(json_text(partners_view(one, specs)))
            return
        for line in partners_lines(pages, specs):
            click.echo(line, nl=False)


@click.command
@click.argument("partner", required=False)
@as_json
@click.pass_obj
def sharings(folder: str, partner: str | None, *, as_json: bool) -> None:
    """List when partners were given people's data, by whom, and how many people's.

    \b
    Example: mailer contact sharings
             mailer contact sharings fjell-tours --json
    """  # noqa: D301 - click's own mark for lines that stay as they are
    with (
        open_workspace(folder, need_keys=False) as workspace,
        workspace.database.read() as connection,
    ):
        found = all_given(connection, partner)
    print_rows(
        (asdict(one) for one in found),
        as_json=as_json,
        nothing="no partner was given anything",
    )
