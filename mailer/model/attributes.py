"""What is known about contacts: declared names with types, and how a cell becomes a value.

A stored value is JSON. It counts only when it has the type that its name was declared with;
anything else is as good as missing (`read`). Segments ask by the same rule in SQL.
"""

import math
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import cast

NUMBER_LIMIT = 2**53
"""Numbers go from minus this to this: there every whole number is the same in JSON, SQLite,
PostgreSQL and Python."""

MAX_DIGITS = 15
MAX_TEXT = 4_000
MAX_TEXTS = 500

BUILT_IN_NAMES = frozenset(
    {"address", "created", "email", "language", "time_zone", "today"}
)
"""What every contact has beside its attributes, and what expressions say about time."""

_LETTER_NAMES = frozenset(
    {
        "browser_url", "campaign", "confirm_url", "contact", "letter", "letter_language",
        "list", "list_title", "list_words", "postal_address", "preferences_url", "preview",
        "sender", "sender_name", "subject",
        "unsubscribe_url", "view_url",
    }
)  # fmt: skip
_JINJA_NAMES = frozenset(
    {
        "and", "caller", "cycler", "dict", "else", "false", "if", "in", "is", "joiner",
        "kwargs", "lipsum", "loop", "namespace", "none", "not", "or", "range", "recursive",
        "self", "super", "true", "varargs",
    }
)  # fmt: skip
RESERVED_NAMES = BUILT_IN_NAMES | _LETTER_NAMES | _JINJA_NAMES
"""No attribute may be called one of these: expressions and templates use them already."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YES = frozenset({"yes", "true", "1"})
_NO = frozenset({"no", "false", "0"})


class AttributeType(StrEnum):
    """What the values of an attribute are."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TEXTS = "texts"


@dataclass(frozen=True, slots=True)
class AttributeSpec:
    """One declared attribute.

    Args:
        name: Small letters, digits and `_`, and none of `RESERVED_NAMES`.
        default: What a contact without a value has, of the declared type (a date as text
            `YYYY-MM-DD`); None for nothing.

    Raises:
        ValueError: when the name cannot be one, or the default has another type.
    """

    name: str
    type: AttributeType
    default: object = None

    def __post_init__(self) -> None:
        """Refuse what could never work."""
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                f"the name {self.name!r} must be small letters, digits and _,"
                " as in shoe_size"
            )
        if self.name in RESERVED_NAMES:
            raise ValueError(
                f"the name {self.name!r} is used by the program: choose another"
            )
        if self.default is not None and not _fits(self.type, self.default):
            raise ValueError(f"the default {self.default!r} is not of type {self.type}")


def read(type: AttributeType, value: object) -> object | None:
    """Return a stored value if it is of a type, else None, as if there were none.

    A number is no boolean, lies within `NUMBER_LIMIT`, and is never NaN; a date is a text
    of the shape `YYYY-MM-DD`; texts are a list, in which only text elements ever match.
    """
    match type:
        case AttributeType.TEXT:
            fits = isinstance(value, str)
        case AttributeType.NUMBER:
            fits = _is_number(value)
        case AttributeType.BOOLEAN:
            fits = isinstance(value, bool)
        case AttributeType.DATE:
            fits = isinstance(value, str) and _DATE.fullmatch(value) is not None
        case AttributeType.TEXTS:
            fits = isinstance(value, list)
    return value if fits else None


def _is_number(value: object) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and -NUMBER_LIMIT <= value <= NUMBER_LIMIT
    )


def _fits(type: AttributeType, default: object) -> bool:
    if type is AttributeType.DATE:
        return isinstance(default, str) and is_date(default)
    if type is AttributeType.TEXTS:
        return isinstance(default, list) and all(
            isinstance(one, str) for one in cast("list[object]", default)
        )
    return read(type, default) is not None


def is_date(text: str) -> bool:
    """Say whether a text is a day of the calendar, written `YYYY-MM-DD`."""
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def coerce(spec: AttributeSpec, cell: str) -> str | int | float | bool | list[str]:
    """Turn the text of a cell into a value of the declared type.

    Text is trimmed and composed (NFC). A number has a point, no comma, no spaces and at
    most 15 digits; a boolean is yes/no, true/false or 1/0; a date is `YYYY-MM-DD`; texts
    stand between `;`, or between `,` when there is no `;`.

    Raises:
        ValueError: in words for the person whose cell it is. An empty cell is one, because
            it never erases a value: ask before.
    """
    text = plain_text(cell)
    if not text:
        raise ValueError("is empty")
    match spec.type:
        case AttributeType.TEXT:
            return text
        case AttributeType.NUMBER:
            return _number(text)
        case AttributeType.BOOLEAN:
            return _boolean(text)
        case AttributeType.DATE:
            return _date(text)
        case AttributeType.TEXTS:
            return _texts(text)


def plain_text(cell: str) -> str:
    """Return the text of a cell: trimmed, and otherwise as `composed` has it.

    Raises:
        ValueError: as `composed` does.
    """
    return composed(cell.strip())


def composed(text: str) -> str:
    """Return a text in composed form (NFC), so that words that look equal are equal.

    Raises:
        ValueError: when it is too long, or holds what no database and no header should:
            control characters, line breaks, half of a surrogate pair.
    """
    if len(text) > MAX_TEXT:
        raise ValueError(f"is longer than {MAX_TEXT} characters")
    # What can be printed holds none of them, and is said so in a hundredth of the time.
    for place, character in enumerate("" if text.isprintable() else text, start=1):
        if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}:
            raise ValueError(
                f"holds a character that cannot be kept: U+{ord(character):04X},"
                f" place {place}"
            )
    return unicodedata.normalize("NFC", text)


def _number(text: str) -> int | float:
    found = _NUMBER.fullmatch(text)
    if not found:
        raise ValueError(
            f"{text[:40]!r} is not a number: write it like 1234.5, with a point, no comma,"
            " no spaces and no zero before it"
        )
    if len(re.sub(r"^-?0?\.?0*|\.", "", text)) > MAX_DIGITS:
        raise ValueError(f"{text[:40]!r} has more than {MAX_DIGITS} digits")
    if found[2] is None:
        return int(text)
    number = float(text)
    # A zero has no sign: PostgreSQL would not keep it.
    return 0.0 if math.copysign(1.0, number) < 0 and number == 0 else number


def _boolean(text: str) -> bool:
    word = text.lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueError(f"{text[:40]!r} is neither yes nor no (nor true, false, 1, 0)")


def _date(text: str) -> str:
    if not is_date(text):
        raise ValueError(f"{text[:40]!r} is not a date: write it like 2026-12-24")
    return text


def separated(text: str) -> list[str]:
    """Return the texts of a cell that stand between `;`, or `,` when there is no `;`."""
    parts = (part.strip() for part in text.split(";" if ";" in text else ","))
    return [part for part in parts if part]


def _texts(text: str) -> list[str]:
    texts = list(dict.fromkeys(separated(text)))
    if not texts:
        raise ValueError("holds no text between its separators")
    if len(texts) > MAX_TEXTS:
        raise ValueError(f"holds more than {MAX_TEXTS} texts")
    return texts
