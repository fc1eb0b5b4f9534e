"""What comes back, as it runs by itself: taken in, understood and acted on until stopped.

Each step has a commit of its own, and begins with what the last one left on record: after
a crash it goes on from there.
"""

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from mailer.config.fields import Settings
from mailer.config.mailsource import imap_address, read_mailboxes
from mailer.config.modes import mode_of
from mailer.errors import MailerError
from mailer.jobs.acknowledge import FrontDesk
from mailer.jobs.articles import FreshShelf
from mailer.jobs.fetching import Box, Reader
from mailer.jobs.incoming import Desk, anything_waits, handle_all
from mailer.jobs.keeper import Keeper
from mailer.jobs.recipients import Recipients
from mailer.jobs.refused import any_refused, judge_refused
from mailer.jobs.vouching import Reporters, records_by_dns
from mailer.jobs.world import is_rehearsal
from mailer.model.token import TokenBox
from mailer.wire.dns import DnsServers
from mailer.wire.imap_box import ImapBox
from mailer.wire.listener import Listener, Rules
from mailer.wire.servertls import ServerTls
from mailer.wiring import Workspace, utc_now
from mailer.workspace.acknowledgements import read_acknowledgements
from mailer.workspace.deskrules import read_desk_rules
from mailer.workspace.files import inside
from mailer.workspace.knowledge import read_knowledge
from mailer.workspace.lists import list_names, read_list
from mailer.workspace.maildir import Maildir
from mailer.workspace.manners import read_manners

_log = logging.getLogger(__name__)

_MB = 1_000_000
_END_WITHIN_S = 3.0
_CERTIFICATE_EVERY_S = 3600.0
_LOOK_EVERY_S = 5.0
"""Others (a pipe, another process) may keep messages too."""


async def run_inbox(workspace: Workspace, stop: asyncio.Event) -> None:
    """Take in mail, understand it and act on it until told to stop.

    Raises:
        RefusedError: when a port can't be listened on.
        ConfigError: when a password is not where the settings say.
    """
    came = asyncio.Event()
    loop = asyncio.get_running_loop()

    def heard() -> None:
        loop.call_soon_threadsafe(came.set)

    readers = readers_of(workspace, heard)
    keeper = Keeper(workspace.database, utc_now, came.set)
    rules = rules_of(workspace)
    listener = Listener(rules, keeper.keep)
    understanding = asyncio.create_task(_understand(workspace, came, stop))
    renewing = asyncio.create_task(_renew(rules.tls, stop))
    try:
        ours = workspace.settings.inbox
        for port, lmtp in ((ours.lmtp_port, True), (ours.smtp_port, False)):
            if port:
                await listener.listen(ours.listen_host, port, lmtp=lmtp)
                name = "LMTP" if lmtp else "SMTP"
                _log.info("inbox: %s on %s:%s", name, ours.listen_host, port)
        with _in_threads(readers) as end_them:
            await stop.wait()
            await asyncio.to_thread(end_them)
    finally:
        await listener.stop()
        stop.set()
        came.set()
        await asyncio.gather(understanding, renewing)


async def _renew(tls: ServerTls | None, stop: asyncio.Event) -> None:
    """Read our certificate again from time to time: it is renewed beside us."""
    while tls is not None and not stop.is_set():
        await _within(stop, _CERTIFICATE_EVERY_S)
        try:
            tls.renew()
        except MailerError as problem:
            _log.error("inbox: the certificate from before stays in use: %s", problem)


def rules_of(workspace: Workspace) -> Rules:
    """Return what is taken in, as the settings say.

    Raises:
        RefusedError: when our certificate can't be used.
    """
    ours = workspace.settings.inbox
    takes = Recipients(ours.domains, ours.addresses, TokenBox(workspace.ring)).takes
    hostname = urlsplit(workspace.settings.site.public_url).hostname or "localhost"
    return Rules(
        takes,
        ours.size_limit_mb * _MB,
        ours.memory_mb * _MB,
        ours.connections,
        hostname,
        tls=_tls_of(workspace),
    )


def _tls_of(workspace: Workspace) -> ServerTls | None:
    ours, folder = workspace.settings.inbox, workspace.folder
    if not ours.certificate_file:
        return None
    key = inside(folder, ours.key_file) if ours.key_file else ""
    return ServerTls(inside(folder, ours.certificate_file), key, ours.require_tls)


def desk_of(workspace: Workspace) -> Desk:
    """Return what understanding, acting and acknowledging need.

    Raises:
        WorkspaceError: when a file of the workspace says something that can't be.
    """
    return Desk(
        workspace.database,
        workspace.logbook,
        TokenBox(workspace.ring),
        read_knowledge(workspace.folder),
        front_desk_of(workspace),
        reporters_of(workspace.settings),
        _waiting_lists(workspace),
    )


def reporters_of(settings: Settings) -> Reporters:
    """Return whose signed reports count, as the settings of the relays name them."""
    relays: dict[str, set[str]] = {}
    for relay in settings.all_relays().values():
        for sender in relay.report_senders:
            relays.setdefault(sender, set()).add(relay.name)
    asked = DnsServers(settings.dns.servers, settings.dns.timeout_s)
    named = {sender: frozenset(names) for sender, names in relays.items()}
    return Reporters(named, records_by_dns(asked))


def _waiting_lists(workspace: Workspace) -> frozenset[str]:
    """Return the ids of lists whose letters wait for who is out of the office."""
    found: set[str] = set()
    for name in list_names(workspace.folder):
        with suppress(MailerError):
            one = read_list(workspace.folder, name)
            found.update([one.id] if one.pause_on_out_of_office else [])
    return frozenset(found)


def front_desk_of(workspace: Workspace) -> FrontDesk:
    """Return what tickets are made and acknowledged with."""
    mailboxes, site = workspace.mailboxes(), workspace.site()
    ours = {site.sender_address, *(one for box in mailboxes for one in box.addresses)}
    domains, names = {box.bounce_domain for box in mailboxes}, dict[str, str]()
    for name in list_names(workspace.folder):
        try:
            one = read_list(workspace.folder, name)
        except MailerError:
            # `mailer check` and the schedules say so; people are answered all the same.
            continue
        ours |= {one.sender_address, one.reply_to, one.unsubscribe_mailbox}
        domains.add(one.bounce_domain)
        names[one.id] = name
    mode = mode_of(workspace.settings)
    return FrontDesk(
        mailboxes,
        read_manners(workspace.folder),
        frozenset(one.lower() for one in ours if one),
        frozenset(one.lower() for one in domains if one),
        frozenset(workspace.settings.inbox.authserv_ids),
        read_acknowledgements(workspace.folder),
        rehearsing=None if mode is None else is_rehearsal(mode),
        rules=read_desk_rules(workspace.folder),
        list_names=names,
        shelf=FreshShelf(workspace.folder),
        site=site,
    )


def boxes_of(workspace: Workspace) -> dict[str, Box]:
    """Return the mailboxes that are read, by name.

    Raises:
        ConfigError: when a password is not where the settings say.
        WorkspaceError: when its file cannot be read.
    """
    return {
        name: box_of(workspace, name)
        for name in read_mailboxes(workspace.settings.mailboxes)
    }


def box_of(workspace: Workspace, name: str) -> Box:
    """Return one mailbox that is read.

    Raises:
        ConfigError: when its password is not where the settings say.
        WorkspaceError: when the file of its password cannot be read.
    """
    one = workspace.settings.mailboxes[name]
    folder, most = workspace.folder, workspace.settings.inbox.size_limit_mb * _MB
    if one.maildir:
        return Maildir(inside(folder, one.maildir), most)
    return ImapBox(imap_address(folder, f"mailboxes.{name}", one, os.environ), most)


def readers_of(workspace: Workspace, came: Callable[[], None]) -> list[Reader]:
    """Return who reads the mailboxes.

    Args:
        came: Called after each commit that brought something.

    Raises:
        ConfigError: when a password is not where the settings say.
        WorkspaceError: when its file cannot be read.
    """
    mailboxes = workspace.settings.mailboxes
    return [
        Reader(
            name, box, workspace.database, utc_now, came,
            mailboxes[name].poll_s, mailboxes[name].old_days,
        )
        for name, box in boxes_of(workspace).items()
    ]  # fmt: skip


@contextmanager
def _in_threads(readers: Sequence[Reader]) -> Generator[Callable[[], None], None, None]:
    """Read mailboxes, each in a thread of its own; give what ends them."""
    stop = threading.Event()
    threads = [
        # Killing one at any moment loses nothing: who ends the program need not wait.
        threading.Thread(target=one.run, args=(stop,), name=one.name, daemon=True)
        for one in readers
    ]

    def end() -> None:
        stop.set()
        for one in threads:
            one.join(_END_WITHIN_S)

    for one in threads:
        one.start()
    try:
        yield end
    finally:
        stop.set()


async def _understand(
    workspace: Workspace, came: asyncio.Event, stop: asyncio.Event
) -> None:
    while not stop.is_set():
        came.clear()
        try:
            await asyncio.to_thread(_handle, workspace)
        except MailerError as problem:
            _log.error("inbox: kept, and not acted on yet: %s", problem)
            await _within(stop, _LOOK_EVERY_S)
        except Exception:  # noqa: BLE001 - the one place: what is kept stays, others go on
            _log.exception("inbox: a bug; what is kept stays")
            await _within(stop, _LOOK_EVERY_S)
        await _within(came, _LOOK_EVERY_S)


def _handle(workspace: Workspace) -> None:
    # It is looked every few seconds, and what understanding needs is long to read.
    if any_refused(workspace.database, utc_now()):
        knowledge = read_knowledge(workspace.folder)
        logbook = workspace.logbook
        for letter, verdict in judge_refused(
            workspace.database, logbook, knowledge, utc_now()
        ):
            _log.info("letter %s was refused: %s", letter, verdict.words)
    if not anything_waits(workspace.database):
        return
    for one in handle_all(desk_of(workspace), utc_now()):
        _log.info("message %s: %s (%s)", one.incoming_id, one.kind, one.words)


async def _within(event: asyncio.Event, wait_s: float) -> None:
    try:
        async with asyncio.timeout(wait_s):
            await event.wait()
    except TimeoutError:
        pass
