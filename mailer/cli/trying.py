"""Trying relays out, side by side: one that is not there holds up no other."""

import asyncio
from collections.abc import Mapping, Sequence

from mailer.config.relay import Relay
from mailer.errors import MailerError, NotFoundError, did_you_mean
from mailer.jobs.check_workspace import Looked, check_relay
from mailer.senders import relay_address
from mailer.wire.line import RelayAddress
from mailer.wiring import Workspace
from mailer.workspace.folder import CONFIG


def try_relays(workspace: Workspace, names: Sequence[str] = ()) -> list[Looked]:
    """Open a line to each relay and log in, as a sender would; no letter is handed over.

    Args:
        names: These and no others; none for all.

    Raises:
        NotFoundError: when there is no relay of a name.
    """
    relays = workspace.settings.all_relays()
    known = {relay.name: where for where, relay in relays.items()}
    for name in names:
        if name not in known:
            near = did_you_mean(name, known)
            raise NotFoundError(f"there is no relay {name!r} in {CONFIG}{near}")
    asked = {known[name]: relays[known[name]] for name in names or known}
    return asyncio.run(_try(workspace, asked))


async def _try(workspace: Workspace, asked: Mapping[str, Relay]) -> list[Looked]:
    return await asyncio.gather(
        *(_look(workspace, where, relay) for where, relay in asked.items())
    )


async def _look(workspace: Workspace, where: str, relay: Relay) -> Looked:
    try:
        address: RelayAddress = relay_address(workspace, where, relay)
    except MailerError as problem:
        return Looked(f"relay {relay.name}, {relay.host}:{relay.port}", str(problem))
    return await check_relay(address, where)
