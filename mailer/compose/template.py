"""The source of a mail template: everything that its letters depend on, as plain text."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from mailer.model.attributes import AttributeSpec, AttributeType
from mailer.model.enclosure import Enclosure
from mailer.model.kind import Kind

FOLDER = "templates/mail"
SETTINGS_FILE = "letter.toml"
BODY = "body"
HTML_FILE = "body.html"
TEXT_FILE = "body.txt"
MARKDOWN = ".md"
MJML = ".mjml"
ENDINGS = (".html", MARKDOWN, MJML)
"""What a body may be written in."""

DEFAULT_LAYOUT = "plain-letter"
"""The layout of a body in Markdown that names none."""


@dataclass(frozen=True, slots=True)
class Edition:
    """A template in one language, as its files say: None stands for what they do not.

    Args:
        subject: A template of one line.
        preview: What mail programs show beside the subject; a template.
        html: What the body's file says.
        file: The body's file, such as `body.nb.md`; "" without one.
        text: What `body.<language>.txt` says.
    """

    subject: str | None = None
    preview: str | None = None
    html: str | None = None
    file: str = ""
    text: str | None = None


@dataclass(frozen=True, slots=True)
class TemplateSource:
    """A template as its files say, and as a campaign freezes it.

    Args:
        name: The folder's name below `templates/mail/`.
        subject: A template of one line; "" when each language has its own.
        preview: What mail programs show beside the subject; a template, may be "".
        sample: Values of a made-up person to preview with, by attribute.
        html: What the body's file says; "" when each language has its own.
        text: What `body.txt` says; None when the plain text is made from the HTML.
        files: What `extends`, `include` and `import` name, by the name they use.
        file: The body's file: its ending says what it is written in.
        text_file: The file of the plain text.
        language: The letter's, and what people get whose language has no edition (a tag of
            RFC 5646); "" for the list's.
        layout: The layout of bodies in Markdown, by name.
        editions: Texts that are for one language, by its tag in small letters.
        images: The images that its texts name, by the name they use.
        embed: The names of those that go along inside each letter; None for all.
        attachments: What is attached, by the name that readers see.
        priority: Of several letters that compete for a person the highest goes first.
        topics: What its letters are about, of the topics of the lists that they go to.
        data: What a transactional letter is sent with beside what is known about the
            person, by name, with the type of its values as attributes have it.
        contents: The bytes of images and attachments by their hash; they are kept apart
            from the rest.
    """

    name: str
    subject: str
    preview: str
    kind: Kind
    sample: dict[str, object]
    html: str
    text: str | None
    files: dict[str, str]
    file: str = HTML_FILE
    text_file: str = TEXT_FILE
    language: str = ""
    layout: str = DEFAULT_LAYOUT
    editions: dict[str, Edition] = field(default_factory=dict[str, Edition])
    images: dict[str, Enclosure] = field(default_factory=dict[str, Enclosure])
    embed: tuple[str, ...] | None = ()
    attachments: dict[str, Enclosure] = field(default_factory=dict[str, Enclosure])
    priority: int = 0
    topics: tuple[str, ...] = ()
    data: dict[str, str] = field(default_factory=dict[str, str])
    contents: dict[str, bytes] = field(
        default_factory=dict[str, bytes], compare=False, repr=False
    )

    def embeds(self, image: str) -> bool:
        """Say whether an image goes along inside each letter, instead of being served."""
        return self.embed is None or image in self.embed

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
            "file": self.file,
            "text_file": self.text_file,
            "language": self.language,
            "layout": self.layout,
            "editions": {
                language: {
                    "subject": one.subject,
                    "preview": one.preview,
                    "html": one.html,
                    "file": one.file,
                    "text": one.text,
                }
                for language, one in sorted(self.editions.items())
            },
            "images": {name: asdict(one) for name, one in sorted(self.images.items())},
            "embed": None if self.embed is None else list(self.embed),
            "attachments": {name: asdict(one) for name, one in self.attachments.items()},
            # Only where it says something: what was frozen before keeps its hash.
            **({"priority": self.priority} if self.priority else {}),
            **({"topics": list(self.topics)} if self.topics else {}),
            # Where there is none, the content has the hash that it always had.
            **({"data": self.data} if self.data else {}),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Make it again from what `as_dict` returned, also that of an earlier version."""
        editions = values.get("editions", {})
        embed = values.get("embed", ())
        return cls(
            name=values["name"],
            subject=values["subject"],
            preview=values["preview"],
            kind=Kind(values["kind"]),
            sample=dict(values["sample"]),
            html=values["html"],
            text=values["text"],
            files=dict(values["files"]),
            file=values.get("file", HTML_FILE),
            text_file=values.get("text_file", TEXT_FILE),
            language=values.get("language", ""),
            layout=values.get("layout", DEFAULT_LAYOUT),
            editions={language: Edition(**one) for language, one in editions.items()},
            images=_enclosures(values.get("images", {})),
            embed=None if embed is None else tuple(embed),
            attachments=_enclosures(values.get("attachments", {})),
            priority=values.get("priority", 0),
            topics=tuple(values.get("topics", ())),
            data=dict(values.get("data", {})),
        )

    def data_specs(self) -> dict[str, AttributeSpec]:
        """Return what the letter is sent with, as attributes are declared."""
        return {
            name: AttributeSpec(name, AttributeType(word))
            for name, word in self.data.items()
        }

    def shown(self, file: str) -> str:
        """Return the path that people know a file by.

        Args:
            file: One of `files`, or one of the template's own.
        """
        return f"{FOLDER}/{file}" if "/" in file else f"{FOLDER}/{self.name}/{file}"


def _enclosures(values: Mapping[str, Any]) -> dict[str, Enclosure]:
    return {name: Enclosure(**one) for name, one in values.items()}
