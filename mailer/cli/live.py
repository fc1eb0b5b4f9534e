"""`mailer template preview --serve`: a page that shows a letter while it is written."""

import asyncio
import secrets
import signal

import click

from mailer.cli.process import loop_factory
from mailer.jobs.live_preview import LivePreview
from mailer.web.live.app import build_live
from mailer.web.server import serve_web
from mailer.wiring import Workspace

_HOST = "127.0.0.1"


def serve_live(workspace: Workspace, template: str, query: str, port: int) -> None:
    """Serve the live preview of a template until stopped.

    Args:
        query: What the page shows first, as its address says it; "" or `?…`.
        port: 0 takes a free one.
    """
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(LivePreview(workspace.world(), template), query, port))


async def _serve(live: LivePreview, query: str, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, stop.set)
    # Others on this machine can reach the port, and must not see people's values.
    key = secrets.token_urlsafe(16)

    def listening(taken: int) -> None:
        click.echo(f"http://{_HOST}:{taken}/{key}/{query}")
        click.echo(
            "Open it in a browser on this machine; it is shown anew after each save. Ctrl-C"
            " ends it.",
            err=True,
        )

    await serve_web(build_live(live, key, stop), _HOST, port, stop, listening)
