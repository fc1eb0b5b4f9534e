"""A workspace of its own for each journey, on SQLite or PostgreSQL."""

from collections.abc import Generator
from pathlib import Path

import pytest
from journey.program import Shop


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that `mailer init` has made, to be copied: most journeys begin there."""
    made = Shop(tmp_path_factory.mktemp("fresh") / "shop")
    made.make(1)
    return made.folder


@pytest.fixture
def shop(tmp_path: Path, fresh: Path) -> Generator[Shop]:
    """A workspace's folder; make it with the settings that the journey needs."""
    found = Shop(tmp_path / "shop", fresh=fresh)
    yield found
    found.end()
