"""`mailer segment`: who a list's rules pick."""

from collections.abc import Mapping

import click

from mailer.cli.output import as_json, print_json, print_rows
from mailer.jobs.segments import (
    Counted,
    Previewed,
    Questions,
    count_segments,
    preview_segment,
    segments_of,
)
from mailer.model.ruletext import unparse
from mailer.wiring import Workspace, open_workspace, utc_now

_target = click.argument("target", metavar="[LIST[/SEGMENT]]", default="")
_rule = click.option(
    "--rule",
    metavar="EXPRESSION",
    help="A rule to try, among LIST's people, or without LIST among all contacts.",
)


@click.group
def segment() -> None:
    """Count and preview who a segment picks.

    Example: mailer segment count newsletter/norway
    """


@segment.command(name="count")
@_target
@_rule
@as_json
@click.pass_obj
def count_(folder: str, target: str, rule: str | None, *, as_json: bool) -> None:
    """Count whom a segment picks, and whom each of its clauses holds for.

    Of LIST alone all segments are counted. Those count whose subscription stands; who of
    them gets a letter depends on more: `mailer campaign start --dry-run` says it.

    Example: mailer segment count newsletter --rule "points >= 500 and 'tents' in interests"
    """
    with open_workspace(folder, need_keys=False) as workspace:
        questions = _questions(workspace)
        counted = count_segments(questions, segments_of(questions, target, rule))
    if as_json:
        print_json([_as_json(one) for one in counted])
        return
    alone = len(counted) == 1
    print_rows((row for one in counted for row in _rows(one, alone=alone)), as_json=False)
    for note in (note for one in counted for note in one.notes):
        click.echo(f"note: {note}", err=True)


@segment.command
@_target
@_rule
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=10, show_default=True, help="How many."
)
@as_json
@click.pass_obj
def preview(
    folder: str, target: str, rule: str | None, limit: int, *, as_json: bool
) -> None:
    """Show the first people whom a segment picks, with the values that its rule reads.

    Example: mailer segment preview newsletter/norway --limit 5
    """
    with open_workspace(folder, need_keys=False) as workspace:
        questions = _questions(workspace)
        chosen = segments_of(questions, target, rule)[0]
        people = preview_segment(questions, chosen, limit)
    if as_json:
        print_json([_person(one) for one in people])
        return
    print_rows(
        ({"address": one.address, **one.values, **one.history} for one in people),
        as_json=False,
        nothing=f"{chosen.name} picks nobody",
    )


def _questions(workspace: Workspace) -> Questions:
    return Questions(
        workspace.database,
        workspace.folder,
        workspace.specs,
        utc_now(),
        workspace.settings.time_zone,
        workspace.settings.mode == "rehearsal",
    )


def _rows(counted: Counted, *, alone: bool) -> list[Mapping[str, object]]:
    rule = counted.segment.rule
    rows: list[Mapping[str, object]] = [
        {
            "segment": counted.segment.name,
            "people": counted.picked,
            "of": counted.asked,
            "rule": "" if rule is None else unparse(rule),
        }
    ]
    if alone:
        rows += [
            {"segment": "  clause", "people": people, "of": counted.asked, "rule": text}
            for text, people in counted.clauses
        ]
    return rows


def _as_json(counted: Counted) -> Mapping[str, object]:
    rule = counted.segment.rule
    return {
        "segment": counted.segment.name,
        "list_id": counted.segment.list_id,
        "rule": None if rule is None else unparse(rule),
        "people": counted.picked,
        "of": counted.asked,
        "clauses": [{"rule": text, "people": people} for text, people in counted.clauses],
        "notes": list(counted.notes),
    }


def _person(one: Previewed) -> Mapping[str, object]:
    return {
        "contact_id": one.contact_id,
        "address": one.address,
        "values": dict(one.values),
        "history": dict(one.history),
    }
