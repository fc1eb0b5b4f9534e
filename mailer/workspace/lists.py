"""`lists/<name>.toml`: what a list says about itself, checked and turned into a value."""

import re
from collections.abc import Mapping
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from mailer.errors import NotFoundError, WorkspaceError, did_you_mean, shorten
from mailer.model.mailinglist import MailingList, OptIn, Wording
from mailer.model.signup import CONFIRMATION, Question, SignUpPage
from mailer.workspace.clickstable import clicks_of
from mailer.workspace.files import closed, inside, read_text
from mailer.workspace.folder import names
from mailer.workspace.quiettable import quiet_of
from mailer.workspace.tomlfiles import Table, parse_toml
from mailer.workspace.topictable import topics_of
from mailer.workspace.welcometable import welcome_of

KIND = "lists"
_LAST_VERSION = 10_000
_REMEMBERED = 512
"""How many files are not parsed again while they say the same: each page asks for lists."""
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]*")
_SENDER = re.compile(r'(?:"(?P<quoted>[^"]*)"|(?P<name>[^<>"]*?))\s*<(?P<address>[^<>]+)>')


def list_names(folder: str) -> list[str]:
    """Return the names of all lists' files, sorted."""
    return names(folder, KIND)


def read_lists(folder: str) -> tuple[MailingList, ...]:
    """Read all lists of a workspace, by name.

    Raises:
        WorkspaceError: names the first file and place that is wrong.
    """
    lists = tuple(_read(folder, name) for name in names(folder, KIND))
    seen: dict[str, str] = {}
    for one in lists:
        if one.id in seen:
            raise WorkspaceError(
                f"lists/{one.name}.toml: the id {one.id!r} is that of"
                f" lists/{seen[one.id]}.toml: a list's id is never used for another"
            )
        seen[one.id] = one.name
    return lists


def read_list(folder: str, name: str) -> MailingList:
    """Read one list by the name of its file; a mistake in another list's file is no matter.

    Raises:
        NotFoundError: when there is no such file.
        WorkspaceError: names the place that is wrong.
    """
    known = names(folder, KIND)
    if name not in known:
        if why := closed(folder, KIND):
            raise WorkspaceError(why)
        raise NotFoundError(
            f"there is no list {name!r} (no file lists/{name}.toml)"
            f"{did_you_mean(name, known)}"
        )
    found = _read(folder, name)
    for other in known:
        if other != name and _id_of(folder, other) == found.id:
            raise WorkspaceError(
                f"lists/{name}.toml: the id {found.id!r} is that of lists/{other}.toml too:"
                " a list's id is never used for another"
            )
    return found


def _id_of(folder: str, name: str) -> object:
    shown = f"{KIND}/{name}.toml"
    try:
        return _id_in(read_text(inside(folder, shown), shown), shown)
    except WorkspaceError:
        # It is reported when that list itself is used.
        return None


def _read(folder: str, name: str) -> MailingList:
    shown = f"{KIND}/{name}.toml"
    return _list_in(read_text(inside(folder, shown), shown), name)


@lru_cache(_REMEMBERED)
def _id_in(text: str, shown: str) -> object:
    return parse_toml(text, shown).get("id")


@lru_cache(_REMEMBERED)
def _list_in(text: str, name: str) -> MailingList:
    return parse_list(parse_toml(text, f"{KIND}/{name}.toml"), name)


_UTM = ("source", "medium", "campaign", "term", "content")
_UTM_VALUE_MAX = 200


def _utm(file: Table) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return what links get, and the websites whose links get it."""
    written = file.table("utm")
    table = Table(written, f"{file.where}, [utm]")
    values = {name: table.text(name, "") for name in _UTM}
    domains = table.texts("domains")
    table.end()
    for name, value in values.items():
        if not value.isprintable() or len(value) > _UTM_VALUE_MAX:
            raise WorkspaceError(
                f"{table.where}: {name} must be one line of at most {_UTM_VALUE_MAX}"
                " printable characters"
            )
    if written and not values["source"]:
        raise WorkspaceError(
            f"{table.where}: source is missing: write what visitors come from, as in"
            ' source = "newsletter"'
        )
    for one in domains:
        _check_website(one, table.where)
    return (
        {name: value for name, value in values.items() if value},
        tuple(one.lower() for one in domains),
    )


def _check_website(name: str, where: str) -> None:
    if not re.fullmatch(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]{2,}", name):
        raise WorkspaceError(
            f"{where}: domains: {shorten(repr(name))} must be a domain alone, such as"
            " 'shop.example.com', other letters as xn--…"
        )


def parse_list(values: Mapping[str, object], name: str) -> MailingList:
    """Turn the values of `lists/<name>.toml` into a list.

    Raises:
        WorkspaceError: names the place that is wrong, and what may be there.
    """
    file = Table(values, f"{KIND}/{name}.toml")
    sender_name, sender_address = parse_sender(file.text("from"), f"{file.where}: from")
    utm, utm_domains = _utm(file)
    count_links = file.flag("count_links", default=True)
    found = MailingList(
        id=_matching(
            file, "id", _ID, "small letters, digits, '.', '_' or '-', as in 'news'"
        ),
        name=name,
        title=_line(file, "title"),
        purpose=file.text("purpose"),
        wordings=_wordings(file),
        opt_in=_opt_in(file),
        sender_name=sender_name,
        sender_address=sender_address,
        reply_to=_address_or_none(file, "reply_to"),
        postal_address=file.text("postal_address").strip(),
        list_host=_domain(file, "list_host"),
        bounce_domain=_domain(file, "bounce_domain", ""),
        unsubscribe_mailbox=_address_or_none(file, "unsubscribe_mailbox"),
        language=_matching(
            file, "language", re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*"), "as in 'nb'"
        ),
        segments=_segments(file),
        archive=file.flag("archive", default=False),
        count_links=count_links,
        clicks=clicks_of(file, counted=count_links),
        pause_on_out_of_office=file.flag("pause_on_out_of_office", default=False),
        utm=utm,
        utm_domains=utm_domains,
        sign_up=_sign_up(file),
        welcome=welcome_of(file),
        quiet=quiet_of(file),
        topics=topics_of(file),
    )
    file.end()
    return found


def _wordings(file: Table) -> tuple[Wording, ...]:
    tables = file.tables("wordings")
    if not tables:
        raise WorkspaceError(
            f"{file.where}: [[wordings]] is missing: the words that people agree to,"
            " with version and text"
        )
    wordings: list[Wording] = []
    for one in tables:
        words = Wording(
            one.number("version"),
            one.text("text").strip(),
            one.flag("editorial", default=False),
        )
        one.end()
        known = {other.version for other in wordings}
        if not 1 <= words.version <= _LAST_VERSION or words.version in known:
            raise WorkspaceError(
                f"{one.where}: version is {words.version}, but must be 1, 2, 3, each once:"
                " words that people agreed to never change"
            )
        wordings.append(words)
    return tuple(sorted(wordings, key=lambda words: words.version))


def _opt_in(file: Table) -> OptIn:
    value = file.text("opt_in")
    if value not in set(OptIn):
        raise WorkspaceError(
            f"{file.where}: opt_in is {value!r}, but must be 'double' (confirmed by letter)"
            " or 'single'"
        )
    return OptIn(value)


def _segments(file: Table) -> dict[str, str]:
    segments = file.table("segments")
    for name, rule in segments.items():
        if not isinstance(rule, str) or not rule.strip():
            raise WorkspaceError(
                f"{file.where}: the segment {name!r} must be an expression in quotes,"
                """ such as "country == 'NO'" """.rstrip()
            )
    return segments


def _sign_up(file: Table) -> SignUpPage | None:
    if not file.has("sign_up"):
        return None
    page = Table(file.table("sign_up"), f"{file.where}, [sign_up]")
    template = page.text("template", CONFIRMATION)
    questions = [_question(one) for one in page.tables("questions")]
    partners = tuple(dict.fromkeys(page.texts("partners")))
    page.end()
    asked = [one.attribute for one in questions]
    for name in asked:
        if asked.count(name) > 1:
            raise WorkspaceError(f"{page.where}: {name} is asked for twice")
    return SignUpPage(tuple(questions), template, partners)


def _question(table: Table) -> Question:
    question = Question(
        attribute=_matching(table, "attribute", _ATTRIBUTE, "an attribute, as in 'name'"),
        label=_line(table, "label") if table.has("label") else "",
        choices=tuple(table.texts("choices")),
        required=table.flag("required", default=False),
    )
    table.end()
    return question


def _line(file: Table, key: str) -> str:
    """Return a text that goes into headers: one line, nothing that could begin another."""
    value = file.text(key).strip()
    if any(not character.isprintable() for character in value):
        raise WorkspaceError(
            f"{file.where}: {key} must be one line of printable characters"
        )
    return value


def _matching(file: Table, key: str, form: re.Pattern[str], words: str) -> str:
    value = file.text(key)
    if not form.fullmatch(value):
        raise WorkspaceError(
            f"{file.where}: {key} is {shorten(repr(value))}, but must be {words}"
        )
    return value


def parse_sender(text: str, where: str) -> tuple[str, str]:
    """Split `Name <address>`, or an address alone, into both; the domain as A-label.

    Raises:
        WorkspaceError: begins with `where`.
    """
    found = _SENDER.fullmatch(text.strip())
    name = (found["quoted"] or found["name"] or "").strip() if found else ""
    if any(not character.isprintable() for character in name):
        raise WorkspaceError(f"{where} must be one line of printable characters")
    return name, _address(found["address"] if found else text, where)


def _address_or_none(file: Table, key: str) -> str:
    value = file.text(key, "")
    return value and _address(value, f"{file.where}: {key}")


def _address(text: str, where: str) -> str:
    """Check an address of ours and return it with its domain as A-label."""
    try:
        found = validate_email(
            text.strip(), check_deliverability=False, test_environment=True
        )
    except EmailNotValidError as problem:
        raise WorkspaceError(
            f"{where} is {shorten(repr(text))}, but must be an address such as"
            f" 'Fjell & Fjord <news@example.com>': {problem}"
        ) from None
    return f"{found.local_part}@{found.ascii_domain}"


def _domain(file: Table, key: str, default: str | None = None) -> str:
    value = file.text(key, default)
    if not value:
        return ""
    try:
        found = validate_email(
            f"x@{value}", check_deliverability=False, test_environment=True
        )
    except EmailNotValidError as problem:
        raise WorkspaceError(
            f"{file.where}: {key} is {shorten(repr(value))}, but must be a domain such as"
            f" 'news.example.com': {problem}"
        ) from None
    return found.ascii_domain
