"""What a sender works with, made of the settings: its pen, its relays and its rules."""

from dataclasses import dataclass, replace
from datetime import timedelta

from mailer.compose.limits import Limits
from mailer.compose.sign import Signers
from mailer.config.modes import mode_of
from mailer.config.relay import Relay as RelaySettings
from mailer.config.warmup import plans_of
from mailer.jobs.carriers import carriers
from mailer.jobs.dkim import signers_in
from mailer.jobs.holding import Manners
from mailer.jobs.letters import Pen
from mailer.jobs.relays import Relay
from mailer.jobs.send import Rules
from mailer.model.kind import PATIENT
from mailer.model.mode import Mode
from mailer.model.token import TokenBox
from mailer.pace.cap import CapRule
from mailer.pace.retry import RetryPlan
from mailer.pace.routing import ANY
from mailer.pace.sharing import part_of
from mailer.pace.throttle import Rate, rate_of
from mailer.wire.line import RelayAddress, Timeouts, Tls
from mailer.wire.outbox import OutboxWay
from mailer.wiring import Workspace
from mailer.workspace.files import inside
from mailer.workspace.outbox import Outbox
from mailer.workspace.providers import read_providers

_OUTBOX = "outbox"


def pen_of(workspace: Workspace) -> Pen:
    """Return what every letter of a workspace is written with, as if it went to people."""
    settings = workspace.settings
    limits = Limits(settings.templates.max_steps, settings.templates.max_output_bytes)
    return Pen(workspace.site(), TokenBox(workspace.ring), limits)


def signers_of(workspace: Workspace) -> Signers:
    """Return who signs letters of which domain, with each key loaded.

    Raises:
        KeyFileError: when a key is missing or damaged: nothing leaves unsigned by mistake.
    """
    active = {name: one.selector for name, one in workspace.settings.dkim.items()}
    return signers_in(workspace.places.dkim_folder, active)


def making_of(workspace: Workspace) -> tuple[Pen, Signers]:
    """Return what senders make and sign letters with.

    Raises:
        ConfigError: when the settings do not say whether letters go to people.
        KeyFileError: as `signers_of`.
    """
    pen = replace(pen_of(workspace), rehearsal=workspace.rehearsal())
    return pen, signers_of(workspace)


def relay_addresses_of(workspace: Workspace) -> tuple[RelayAddress, ...]:
    """Return where the relays are, with passwords from where the settings say they are.

    Raises:
        ConfigError: when a password is not where the settings say.
    """
    relays = workspace.settings.all_relays()
    return tuple(relay_address(workspace, where, one) for where, one in relays.items())


def relay_address(workspace: Workspace, where: str, relay: RelaySettings) -> RelayAddress:
    """Return where a relay is, with its password from where the settings say it is.

    Args:
        where: Where it stands in the settings, such as `relays.bulk`.

    Raises:
        MailerError: when the password is not there.
    """
    certificate = relay.certificate_file
    return RelayAddress(
        name=relay.name,
        host=relay.host,
        port=relay.port,
        tls=Tls(relay.tls),
        username=relay.username,
        password=workspace.relay_password(where, relay),
        helo_name=relay.helo_name,
        leaves_from=relay.leaves_from,
        certificate_file=inside(workspace.folder, certificate) if certificate else "",
        timeouts=Timeouts(
            connect_s=relay.timeout_connect_s,
            envelope_s=relay.timeout_envelope_s,
            data_s=relay.timeout_data_s,
            content_s=relay.timeout_content_s,
        ),
    )


def _into_files(workspace: Workspace) -> bool:
    settings = workspace.settings
    return mode_of(settings) is Mode.REHEARSAL and not settings.rehearsal.to


def relay_names_of(workspace: Workspace) -> tuple[str, ...]:
    """Return the names under which what leaves is counted, and trouble is told.

    A rehearsal into files has one of its own: it takes nothing from what relays allow.
    """
    if _into_files(workspace):
        return (_OUTBOX,)
    return tuple(relay.name for relay in workspace.settings.all_relays().values())


def rates_of(workspace: Workspace, campaign_id: int) -> dict[str, Rate]:
    """Return how many letters of a campaign may go by each relay that takes them.

    Under the names of `relay_names_of`.
    """
    relays = tuple(workspace.settings.all_relays().values())
    rates = [_rate(one).without(_reserved(one)) for one in relays]
    names = relay_names_of(workspace)
    if len(names) < len(relays):
        return dict(zip(names, rates, strict=False))
    routes = [one.route for one in relays]
    places = carriers(workspace.database, campaign_id, routes)
    return {names[place]: rates[place] for place in places}


@dataclass(frozen=True, slots=True)
class Seat:
    """One of several senders of a crew, which share the relays' connections.

    Args:
        place: From 0 on.
        size: How many there are.
    """

    place: int = 0
    size: int = 1

    def share(self, connections: int) -> int:
        """Return how many of a relay's connections it may open."""
        return part_of(connections, self.place, self.size)


ALONE = Seat()


def relays_of(workspace: Workspace, seat: Seat = ALONE) -> tuple[Relay, ...]:
    """Return a workspace's relays, as one of its senders uses them.

    In a rehearsal no letter can go to anybody else than the settings say: into files, when
    they name nobody.

    Raises:
        ConfigError: when the settings do not say whether it is one.
    """
    rehearsal = workspace.rehearsal()
    relays = workspace.settings.all_relays()
    if rehearsal is not None and not rehearsal.to:
        # No line is ever opened to it.
        first = next(iter(relays.values()))
        address = RelayAddress(_OUTBOX, first.host, first.port)
        place = inside(workspace.folder, rehearsal.folder)
        outbox = OutboxWay(Outbox(place, rehearsal.folder).keep)
        relay = replace(_relay(first, address, seat), other_way=outbox, route=ANY)
        return (replace(relay, rehearsing=True),)
    only_to = "" if rehearsal is None else rehearsal.to
    return tuple(
        replace(
            _relay(relay, relay_address(workspace, where, relay), seat, only_to),
            rehearsing=rehearsal is not None,
        )
        for where, relay in relays.items()
    )


def _rate(relay: RelaySettings) -> Rate:
    return rate_of(relay.per_second, relay.per_minute, relay.per_hour, relay.per_day)


def _reserved(relay: RelaySettings) -> float:
    """Return what is kept for letters that somebody waits for, where it takes such."""
    lanes = relay.route.lanes
    return relay.reserved if not lanes or lanes - PATIENT else 0


def _relay(
    relay: RelaySettings, address: RelayAddress, seat: Seat, only_to: str = ""
) -> Relay:
    return Relay(
        replace(address, only_to=only_to),
        rate=_rate(relay),
        reserved=_reserved(relay),
        connections=seat.share(relay.connections),
        letters_per_connection=relay.letters_per_connection,
        idle_s=relay.idle_s,
        pause_s=relay.pause_s,
        pause_at_most_s=relay.pause_at_most_s,
        route=relay.route,
    )


def rules_of(workspace: Workspace, seat: Seat = ALONE) -> Rules:
    """Return how a workspace's senders work.

    Raises:
        WorkspaceError: when the workspace's `providers.toml` does not hold.
    """
    sending, cap = workspace.settings.sending, workspace.settings.cap
    return Rules(
        plan=RetryPlan(sending.retry_plan_s, sending.jitter),
        lease=timedelta(seconds=sending.lease_s),
        batch=sending.batch,
        poll_s=sending.poll_s,
        keep_every_s=sending.keep_every_s,
        drain_s=sending.drain_s,
        manners=Manners(
            CapRule(cap.letters, cap.days) if cap.letters else None,
            workspace.settings.quiet_hours.rule(),
            workspace.settings.time_zone,
            plans_of(workspace.settings.warm_up),
        ),
        providers=read_providers(workspace.folder),
        senders=seat.size,
        place=seat.place,
    )
