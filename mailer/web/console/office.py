"""How a workspace becomes what the console works with."""

from datetime import timedelta
from ipaddress import ip_network
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from mailer.jobs.articles import FreshShelf
from mailer.jobs.correspond import Pen
from mailer.jobs.sign_in import SignInRules
from mailer.model.mode import Mode
from mailer.web.console.looks import ConsoleLooks
from mailer.web.console.means import Office
from mailer.web.means import Threads
from mailer.wiring import Workspace, utc_now
from mailer.workspace.acknowledgements import read_acknowledgements

_WORKING, _GUARDING = 2, 1


def office_of(workspace: Workspace, rehearsal: str) -> Office:
    """Return what the console of a workspace works with.

    Args:
        rehearsal: What stands above every page while letters go to nobody.

    Raises:
        WorkspaceError: when `site.sender` cannot be.
    """
    world, signed_in = workspace.world(), workspace.settings.console
    site = world.site
    address = urlsplit(site.public_url)
    path = f"{address.path.rstrip('/')}/console"
    zone = ZoneInfo(workspace.settings.time_zone)
    # Where nobody has said, nobody is written to.
    rehearsing = world.mode is not Mode.LIVE
    return Office(
        database=workspace.database,
        ring=workspace.ring,
        tokens=world.tokens,
        world=world,
        pen=Pen(
            workspace.mailboxes(),
            site,
            workspace.ring,
            world.tokens,
            rehearsing,
            read_acknowledgements(workspace.folder),
        ),
        rules=SignInRules(
            idle=timedelta(minutes=signed_in.idle_min),
            lasts=timedelta(hours=signed_in.session_h),
        ),
        looks=ConsoleLooks(path, zone, site.sender_name, rehearsal if rehearsing else ""),
        clock=utc_now,
        path=path,
        origin=f"{address.scheme}://{address.netloc}",
        zone=zone,
        proxies=tuple(ip_network(one) for one in workspace.settings.site.trusted_proxies),
        working=Threads(_WORKING),
        guarding=Threads(_GUARDING),
        company=site.sender_name,
        shelf=FreshShelf(workspace.folder),
    )
