"""Kill `key add` at each of its moments in turn, and say what was found after each.

Run by test_key_add_killed.py in a process of its own, because it forks. A moment is a file
opened or renamed, a lock taken or given back, a statement or commit of the database.
"""

import json
import os
import shutil
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from sending import a_campaign, rows
from sqlalchemy import event
from worlds import make_workspace

from mailer.jobs.keys import add_key
from mailer.model.key import Purpose
from mailer.wiring import Workspace, open_workspace

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
PEOPLE = 3


def add(workspace: Workspace) -> None:
    add_key(workspace.database, workspace.places.keys_file, Purpose.SUPPRESSION, NOW)


def add_and_die(folder: Path, moment: int) -> None:
    """Add a key, and be killed when its `moment`th moment comes."""
    with open_workspace(str(folder), alone=True) as workspace:
        left = moment

        def count(*anything: object) -> None:
            del anything
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        def hear(name: str, arguments: tuple[object, ...]) -> None:
            del arguments
            if name in {"open", "os.rename", "os.remove", "fcntl.flock"}:
                count()

        sys.addaudithook(hear)
        for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
            event.listen(workspace.database.engine, name, count)
        add(workspace)
        left = -1


def is_whole(workspace: Workspace) -> bool:
    """Say whether every hash on record is what the keys in force make of its address."""
    return all(
        row.hash == workspace.ring.suppression_hash(row.address)
        for row in rows(workspace.database)
    )


def found_after(folder: Path, moment: int) -> dict[str, object]:
    child = os.fork()
    if child == 0:
        add_and_die(folder, moment)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    with open_workspace(str(folder), alone=True) as workspace:
        whole, keys = is_whole(workspace), len(workspace.ring.keys)
        add(workspace)
    with open_workspace(str(folder)) as workspace:
        return {
            "killed": os.WIFSIGNALED(status),
            "keys": keys,
            "whole": whole,
            "keys_after_adding_again": len(workspace.ring.keys),
            "whole_after_adding_again": is_whole(workspace),
        }


def main(root: Path) -> None:
    with make_workspace(root / "original") as workspace:
        a_campaign(workspace.database, workspace.ring, PEOPLE)
    found: list[dict[str, object]] = []
    while not found or found[-1]["killed"]:
        folder = root / f"killed-{len(found) + 1}"
        shutil.copytree(root / "original", folder)
        found.append(found_after(folder, len(found) + 1))
        shutil.rmtree(folder)
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
