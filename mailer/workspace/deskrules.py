"""`inbox-rules.toml`: a workspace's own rules for what people write."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mailer.compose.acknowledging import check_texts, has_text
from mailer.errors import WorkspaceError, did_you_mean
from mailer.model.ticket import Priority, TicketKind
from mailer.triage.deskrules import STARS_AT_MOST, DeskRule, Treatment
from mailer.triage.tickets import tag_of
from mailer.workspace.files import exists, inside
from mailer.workspace.tomlfiles import Table, read_toml

FILE = "inbox-rules.toml"
_TEXT_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")


def read_desk_rules(folder: str) -> tuple[DeskRule, ...]:
    """Read a workspace's rules, in their order; none where it has no such file.

    Raises:
        WorkspaceError: names the rule and what is wrong with it.
    """
    path = inside(folder, FILE)
    if not exists(path):
        return ()
    file = Table(read_toml(path, FILE), FILE)
    rules = tuple(_rule(one) for one in file.tables("rule"))
    file.end()
    return rules


def desk_rules_problem(
    folder: str, mailboxes: Sequence[str], texts: Mapping[str, str]
) -> str | None:
    """Return what is wrong with a workspace's rules, "" for nothing; None without any.

    Args:
        mailboxes: The names of its mailboxes.
        texts: Its acknowledgements' texts by file name.
    """
    try:
        rules = read_desk_rules(folder)
    except WorkspaceError as problem:
        return str(problem)
    for rule in rules:
        for name in sorted(rule.mailboxes - set(mailboxes)):
            near = did_you_mean(name, mailboxes)
            return f"{FILE}, rule {rule.name!r}: there is no [mailboxes.{name}]{near}"
        if wrong := _sending_problem(rule, texts):
            return f"{FILE}, rule {rule.name!r}: {wrong}"
    return "" if rules else None


def _sending_problem(rule: DeskRule, texts: Mapping[str, str]) -> str:
    does = rule.does
    if does.sends and (problem := check_texts(texts, does.sends)):
        return problem
    if not does.series:
        return ""
    if not rule.mailboxes:
        return "a series needs an address of its own: say mailbox = ['…']"
    number = 1
    while number == 1 or has_text(texts, f"{does.series}-{number}"):
        if problem := check_texts(texts, f"{does.series}-{number}"):
            return problem
        number += 1
    return ""


def _rule(table: Table) -> DeskRule:
    rule = DeskRule(
        name=table.text("name"),
        does=_treatment(table),
        mailboxes=frozenset(table.texts("mailbox")),
        senders=tuple(table.texts("sender")),
        subject=_stars(table, table.texts("subject")),
        text=_stars(table, table.texts("text")),
        headers=_words(table, "header"),
        lists=frozenset(table.texts("list")),
        person=_words(table, "person"),
    )
    table.end()
    if not rule.asks:
        raise WorkspaceError(
            f"{table.where}: it asks for nothing, so it would hold for every message: say"
            " mailbox, sender, subject, text, header, list or person"
        )
    if not rule.does.words():
        raise WorkspaceError(
            f"{table.where}: it does nothing: say tag, assign, kind, priority, close, spam,"
            " silent, send or series"
        )
    return rule


def _treatment(table: Table) -> Treatment:
    kind = _choice(table, "kind", [one.value for one in TicketKind])
    priority = _choice(table, "priority", [one.value for one in Priority])
    return Treatment(
        tags=tuple(_tag(table, one) for one in table.texts("tag")),
        assignee=table.text("assign") if table.has("assign") else None,
        kind=TicketKind(kind) if kind else None,
        priority=Priority(priority) if priority else None,
        closes=table.flag("close", default=False),
        spam=table.flag("spam", default=False),
        silent=table.flag("silent", default=False),
        sends=_text_name(table, "send"),
        series=_text_name(table, "series"),
        rules=(table.text("name"),),
    )


def _text_name(table: Table, key: str) -> str:
    name = table.text(key, "")
    if name and not _TEXT_NAME.fullmatch(name):
        raise WorkspaceError(
            f"{table.where}: {key} is {name!r}, but must be the name of a text in"
            f" templates/acknowledgements, of small letters, digits and -"
        )
    return name


def _choice(table: Table, key: str, known: list[str]) -> str:
    value = table.text(key, "")
    if value and value not in known:
        raise WorkspaceError(
            f"{table.where}: {key} is {value!r}, but must be one of"
            f" {', '.join(known)}{did_you_mean(value, known)}"
        )
    return value


def _tag(table: Table, text: str) -> str:
    try:
        return tag_of(text)
    except ValueError as problem:
        raise WorkspaceError(f"{table.where}: {problem}") from None


def _stars(table: Table, words: list[str]) -> tuple[str, ...]:
    for one in words:
        if one.count("*") > STARS_AT_MOST:
            raise WorkspaceError(
                f"{table.where}: {one!r} has more than {STARS_AT_MOST} stars: write fewer"
            )
    return tuple(words)


def _words(table: Table, key: str) -> dict[str, tuple[str, ...]]:
    """Read a table of lists: `header = { X-Form = ["contact"] }`."""
    values: dict[str, Any] = table.table(key)
    inner = Table(values, f"{table.where}, {key}")
    lowered = key == "header"
    found = {
        (name.lower() if lowered else name): _stars(inner, inner.texts(name))
        for name in inner.keys()  # noqa: SIM118 - a table is no dictionary
    }
    for name, words in found.items():
        if not words:
            raise WorkspaceError(f'{inner.where}: {name} must be a list of texts: ["…"]')
    return found
