"""Whenever `key add` is killed, the workspace starts, and no hash is lost."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("key_add_killed.py")


def test_a_workspace_starts_whenever_key_add_was_killed(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, SCRIPT, tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    *killed, ended = json.loads(done.stdout)
    assert len(killed) > 20
    assert {one["killed"] for one in killed} == {True}
    # Before the commit the old keys are in force, after it the new one: nothing between.
    counts = [one["keys"] for one in killed]
    assert counts == sorted(counts)
    assert set(counts) == {3, 4}
    assert all(one["whole"] for one in killed)
    for one in killed:
        # What did not reach the database is gone on with; what did is followed by a next.
        assert one["keys_after_adding_again"] == one["keys"] + 1
        assert one["whole_after_adding_again"]
    assert (ended["keys"], ended["whole"]) == (4, True)
