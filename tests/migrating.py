"""Migrations of their own for tests, run by the program's own upgrade path."""

from pathlib import Path
from textwrap import dedent, indent

import mailer.store.migrations

ENVIRONMENT = Path(next(iter(mailer.store.migrations.__path__))) / "env.py"

VERSION = '''"""{name}."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {before!r}


def upgrade() -> None:
{body}
'''


class Scripts:
    """A folder of migrations that grows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "versions").mkdir(parents=True)
        environment = ENVIRONMENT.read_text(encoding="utf-8")
        (folder / "env.py").write_text(environment, encoding="utf-8")
        self._count = 0

    @property
    def place(self) -> str:
        return str(self.folder)

    def add(self, body: str) -> None:
        before = f"{self._count:04d}" if self._count else None
        self._count += 1
        revision = f"{self._count:04d}"
        text = VERSION.format(
            name=revision,
            revision=revision,
            before=before,
            body=indent(dedent(body), "    "),
        )
        path = self.folder / "versions" / f"{revision}_a_step.py"
        path.write_text(text, encoding="utf-8")
