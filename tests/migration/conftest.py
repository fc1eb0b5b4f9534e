"""A folder of migrations for each test that asks."""

from pathlib import Path

import pytest
from migrating import Scripts


@pytest.fixture
def scripts(tmp_path: Path) -> Scripts:
    return Scripts(tmp_path / "migrations")
