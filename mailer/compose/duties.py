"""What a letter owes its reader: a way out, and an address of who writes.

Bulk mail needs both in each letter (CAN-SPAM 15 U.S.C. §7704(a)(5), RFC 8058), and a reader
of the plain text needs them as much as one of the HTML. So a template that does not print
them for everybody is refused before anything is sent.
"""

import re
from collections.abc import Sequence

from jinja2 import nodes

from mailer.compose.template import SETTINGS_FILE, TemplateSource
from mailer.compose.tree import Nodes, branches, everything, literal_text, printed
from mailer.errors import TemplateError
from mailer.model.kind import KINDS, Kind
from mailer.model.mailinglist import MailingList

LINK = "unsubscribe_url"
ADDRESS = "postal_address"
CONFIRM = "confirm_url"
_HOW = {
    LINK: 'a link that leaves the list, such as <a href="{{ unsubscribe_url }}">Leave</a>',
    ADDRESS: "your postal address: {{ postal_address }}",
}


def are_due(source: TemplateSource) -> bool:
    """Whether a template's letters need a way out and an address."""
    return KINDS[source.kind].needs_unsubscribe


def check_list(source: TemplateSource, mailing_list: MailingList | None) -> None:
    """Refuse letters that nobody could leave.

    Raises:
        TemplateError: when there is no list, or it has no postal address.
    """
    if not are_due(source):
        return
    if mailing_list is None:
        raise TemplateError(
            f"{source.shown(SETTINGS_FILE)}: a letter of the kind {source.kind.value!r}"
            " goes to a list, so that people can leave it: name the list"
        )
    if not mailing_list.postal_address.strip():
        raise TemplateError(
            f"lists/{mailing_list.name}.toml: postal_address is empty, and each"
            f" {source.kind.value} letter must show one"
        )


def check_printed(source: TemplateSource, body: Nodes, file: str, *names: str) -> None:
    """Refuse a body that does not print some names for everybody.

    Raises:
        TemplateError: names the file and what to put into it.
    """
    if not are_due(source):
        return
    for name in names:
        if not prints(body, frozenset({name})):
            raise TemplateError(
                f"{source.shown(file)}: each {source.kind.value} letter must print"
                f" {{{{ {name} }}}}, for everybody (not only under a condition):"
                f" {_HOW[name]}"
            )


def check_confirmation(source: TemplateSource, body: Nodes, file: str) -> None:
    """Refuse a confirmation letter that nobody could confirm by.

    Raises:
        TemplateError: names the file and what to put into it.
    """
    if source.kind is Kind.CONFIRMATION and not prints(body, frozenset({CONFIRM})):
        raise TemplateError(
            f"{source.shown(file)}: a confirmation letter must print {{{{ {CONFIRM} }}}},"
            ' for everybody: <a href="{{ confirm_url }}">Yes, write to me</a>'
        )


def check_seen(
    source: TemplateSource, text: Nodes, mailing_list: MailingList | None
) -> None:
    """Refuse an HTML body whose way out or address nobody sees.

    Args:
        text: The plain text of the HTML, which leaves out what is hidden.

    Raises:
        TemplateError: says which of both it is.
    """
    if not are_due(source) or mailing_list is None:
        return
    if not prints(text, frozenset({LINK})):
        raise _unseen(source, LINK)
    shown = _words(" ".join(literal_text(node) or "" for node in everything(text)))
    for line in mailing_list.postal_address.splitlines():
        if _words(line) not in shown:
            raise _unseen(source, ADDRESS)


def _unseen(source: TemplateSource, name: str) -> TemplateError:
    return TemplateError(
        f"{source.shown(source.file)}: {{{{ {name} }}}} stands where readers do not see it"
        f" (in a hidden element or a comment): print {_HOW[name]}"
    )


def _words(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()


def prints(body: Sequence[nodes.Node], names: frozenset[str]) -> bool:
    """Say whether some statements print a value whichever branches are taken.

    Args:
        names: What the value is called here.
    """
    for node in body:
        child = printed(node)
        if child is not None and _shows(child, names):
            return True
        if isinstance(node, nodes.Assign) and _shows(node.node, names):
            names |= {one.name for one in [node.target] if isinstance(one, nodes.Name)}
        if _prints_inside(node, names):
            return True
    return False


def _prints_inside(node: nodes.Node, names: frozenset[str]) -> bool:
    match node:
        case nodes.If(else_=[_, *_]):
            return all(prints(body, names) for _, body in branches(node))
        case nodes.With():
            given = zip(node.targets, node.values, strict=True)
            more = {
                target.name
                for target, value in given
                if isinstance(target, nodes.Name) and _shows(value, names)
            }
            return prints(node.body, names | more)
        case nodes.Scope():
            return prints(node.body, names)
        case _:
            return False


def _shows(value: nodes.Node, names: frozenset[str]) -> bool:
    match value:
        case nodes.Name():
            return value.name in names
        case nodes.Filter() if value.node is not None:
            return _shows(value.node, names)
        case nodes.List():
            return any(_shows(one, names) for one in value.items)
        case nodes.Concat():
            return any(_shows(one, names) for one in value.nodes)
        case _:
            return False
