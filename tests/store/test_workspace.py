"""A workspace on either database: opened together, changed alone."""

from pathlib import Path

import pytest
from worlds import make_workspace

from mailer.errors import RefusedError
from mailer.jobs.keys import add_key, keys_in_force
from mailer.model.key import Purpose
from mailer.wiring import database_alone, open_workspace


def test_a_workspace_opens_together_with_others_and_is_changed_alone(
    database_url: str, tmp_path: Path
):
    folder = str(tmp_path / "shop")
    with (
        make_workspace(tmp_path / "shop", database=database_url) as first,
        open_workspace(folder) as second,
    ):
        assert first.ring == second.ring
        with pytest.raises(RefusedError, match="stop it first"):
            open_workspace(folder, alone=True)
        with pytest.raises(RefusedError, match="stop it first"), database_alone(folder):
            pass
    with open_workspace(folder, alone=True) as alone:
        with pytest.raises(RefusedError, match="try again when that has ended"):
            open_workspace(folder)
        now = alone.world().clock()
        add_key(alone.database, alone.places.keys_file, Purpose.SUPPRESSION, now)
    with open_workspace(folder) as after:
        assert len(after.ring.keys) == 4
        assert after.ring == keys_in_force(after.database, after.places.keys_file, now)
