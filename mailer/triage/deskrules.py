"""A workspace's own rules for what people write: if it says this, do that.

All that a rule asks for must hold, each by one of its words. What several rules do is put
together; where two say different things, the later one wins.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import cast

from mailer.model.ticket import Priority, TicketKind
from mailer.triage.message import Message

STARS_AT_MOST = 2
"""In words: with more a stranger's text could take long."""

_TEXT_AT_MOST = 50_000
_NOBODY: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Treatment:
    """What is done with a person's first message.

    Args:
        kind, priority, assignee: None for as it would be anyway.
        closes: Its ticket is closed at once.
        spam: It is spam, and never acknowledged.
        silent: It is not acknowledged.
        sends: The name of the text that is sent instead of the acknowledgement; "" for
            that of the mailbox.
        series: The name of a story, of which each message brings the next letter; "" for
            none.
        rules: The names of the rules that said so.
    """

    tags: tuple[str, ...] = ()
    assignee: str | None = None
    kind: TicketKind | None = None
    priority: Priority | None = None
    closes: bool = False
    spam: bool = False
    silent: bool = False
    rules: tuple[str, ...] = ()
    sends: str = ""
    series: str = ""

    def words(self) -> str:
        """Say what is done, in one line; "" for nothing."""
        said = [f"tag {one}" for one in self.tags]
        if self.assignee is not None:
            said.append(f"given to {self.assignee or 'nobody'}")
        said += [str(one.value) for one in (self.kind,) if one is not None]
        said += [f"priority {one.value}" for one in (self.priority,) if one is not None]
        said += [f"send {self.sends}"] if self.sends else []
        said += [f"the next of {self.series}"] if self.series else []
        flags = {"closed": self.closes, "spam": self.spam, "no answer": self.silent}
        return ", ".join([*said, *(name for name, holds in flags.items() if holds)])

    def then(self, later: "Treatment") -> "Treatment":
        """Return what two rules do together."""
        return Treatment(
            tuple(dict.fromkeys((*self.tags, *later.tags))),
            self.assignee if later.assignee is None else later.assignee,
            later.kind or self.kind,
            later.priority or self.priority,
            self.closes or later.closes,
            self.spam or later.spam,
            self.silent or later.silent,
            (*self.rules, *later.rules),
            later.sends or self.sends,
            later.series or self.series,
        )


NOTHING = Treatment()


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """What is known of who wrote.

    Args:
        lists: The names of the lists that they are on.
        attributes: Their values by name.
    """

    lists: frozenset[str] = frozenset()
    attributes: Mapping[str, object] = field(default_factory=lambda: _NOBODY)


@dataclass(frozen=True, slots=True)
class DeskRule:
    """One rule. What is empty asks for nothing.

    Args:
        mailboxes: Names of mailboxes, one of which was written to.
        senders: Addresses, with * for anything: `*@bad.example`.
        subject, text: Words, one of which stands there; `refund*` for any ending.
        headers: By a field's name in small letters, words of which one stands in it.
        lists: Names of lists, one of which they are on.
        person: By an attribute's name, values of which they have one.
    """

    name: str
    does: Treatment
    mailboxes: frozenset[str] = frozenset()
    senders: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    headers: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict[str, tuple[str, ...]]
    )
    lists: frozenset[str] = frozenset()
    person: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict[str, tuple[str, ...]]
    )

    @property
    def asks(self) -> bool:
        """Whether it asks for anything: one that does not would hold for everybody."""
        return bool(
            self.mailboxes or self.senders or self.subject or self.text or self.headers
            or self.lists or self.person
        )  # fmt: skip


def treatment_of(
    rules: Sequence[DeskRule], message: Message, mailbox: str, known: Acquaintance
) -> Treatment:
    """Return what the rules do with a message, in their order."""
    found = NOTHING
    for rule in rules:
        if _holds(rule, message, mailbox, known):
            found = found.then(rule.does)
    return found


def _holds(rule: DeskRule, message: Message, mailbox: str, known: Acquaintance) -> bool:
    return (
        (not rule.mailboxes or mailbox in rule.mailboxes)
        and (not rule.senders or _is_one(message.sender, rule.senders))
        and (not rule.subject or _stands(message.subject, rule.subject))
        and (not rule.text or _stands(message.said[:_TEXT_AT_MOST], rule.text))
        and all(
            message.part.has(name) and _stands(" ".join(message.part.all(name)[:20]), words)
            for name, words in rule.headers.items()
        )
        and (not rule.lists or bool(rule.lists & known.lists))
        and all(_has(known.attributes.get(name), of) for name, of in rule.person.items())
    )


def _is_one(address: str, patterns: tuple[str, ...]) -> bool:
    small = address.lower()
    return any(
        re.fullmatch(".*".join(map(re.escape, one.lower().split("*"))), small)
        for one in patterns
    )


def _stands(text: str, words: tuple[str, ...]) -> bool:
    """Say whether one of some words stands in a text, whole, in whatever letters."""
    folded = " ".join(text.casefold().split())
    return any(re.search(_pattern(one), folded) for one in words)


def _pattern(word: str) -> str:
    """Return words as a pattern; what begins or ends with a letter has an edge there."""
    bare = " ".join(word.casefold().split())
    # Bounded: a stranger's text of one long word must not take a rule for ever.
    inner = r"\w{0,40}".join(map(re.escape, bare.split("*")))
    before = r"(?<!\w)" if bare[:1].isalnum() or bare[:1] == "*" else ""
    behind = r"(?!\w)" if bare[-1:].isalnum() else ""
    return f"{before}{inner}{behind}"


def _has(value: object, of: tuple[str, ...]) -> bool:
    values = cast("list[object]", value) if isinstance(value, list) else [value]
    wanted = {one.casefold() for one in of}
    return any(_spelt(one).casefold() in wanted for one in values if one is not None)


def _spelt(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
