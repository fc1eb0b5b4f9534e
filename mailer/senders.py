"""What a sender works with, made of the settings: its pen, its relay and its rules."""

from dataclasses import replace
from datetime import timedelta

from mailer.compose.limits import Limits
from mailer.config.modes import mode_of
from mailer.jobs.letters import Pen
from mailer.jobs.relays import Relay
from mailer.jobs.send import Rules
from mailer.model.mode import Mode
from mailer.model.token import TokenBox
from mailer.pace.cap import CapRule
from mailer.pace.retry import RetryPlan
from mailer.pace.throttle import Rate
from mailer.wire.line import RelayAddress, Timeouts, Tls
from mailer.wire.outbox import OutboxWay
from mailer.wiring import Workspace
from mailer.workspace.files import inside
from mailer.workspace.outbox import Outbox

_OUTBOX = "outbox"


def pen_of(workspace: Workspace) -> Pen:
    """Return what every letter of a workspace is written with, as if it went to people."""
    settings = workspace.settings
    limits = Limits(settings.templates.max_steps, settings.templates.max_output_bytes)
    return Pen(workspace.site(), TokenBox(workspace.ring), limits)


def relay_address_of(workspace: Workspace) -> RelayAddress:
    """Return where the relay is, with its password from where the settings say it is.

    Raises:
        ConfigError: when the password is not where the settings say.
    """
    relay = workspace.settings.relay
    certificate = relay.certificate_file
    return RelayAddress(
        name=relay.name,
        host=relay.host,
        port=relay.port,
        tls=Tls(relay.tls),
        username=relay.username,
        password=workspace.relay_password(),
        helo_name=relay.helo_name,
        certificate_file=inside(workspace.folder, certificate) if certificate else "",
        timeouts=Timeouts(
            connect_s=relay.timeout_connect_s,
            envelope_s=relay.timeout_envelope_s,
            data_s=relay.timeout_data_s,
            content_s=relay.timeout_content_s,
        ),
    )


def relay_name_of(workspace: Workspace) -> str:
    """Return the name under which what leaves is counted, and trouble is told.

    A rehearsal into files has one of its own: it takes nothing from what the relay allows.
    """
    settings = workspace.settings
    into_files = mode_of(settings) is Mode.REHEARSAL and not settings.rehearsal.to
    return _OUTBOX if into_files else settings.relay.name


def relay_of(workspace: Workspace) -> Relay:
    """Return a workspace's relay.

    In a rehearsal no letter can go to anybody else than the settings say: into files, when
    they name nobody.

    Raises:
        ConfigError: when the settings do not say whether it is one.
    """
    relay = workspace.settings.relay
    rehearsal = workspace.rehearsal()
    if rehearsal is not None and not rehearsal.to:
        # No line is ever opened to it.
        address = RelayAddress(relay_name_of(workspace), relay.host, relay.port)
    else:
        only_to = "" if rehearsal is None else rehearsal.to
        address = replace(relay_address_of(workspace), only_to=only_to)
    outbox = None
    if rehearsal is not None and not rehearsal.to:
        place = inside(workspace.folder, rehearsal.folder)
        outbox = OutboxWay(Outbox(place, rehearsal.folder).keep)
    return Relay(
        address,
        rate=Rate(relay.per_second, relay.per_hour, relay.per_day),
        connections=relay.connections,
        letters_per_connection=relay.letters_per_connection,
        idle_s=relay.idle_s,
        pause_s=relay.pause_s,
        pause_at_most_s=relay.pause_at_most_s,
        other_way=outbox,
        rehearsing=rehearsal is not None,
    )


def rules_of(workspace: Workspace) -> Rules:
    """Return how a workspace's senders work."""
    sending, cap = workspace.settings.sending, workspace.settings.cap
    return Rules(
        plan=RetryPlan(sending.retry_plan_s, sending.jitter),
        lease=timedelta(seconds=sending.lease_s),
        batch=sending.batch,
        poll_s=sending.poll_s,
        keep_every_s=sending.keep_every_s,
        drain_s=sending.drain_s,
        cap=CapRule(cap.letters, cap.days) if cap.letters else None,
    )
