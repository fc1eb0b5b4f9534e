"""Which values may stand where in HTML, and what makes them safe there."""

from jinja2 import nodes

from mailer.compose.limits import internal
from mailer.compose.markup import URL_ATTRIBUTES, Place, Where
from mailer.compose.tree import replaced

TRUSTED = frozenset({"browser_url", "confirm_url", "preferences_url", "unsubscribe_url"})
"""Links that we make: they may begin a link as they are."""

_BY_STYLES = frozenset({"class", "id"})
_NEVER = frozenset({"ping", "srcdoc", "srcset"})
_AROUND = "put the condition around the whole element or inside another attribute's value"


def why_no_value(place: Place) -> str | None:
    """Say why no value can stand at a place; None when one can."""
    match place.where:
        case Where.TAG:
            return (
                'this value stands in a tag: put it between quotes, as in title="{{ … }}"'
            )
        case Where.RAW:
            return f"a value cannot stand inside <{place.element}>"
        case Where.VALUE:
            return _why_not_in_attribute(place)
        case _:
            return None


def _why_not_in_attribute(place: Place) -> str | None:
    name = place.attribute
    if not place.quote:
        return f"put the value of {name} between quotes"
    if name in _BY_STYLES:
        return (
            f"a value cannot stand in {name}=: style sheets go by it before it is known who"
            " reads"
        )
    if name.startswith("on") or name in _NEVER:
        return f"a value cannot stand in {name}="
    if name in URL_ATTRIBUTES and place.started is None:
        return f"it depends on a condition whether this value begins the link: {_AROUND}"
    return None


def why_no_statement(place: Place) -> str | None:
    """Say why no condition or loop can begin or end at a place; None when one can."""
    if place.where is Where.TAG:
        return f"this stands inside a tag: {_AROUND}"
    if place.where is Where.RAW:
        return f"this stands inside <{place.element}>: {_AROUND}"
    if place.where is not Where.VALUE:
        return None
    if not place.quote:
        return f"put the value of {place.attribute} between quotes"
    if place.attribute in _BY_STYLES:
        return (
            f"this stands inside {place.attribute}=, which style sheets go by before it is"
            f" known who reads: {_AROUND}"
        )
    return None


def safe(value: nodes.Expr, place: Place) -> nodes.Expr:
    """Return a value as it may stand at a place where one can."""
    if place.where is not Where.VALUE:
        return value
    if place.attribute == "style":
        return internal("_style", value)
    if place.attribute in URL_ATTRIBUTES:
        return safe_in_url(value, begins=not place.started)
    return value


def safe_in_url(value: nodes.Expr, *, begins: bool) -> nodes.Expr:
    """Return a value as it may stand in a link.

    Args:
        begins: Nothing of the link stands before it.
    """
    match value:
        case nodes.Filter(name="_joined", node=nodes.List() as joined):
            return _with_node(value, _each_safe(joined, begins=begins))
        case _:
            pass
    if begins:
        is_ours = isinstance(value, nodes.Name) and value.name in TRUSTED
        return value if is_ours else internal("_url_start", value)
    is_quoted = isinstance(value, nodes.Filter) and value.name == "urlencode"
    return value if is_quoted else internal("_url", value)


def _with_node(value: nodes.Filter, node: nodes.Expr) -> nodes.Filter:
    rest = (value.name, value.args, value.kwargs, value.dyn_args, value.dyn_kwargs)
    return nodes.Filter(node, *rest, lineno=value.lineno)


def _each_safe(joined: nodes.List, *, begins: bool) -> nodes.List:
    """Return what `~` joins, each part safe by itself; the template's own texts are."""
    items = [
        item
        if isinstance(item, nodes.Const)
        else safe_in_url(item, begins=begins and number == 0)
        for number, item in enumerate(joined.items)
    ]
    return replaced(joined, items=items)
