"""A folder with a mail template for tests of reading it."""

from pathlib import Path

import pytest

from mailer.compose.template import TemplateSource
from mailer.errors import TemplateError
from mailer.workspace.templates import read_template

SETTINGS = """
subject = "News for {{ name }}"
preview = "And more"
kind = "journey"

[sample]
name = "Ida"
points = 3
share = 0.5
member = true
birthday = 1999-12-31
interests = ["tents"]
"""


class Folder:
    """A workspace in a temporary folder, with one template."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.mail = path / "templates" / "mail"
        self.write("sale/letter.toml", SETTINGS)
        self.write("sale/body.html", "<p>Hi</p>")

    def write(self, name: str, content: str | bytes) -> None:
        file = self.mail / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())

    def read(self, name: str = "sale") -> TemplateSource:
        return read_template(str(self.path), name)

    def refusal(self, name: str = "sale") -> str:
        with pytest.raises(TemplateError) as caught:
            self.read(name)
        return str(caught.value)
