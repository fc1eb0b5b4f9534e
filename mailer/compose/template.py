"""The source of a mail template: everything that its letters depend on, as plain text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from mailer.model.kind import Kind

FOLDER = "templates/mail"
SETTINGS_FILE = "letter.toml"
HTML_FILE = "body.html"
TEXT_FILE = "body.txt"


@dataclass(frozen=True, slots=True)
class TemplateSource:
    """A template as its files say, and as a campaign freezes it.

    Args:
        name: The folder's name below `templates/mail/`.
        subject: A template of one line.
        preview: What mail programs show beside the subject; a template, may be "".
        sample: Values of a made-up person to preview with, by attribute.
        html: What `body.html` says.
        text: What `body.txt` says; None when the plain text is made from the HTML.
        files: What `extends`, `include` and `import` name, by the name they use.
    """

    name: str
    subject: str
    preview: str
    kind: Kind
    sample: dict[str, object]
    html: str
    text: str | None
    files: dict[str, str]

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {
            "name": self.name,
            "subject": self.subject,
            "preview": self.preview,
            "kind": self.kind.value,
            "sample": self.sample,
            "html": self.html,
            "text": self.text,
            "files": self.files,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Make it again from what `as_dict` returned."""
        return cls(
            name=values["name"],
            subject=values["subject"],
            preview=values["preview"],
            kind=Kind(values["kind"]),
            sample=dict(values["sample"]),
            html=values["html"],
            text=values["text"],
            files=dict(values["files"]),
        )

    def shown(self, file: str) -> str:
        """Return the path that people know a file by.

        Args:
            file: One of `files`, or one of the template's own.
        """
        return f"{FOLDER}/{file}" if "/" in file else f"{FOLDER}/{self.name}/{file}"
