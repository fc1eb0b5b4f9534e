"""`mailer sink`: a mail server on this machine, to try things out against."""

import asyncio
import email
import email.policy
import signal
from functools import partial

import click

from mailer.cli.output import shown
from mailer.errors import RelayError
from mailer.wire.sink import Received, Sink
from mailer.workspace.files import inside, make_folder, write_new


@click.command
@click.option("--port", type=int, default=2525, show_default=True, help="Where it listens.")
@click.option(
    "--to", "into", metavar="DIR", help="Keep each letter there, as an .eml file."
)
@click.option("--count", type=int, default=0, help="End after so many letters.")
def sink(port: int, into: str | None, count: int) -> None:
    """Take letters on this machine, and forward them to nobody.

    It listens on 127.0.0.1 and takes everything. In config.toml: [relay] host =
    "127.0.0.1", port = 2525, tls = "none".

    Example: mailer sink --port 2525 --to outbox
    """
    if into is not None:
        make_folder(into)
    try:
        asyncio.run(_listen(port, into, count))
    except OSError as problem:
        raise RelayError(
            f"port {port} of this machine can't be listened on ({problem.strerror}):"
            " try another --port"
        ) from problem


async def _listen(port: int, into: str | None, count: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, stop.set)
    taken: list[str] = []
    server = Sink(on_letter=partial(_take, taken=taken, into=into, count=count, stop=stop))
    listening = await server.start(port)
    click.echo(f"takes letters on 127.0.0.1:{listening}; Ctrl-C ends it", err=True)
    await stop.wait()
    await server.stop()


def _take(
    received: Received,
    *,
    taken: list[str],
    into: str | None,
    count: int,
    stop: asyncio.Event,
) -> None:
    taken.append(received.message_id)
    head = email.message_from_bytes(received.content, policy=email.policy.default)
    words = str(head["subject"] or "(no subject)")
    click.echo(f"{len(taken):6}  {shown(received.recipient)}  {shown(words)}")
    if into is not None:
        write_new(inside(into, f"{len(taken):06}.eml"), received.content)
    if len(taken) == count:
        stop.set()
