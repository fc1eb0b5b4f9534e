"""The words by which incoming mail is understood, and a workspace's own."""

from importlib.resources import files

from mailer.triage.formats import formats_of
from mailer.triage.knowledge import Knowledge
from mailer.triage.phrasebook import PhraseBook, phrase_book
from mailer.triage.signs import signs
from mailer.workspace.files import exists, inside
from mailer.workspace.tomlfiles import parse_toml, read_toml

OWN_PHRASES = "phrases.toml"
"""A workspace's own phrases, asked before the package's."""


def read_knowledge(folder: str | None = None) -> Knowledge:
    """Read what understanding incoming mail needs.

    Args:
        folder: A workspace; its `phrases.toml`, when there is one, is asked first.

    Raises:
        WorkspaceError: when the workspace's file says something that can't be.
    """
    book = phrase_book(_packed("phrases.toml"), "phrases.toml")
    own = inside(folder, OWN_PHRASES) if folder is not None else ""
    if own and exists(own):
        first = phrase_book(read_toml(own, OWN_PHRASES), OWN_PHRASES)
        book = PhraseBook(first.rules + book.rules)
    return Knowledge(
        book,
        signs(_packed("signs.toml"), "signs.toml"),
        formats_of(_packed("formats.toml"), "formats.toml"),
    )


def _packed(name: str) -> dict[str, object]:
    text = (files("mailer.triage") / name).read_text(encoding="utf-8")
    return parse_toml(text, name)
