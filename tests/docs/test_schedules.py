"""`docs/schedules.md` says what the program does."""

import re
from datetime import UTC, datetime

import pytest
from docs.rfc_index import ROOT

from mailer.model.schedule import Every
from mailer.pace.firing import next_firing
from mailer.workspace.schedules import parse_schedule

TEXT = (ROOT / "docs/schedules.md").read_text(encoding="utf-8")
# A cell of the table holds a whole line of a file, or further values for the same key.
CRONS = sorted(set(re.findall(r'"([0-9*][^"]* [^"]* [^"]* [^"]* [^"]*)"', TEXT)))


def test_the_example_is_a_schedule() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    assert parse_schedule(example, "example").segment == "nordic"


@pytest.mark.parametrize("cron", CRONS)
def test_each_crontab_fires(cron: str) -> None:
    lines = f'cron = "{cron}"\nzone = "Europe/Oslo"\ntemplate = "a"\nlist = "b"\n'
    assert next_firing(parse_schedule(lines, "a"), datetime(2026, 11, 21, tzinfo=UTC))


def test_an_interval_counts_from_where_the_document_says() -> None:
    lines = 'every = "6h"\nzone = "Europe/Oslo"\ntemplate = "a"\nlist = "b"\n'
    trigger = parse_schedule(lines, "a").trigger
    assert isinstance(trigger, Every)
    assert trigger.since == datetime(2000, 12, 31, 23, tzinfo=UTC)
    assert len(CRONS) >= 6
