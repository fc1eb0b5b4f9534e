"""How long a campaign takes, as `mailer campaign status` says by the relays' limits."""

import json
from pathlib import Path

import pytest
from audiences import add_people, write_template
from click.testing import CliRunner
from worlds import make_workspace

from mailer.cli.main import mailer

BULK = {"host": "127.0.0.1", "tls": "none", "per_day": 2, "reserved": 0.0}
PLAIN = {"host": "127.0.0.1", "tls": "none"}
A_DAY_S = 86_400


def left_s(folder: Path, **relays: dict[str, object]) -> float | None:
    """Start a campaign of six letters beside some relays, and say how long it takes."""
    settings = {f"relays.{name}": one for name, one in relays.items()}
    with (
        make_workspace(folder, **settings) as workspace,
        workspace.database.write() as connection,
    ):
        add_people(connection, range(1, 7), list_id="newsletter", wording=1)
    write_template(folder, "digest")

    def run(*words: str) -> str:
        done = CliRunner().invoke(mailer, ("-w", str(folder), "campaign", *words))
        assert done.exit_code == 0, done.output
        return done.stdout

    run("start", "digest", "--list", "newsletter", "--yes")
    found: dict[str, float | None] = json.loads(run("status", "--json"))
    return found["left_s"]


@pytest.mark.parametrize(
    "other",
    [
        {"lanes": ["answers", "transactions"]},
        {"domains": ["elsewhere.example"]},
    ],
)
def test_relays_that_take_none_of_its_letters_do_not_make_it_shorter(
    tmp_path: Path, other: dict[str, object]
) -> None:
    assert left_s(tmp_path, bulk=BULK, other={**PLAIN, **other}) == 2 * A_DAY_S


def test_a_spare_without_a_limit_takes_what_a_full_relay_leaves(tmp_path: Path) -> None:
    assert left_s(tmp_path, bulk=BULK, spare={**PLAIN, "weight": 0}) is None
