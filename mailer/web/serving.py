"""The pages as they run beside the other parts of `mailer serve`, until told to stop."""

import asyncio

from mailer.jobs.clicks import Clicks
from mailer.web.app import build_app
from mailer.web.counting import keep_counting, write_the_rest
from mailer.web.server import serve_web
from mailer.wiring import Workspace, utc_now


async def run_pages(workspace: Workspace, stop: asyncio.Event) -> None:
    """Serve the pages, and write down which links were followed."""
    site = workspace.settings.site
    app = build_app(workspace)
    clicks: Clicks = app.state.clicks
    counting = asyncio.create_task(keep_counting(clicks, utc_now, stop))
    try:
        await serve_web(app, site.listen_host, site.listen_port, stop)
    finally:
        counting.cancel()
        await asyncio.to_thread(write_the_rest, clicks, utc_now)
