"""Which of a letter's data were not given, and are needed."""

from collections.abc import Callable, Mapping

from mailer.audience.posted import Fault
from mailer.compose.template import TemplateSource
from mailer.errors import CannotComposeError
from mailer.model.letter import Letter

Compose = Callable[[Mapping[str, object]], Letter]


def what_is_missing(
    source: TemplateSource, data: Mapping[str, object], composed: Compose
) -> tuple[Fault, ...]:
    """Name each value that was not given and that the template cannot do without.

    Its sample stands in for each of the others: a fault that stays is about none of them.
    """
    absent = {name: source.sample.get(name) for name in source.data if name not in data}
    if _failed(composed, {**absent, **data}) is not None:
        return ()
    problems = {name: _failed(composed, {**absent, **data, name: None}) for name in absent}
    return tuple(
        Fault(f"/data/{name}", f"is missing: {problem}")
        for name, problem in problems.items()
        if problem is not None
    )


def _failed(composed: Compose, data: Mapping[str, object]) -> CannotComposeError | None:
    given = {name: value for name, value in data.items() if value is not None}
    try:
        composed(given)
    except CannotComposeError as problem:
        return problem
    return None
