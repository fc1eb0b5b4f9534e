"""Who asks DNS, and what about: only commands that do load what it takes."""

from mailer.config.fields import Settings
from mailer.jobs.check_dns import Named
from mailer.jobs.dkim import dkim_keys
from mailer.senders import relay_addresses_of
from mailer.wire.dns import Dns, DnsServers
from mailer.wiring import Workspace


def asker_of(settings: Settings) -> Dns:
    """Return who asks DNS."""
    return Dns(DnsServers(settings.dns.servers, settings.dns.timeout_s))


def named_of(workspace: Workspace) -> Named:
    """Return what DNS must say something about, by lists, keys, relays and pages."""
    settings, site = workspace.settings, workspace.site()
    lists = workspace.mailing_lists()
    ways = [(_domain(one.sender_address), one.bounce_domain) for one in lists]
    ways += [(_domain(site.sender_address), "")]
    active = {name: one.selector for name, one in settings.dkim.items()}
    keys = dkim_keys(workspace.places.dkim_folder, active)
    return Named(
        [(sender, path or sender) for sender, path in ways if sender],
        [key for key in keys if key.active],
        relay_addresses_of(workspace),
        settings.site.public_url,
    )


def _domain(address: str) -> str:
    return address.rpartition("@")[2]
