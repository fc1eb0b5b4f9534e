"""One thing that DNS was asked about: what was found, or that nobody can tell."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mailer.compose.policies import unsaid
from mailer.jobs.check_workspace import Looked
from mailer.wire.dns import DnsUnknownError


@dataclass(frozen=True, slots=True)
class Found:
    """What DNS says of something.

    Args:
        problem: What is wrong; "" when it holds.
        publish: The record to publish; "" for none.
        advice: What holds by a hair; "" for nothing.
        heard: What checkdmarc says.
    """

    problem: str = ""
    publish: str = ""
    advice: str = ""
    heard: Sequence[str] = ()


HOLDS = Found()


def looked_at(what: str, find: Callable[[], Found]) -> Looked:
    """Find it; who gets no answer has found a problem."""
    try:
        found = find()
    except DnsUnknownError as unknown:
        return Looked(what, str(unknown))
    added = [f"{one} (checkdmarc)" for one in unsaid(found.heard, found.problem)]
    advice = "; ".join(filter(None, [found.advice, *added]))
    return Looked(what, found.problem, found.publish, advice)
