"""What `mailer relay` says about mailbox providers."""

from collections.abc import Iterator, Mapping

from mailer.cli.output import shown
from mailer.jobs.provider_status import (
    EVEN,
    FALLING,
    RISING,
    STOPPED,
    ProviderStanding,
)
from mailer.pace.providers import Provider, Providers

_TIMES = "\u00d7"
_TRENDS = {FALLING: " \u2193", RISING: " \u2191", EVEN: ""}
_STATES = {
    "closed": "takes letters",
    "half_open": "one letter is tried",
    "open": "rests",
    STOPPED: "stopped",
}


def provider_row(one: ProviderStanding) -> Mapping[str, object]:
    """Say it in a line: what it is given, and why."""
    given = "no limit"
    if one.per_second:
        given = f"{one.per_second:.3g}/s{_TRENDS[one.trend]}"
    return {
        "provider": one.name,
        "state": _STATES[one.state],
        "given": given,
        "at once": one.at_once or None,
        "waiting": one.waiting if one.listed else None,
        "why": "; ".join(_why(one)) or None,
    }


def _why(one: ProviderStanding) -> Iterator[str]:
    if one.why:
        yield f"{one.why} {_TIMES}{one.times}"
    if one.rest_until is not None:
        yield f"next try {shown(one.rest_until)}"
    if one.state == STOPPED:
        yield f"then: mailer relay resume {one.name}"


def provider_json(one: ProviderStanding) -> Mapping[str, object]:
    """Say the same for programs."""
    return {
        "relay": None,
        "provider": one.name,
        "state": one.state,
        "per_second": round(one.per_second, 3),
        "trend": one.trend,
        "at_once": one.at_once,
        "letters_per_connection": one.per_connection,
        "next_try_at": one.rest_until,
        "answer": one.why,
        "times": one.times,
        "said_at": one.said_at,
        "waiting": one.waiting,
    }


def known_rows(providers: Providers) -> Iterator[Mapping[str, object]]:
    """List what is known of providers, ours and the workspace's own file together."""
    return map(_known, providers.known.values())


def _known(one: Provider) -> Mapping[str, object]:
    limits = one.limits
    return {
        "provider": one.name,
        "per_second": limits.per_second,
        "at_most_per_second": limits.at_most_per_second,
        "at_once": limits.at_once,
        "letters_per_connection": limits.letters_per_connection,
        "mx": ", ".join(one.mx),
        "domains": ", ".join(one.domains),
    }
