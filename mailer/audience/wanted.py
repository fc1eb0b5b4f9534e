"""Reading which letter a program wants sent to whom: each mistake with its place."""

from collections.abc import Mapping
from dataclasses import dataclass

from mailer.audience.posted import PostReader
from mailer.model.address import Address
from mailer.model.attributes import AttributeSpec

LETTER_FIELDS = ("template", "to", "data", "list", "language")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A letter that somebody wants sent.

    Args:
        template: The template's name.
        data: What the letter is sent with, by name; unread until the template is known.
        list_name: The list in whose name it goes; "" for the person's, or the first.
        language: What it is written in, where the template has it; None for the person's.
    """

    template: str
    to: Address
    data: object
    list_name: str = ""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class LetterReader(PostReader):
    """Reads what is posted about a letter."""

    def read_letter(self, body: object) -> Wanted | None:
        """Return what is wanted; None when `faults` say what is wrong with it."""
        said = self._object("", body, LETTER_FIELDS)
        if said is None:
            return None
        template = self._text("/template", said.get("template"), needed=True)
        to = self._address(said.get("to"), "/to")
        list_name = self._text("/list", said.get("list"))
        language = self._language(said.get("language"))
        if self.faults or template is None or to is None:
            return None
        return Wanted(template, to, said.get("data"), list_name or "", language)

    def read_data(
        self, value: object, specs: Mapping[str, AttributeSpec]
    ) -> dict[str, object]:
        """Return what a letter is sent with; `faults` say what is wrong with it.

        Equal lines stay as many as there are: an order may have two of the same.
        """
        unknown = "the template has no such data"
        if not specs:
            unknown += ': name it under [data] in its letter.toml, as in order = "text"'
        return self._values("/data", value, specs, unknown, each_once=False)
