"""`mailer relay`: how the relays are and why, trying them out, presets of services."""

from collections.abc import Iterator, Mapping
from itertools import chain

import click

from mailer.cli.output import as_json, print_rows, shown
from mailer.cli.progress import looks
from mailer.cli.providerlines import known_rows, provider_json, provider_row
from mailer.cli.trying import try_relays
from mailer.config.presets import ABOUT
from mailer.config.relay import Relay
from mailer.config.warmup import plans_of
from mailer.jobs.provider_status import provider_status, resume_provider
from mailer.jobs.relay_status import IDLE, RelayStanding, relay_status
from mailer.jobs.warmup import Warming, stage_words, warming
from mailer.senders import relay_names_of
from mailer.wiring import Workspace, open_workspace, utc_now
from mailer.workspace.presets import read_presets
from mailer.workspace.providers import read_providers

FOUND_EXIT_STATUS = 1

_LOOK_EVERY_S = 2.0

_TIMES = "\u00d7"
_STATES = {
    "closed": "takes letters",
    "half_open": "one letter is tried",
    "open": "left alone",
    "limit": "limit reached",
    IDLE: "no sender at work",
}


@click.group
def relay() -> None:
    """Show how the relays are and why, and try them out.

    \b
    Example: mailer relay status
             mailer relay test bulk
             mailer relay resume outlook
    """  # noqa: D301 - click's own mark for lines that stay as they are


@relay.command
@click.option("--watch", "watched", is_flag=True, help="Show it live until Ctrl-C.")
@as_json
@click.pass_obj
def status(folder: str, *, watched: bool, as_json: bool) -> None:
    """Show what is going on with each relay, and why.

    Senders at work write it down every few seconds (`sending.keep_every_s`). Rates and
    counts are of all senders together, since they began; what servers said that was no yes
    is of the last ten minutes.
    Then the mailbox providers of which something was learnt, or for which letters wait,
    and the sending domains that are warmed up: on which day of the plan they are.

    \b
    Example: mailer relay status
             mailer relay status --watch
    """  # noqa: D301 - click's own mark for lines that stay as they are
    if watched and as_json:
        raise click.UsageError("say --watch or --json, not both")
    with open_workspace(folder, need_keys=False) as workspace:
        if not watched:
            _print(workspace, as_json=as_json)
            return
        for _ in looks(_LOOK_EVERY_S):
            # Nothing where it goes to a file: there one look follows the other.
            click.clear()
            click.echo(f"{shown(utc_now())}, Ctrl-C ends it\n")
            _print(workspace, as_json=False)
            click.echo()


def _print(workspace: Workspace, *, as_json: bool) -> None:
    settings = {one.name: one for one in workspace.settings.all_relays().values()}
    names = relay_names_of(workspace)
    found = relay_status(workspace.database, names, utc_now())
    known = read_providers(workspace.folder)
    providers = provider_status(workspace.database, known, utc_now())
    plans = plans_of(workspace.settings.warm_up)
    warmed = warming(workspace.database, plans, utc_now())
    if as_json:
        relays = (_as_json(one, settings.get(one.name)) for one in found)
        domains = map(_domain_json, warmed)
        print_rows(chain(relays, map(provider_json, providers), domains), as_json=True)
        return
    print_rows((_row(one, settings.get(one.name)) for one in found), as_json=False)
    if providers:
        click.echo()
        print_rows(map(provider_row, providers), as_json=False)
    if warmed:
        click.echo()
        rows = ({"warm-up": one.domain, "stands": stage_words(one.stage)} for one in warmed)
        print_rows(rows, as_json=False)


def _row(one: RelayStanding, relay: Relay | None) -> Mapping[str, object]:
    return {
        "relay": one.name,
        "state": _STATES[one.state],
        "now": f"{one.per_second:.3g}/s" if one.senders else None,
        "limits": ", ".join(_limits(one, relay)) or "none",
        "lines": f"{one.lines} of {relay.connections}" if relay else one.lines,
        "held": one.held,
        "accepted": one.accepted,
        "refused": one.refused,
        "put off": one.deferred,
        "why": "; ".join(_why(one)) or None,
    }


def _domain_json(one: Warming) -> Mapping[str, object]:
    return {
        "relay": None,
        "provider": None,
        "warm_up": one.domain,
        "day": one.stage.day,
        "of": one.stage.of,
        "letters": one.stage.share,
        "sent": one.stage.sent,
    }


def _limits(one: RelayStanding, relay: Relay | None) -> Iterator[str]:
    if relay is None:
        return
    hour, day = one.sent
    if relay.per_second:
        yield f"{relay.per_second:g}/s"
    if relay.per_minute:
        yield f"{relay.per_minute:,}/min"
    if relay.per_hour:
        yield f"{hour:,} of {relay.per_hour:,}/h"
    if relay.per_day:
        yield f"{day:,} of {relay.per_day:,}/day"


def _why(one: RelayStanding) -> Iterator[str]:
    if one.silent and one.seen_at is not None:
        yield f"nothing was heard of its senders since {shown(one.seen_at)}"
    if one.trouble:
        yield one.trouble
    if one.rest_until is not None:
        words = "goes on" if one.state == "limit" else "next try"
        yield f"{words} {shown(one.rest_until)}"
    yield from (f"{mark} {_TIMES}{times}" for mark, times in one.marks.items())


def _as_json(one: RelayStanding, relay: Relay | None) -> Mapping[str, object]:
    counts = relay is not None and bool(relay.per_hour or relay.per_day)
    return {
        "relay": one.name,
        "state": one.state,
        "trouble": one.trouble,
        "next_try_at": one.rest_until,
        "seen_at": one.seen_at,
        "senders": one.senders,
        "lines": one.lines,
        "connections": relay.connections if relay else None,
        "held": one.held,
        "per_second": round(one.per_second, 3),
        "accepted": one.accepted,
        "deferred": one.deferred,
        "refused": one.refused,
        "released": one.released,
        "limits": {
            "per_second": relay.per_second,
            "per_minute": relay.per_minute,
            "per_hour": relay.per_hour,
            "per_day": relay.per_day,
        }
        if relay
        else {},
        "sent_hour": one.sent[0] if counts else None,
        "sent_day": one.sent[1] if counts else None,
        "answers": one.marks,
    }


@relay.command(name="test")
@click.argument("names", nargs=-1)
@as_json
@click.pass_context
def try_out(context: click.Context, names: tuple[str, ...], *, as_json: bool) -> None:
    """Connect to each relay, secure the line and log in; no letter is handed over.

    Exit status 1 if any does not let us in. `mailer template test` sends a letter.

    \b
    Example: mailer relay test
             mailer relay test bulk answers
    """  # noqa: D301 - click's own mark for lines that stay as they are
    with open_workspace(context.obj, need_keys=False) as workspace:
        looked = try_relays(workspace, names)
    print_rows(
        (
            {"relay": one.what, "lets us in": not one.problem, "problem": one.problem}
            for one in looked
        ),
        as_json=as_json,
    )
    if any(one.problem for one in looked):
        context.exit(FOUND_EXIT_STATUS)


@relay.command
@as_json
def presets(*, as_json: bool) -> None:
    """List the well-known services that `preset` under a relay may name.

    Example: mailer relay presets
    """
    rows: list[dict[str, object]] = []
    for name, preset in read_presets().items():
        settings = {key: value for key, value in preset.items() if key != ABOUT}
        if as_json:
            rows.append({"preset": name, ABOUT: preset[ABOUT], "settings": settings})
        else:
            words = ", ".join(f"{key} = {value}" for key, value in settings.items())
            rows.append({"preset": name, "settings": words, ABOUT: preset[ABOUT]})
    print_rows(rows, as_json=as_json)


@relay.command
@as_json
@click.pass_obj
def providers(folder: str, *, as_json: bool) -> None:
    """List the mailbox providers that are known, with what each begins with.

    What `providers.toml` in this folder says is laid over what is shipped.

    \b
    Example: mailer relay providers
    """  # noqa: D301 - click's own mark for lines that stay as they are
    print_rows(known_rows(read_providers(folder)), as_json=as_json)


@relay.command
@click.argument("provider")
@click.pass_obj
def resume(folder: str, provider: str) -> None:
    """Let a mailbox provider go on that was stopped, or rests: one letter tries it.

    \b
    Example: mailer relay resume outlook
    """  # noqa: D301 - click's own mark for lines that stay as they are
    with open_workspace(folder, need_keys=False) as workspace:
        resume_provider(workspace.database, provider, utc_now())
    click.echo(f"{provider} goes on: one letter tries it, then the others follow")
