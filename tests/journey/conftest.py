"""A workspace of its own for each journey, on SQLite or PostgreSQL."""

from collections.abc import Generator
from pathlib import Path

import pytest
from journey.program import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Generator[Shop]:
    """A workspace's folder; make it with the settings that the journey needs."""
    found = Shop(tmp_path / "shop")
    yield found
    found.end()
