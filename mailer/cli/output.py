"""How commands print: a table for people, JSON for programs, the same facts in both.

What comes from outside (names, servers' answers) is printed without control characters, so
that no one can write to a marketer's terminal by mail.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import cast

import click
from rich.cells import cell_len

from mailer.cli.printable import printable

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
"""The option of every command that reports."""


def print_rows(
    rows: Iterable[Mapping[str, object]], *, as_json: bool, nothing: str = "nothing"
) -> None:
    """Print rows with the same keys as a table, or as a JSON list.

    Args:
        nothing: What people read when there are no rows.
    """
    if as_json:
        print_json([dict(row) for row in rows])
        return
    table = [{key: shown(value) for key, value in row.items()} for row in rows]
    if not table:
        click.echo(nothing)
        return
    columns = list(table[0])
    lines = [columns, *([row[key] for key in columns] for row in table)]
    widths = [max(cell_len(line[place]) for line in lines) for place in range(len(columns))]
    for number, line in enumerate(lines):
        padded = _padded(line, widths)
        click.echo(click.style(padded, bold=True) if number == 0 else padded)


def print_facts(facts: Mapping[str, object], *, as_json: bool) -> None:
    """Print what is known about one thing, a fact a line, or as a JSON object."""
    if as_json:
        print_json(dict(facts))
        return
    width = max(map(cell_len, facts), default=0)
    for name, value in facts.items():
        click.echo(_padded([name, shown(value)], [width, 0]))


def print_json(value: object) -> None:
    """Print a value as JSON; times are UTC as in RFC 3339, bytes are hexadecimal."""
    click.echo(json_text(value, indent=2))


def json_text(value: object, indent: int | None = None) -> str:
    """Write a value as JSON, in one line without an indent.

    What is not printed stands as an escape (RFC 8259 §7), because JSON is read on terminals
    too: control characters above ASCII, marks that turn the direction of writing.
    """
    text = json.dumps(value, indent=indent, ensure_ascii=False, default=_json)
    if text.replace("\n", "").isprintable():
        return text
    return "".join(
        one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in text
    )


def shown(value: object) -> str:
    """Write a value for people, in one line without control characters."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        case bytes():
            return value.hex()
        case list() | tuple():
            return ", ".join(shown(one) for one in cast("Sequence[object]", value))
        case _:
            return printable(str(value))


def _padded(line: Sequence[str], widths: Sequence[int]) -> str:
    cells = (
        cell + " " * (width - cell_len(cell))
        for cell, width in zip(line, widths, strict=True)
    )
    return "  ".join(cells).rstrip()


def _json(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"JSON has no {type(value)}")
