"""How `mailer db restore` says what it did."""

from collections.abc import Iterator
from dataclasses import asdict

import click

from mailer.cli.output import shown
from mailer.jobs.restore import Restored


def restored_facts(done: Restored) -> dict[str, object]:
    """Return what was done as JSON values."""
    return {
        "newest": done.newest,
        "entries": done.entries,
        "noes": asdict(done.noes),
        "campaigns": [
            {
                "campaign": one.campaign.id,
                "name": one.campaign.name,
                "state": one.campaign.state.value,
                "in_doubt": one.in_doubt,
                "begun_since": one.begun_since,
            }
            for one in done.campaigns
        ],
        "schedules": done.schedules,
        "floors": done.floors,
        "problems": list(done.problems),
        "replaced": done.replaced,
    }


def say_restored(done: Restored, *, dry_run: bool) -> None:
    """Print what was done for people."""
    click.secho("what would be done" if dry_run else "brought back", bold=True)
    for words in (*_known(done), *_since(done)):
        click.echo(words)
    for words in done.problems:
        click.secho(shown(words), fg="red")
    if done.replaced is not None:
        click.echo(f"the database that was there is kept as {done.replaced}")
    if dry_run:
        click.echo("nothing was changed")
    elif done.campaigns:
        click.echo(
            "Look into the relay's log, then settle what is in doubt: `mailer campaign"
            " resolve`, and `mailer campaign resume` or `cancel`."
        )


def _known(done: Restored) -> Iterator[str]:
    yield (
        f"the backup holds together: {done.entries} entries of the ledger, the newest thing"
        f" on record is of {shown(done.newest)}"
    )
    noes = done.noes
    yield (
        f"the logbook said {noes.read} noes since; {noes.applied} of them were not in the"
        " backup and are in force now"
    )
    if noes.lifted:
        yield f"{noes.lifted} were lifted since: they hold again, their consent is lost"
    if noes.wrong:
        yield f"{noes.wrong} lines of the logbook are not whole: `mailer alarm list`"


def _since(done: Restored) -> Iterator[str]:
    for one in done.campaigns:
        since = ", begun after the backup" if one.begun_since else ""
        yield (
            f"campaign {one.campaign.id} ({shown(one.campaign.name)}{since}) is"
            f" {one.campaign.state}; {one.in_doubt} letters are in doubt"
        )
    for name, count in done.schedules.items():
        yield f"schedule {shown(name)}: {count} firings are past; none is sent by itself"
    numbers = ", ".join(
        f"the next {name} is {last + 1}" for name, last in done.floors.items()
    )
    yield f"no number is given twice: {numbers}"
