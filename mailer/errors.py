"""The mistakes that a person can put right, as one small tree.

    MailerError
    ├── WorkspaceError      a file of the workspace is missing, unreadable or does not parse
    │   ├── ConfigError     config.toml says something that cannot be
    │   ├── ExpressionError a segment or condition does not parse, or names what nobody has
    │   └── TemplateError   a template cannot be composed for anybody
    ├── CannotComposeError  a letter cannot be composed for this person
    ├── KeyFileError        a key is missing or not the one that the database was made with
    ├── DatabaseError       the database is missing, of another version, locked or full
    ├── ImportFileError     an import as a whole cannot go on (single rows are reported)
    ├── AddressError        an email address that cannot be written to
    ├── NotFoundError       nothing by that name or number
    ├── RefusedError        it could be done, but must not: sent already, running elsewhere
    ├── RelayError          the mail server cannot be reached or does not let us in
    └── MailboxError        a mailbox that mail is read from cannot be

Each message says what is wrong, where, and what to do.
The command line prints it without a traceback and exits with 2.
"""

from collections.abc import Iterable
from difflib import get_close_matches

_SHOWN = 120


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return the end of a message about a wrong name: the nearest right one, or all.

    Args:
        otherwise: What is said instead of all names when there are too many.

    Returns:
        Such as `; did you mean 'country'?` or `; there is: city, country`.
    """
    names = sorted(known)
    if near := get_close_matches(name, names, n=1):
        return f"; did you mean {near[0]!r}?"
    all_names = f"there is: {', '.join(names)}" if names else ""
    words = otherwise or all_names
    return f"; {words}" if words else ""


def shorten(text: str) -> str:
    """Return a text for a message: what is too long for one is cut off."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


class MailerError(Exception):
    """Never raised itself: one of its kinds says more."""


class WorkspaceError(MailerError):
    """A file of the workspace is missing, unreadable or does not parse."""


class ConfigError(WorkspaceError):
    """`config.toml` says something that cannot be."""


class ExpressionError(WorkspaceError):
    """A segment or condition does not parse, or names what nobody has."""


class TemplateError(WorkspaceError):
    """A template cannot be composed for anybody."""


class CannotComposeError(MailerError):
    """A letter cannot be composed for this person; others may well get theirs."""


class KeyFileError(MailerError):
    """A key is missing, or not the one that the database was made with."""


class DatabaseError(MailerError):
    """The database is missing, of another version, locked or full."""


class ImportFileError(MailerError):
    """An import as a whole cannot go on; single rows are reported, not raised."""


class AddressError(MailerError):
    """An email address that cannot be written to."""


class NotFoundError(MailerError):
    """Nothing by that name or number."""


class RefusedError(MailerError):
    """It could be done, but must not: no permission, sent already, running elsewhere."""


class RelayError(MailerError):
    """The mail server cannot be reached or does not let us in."""


class MailboxError(MailerError):
    """A mailbox that mail is read from cannot be reached, or does not let us in."""

    def __init__(self, words: str, *, login: bool = False) -> None:
        """Make one.

        Args:
            login: It refuses our name or password, which will not pass by itself.
        """
        super().__init__(words)
        self.login = login
