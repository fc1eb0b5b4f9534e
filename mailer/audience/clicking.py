"""Whether a person followed a link, or a machine: a scanner, a preview, a robot.

Nobody is known by it: a network's address is looked at for a moment, to see that one place
follows link after link, and is kept nowhere.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

_ROBOTS = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|preview|scan|fetch|monitor|probe|curl|wget|python"
    r"|java/|okhttp|go-http|libwww|perl|ruby|axios|node|headless|phantom|selenium"
    r"|barracuda|proofpoint|mimecast|symantec|trendmicro|sophos|fireeye|cisco|ironport"
    r"|messagelabs|safelinks|googleimageproxy|yahoomailproxy|outlook-safe|urldefense"
    r"|facebookexternalhit|whatsapp|telegram|slack|discord|skype|linkedin|twitter",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What can be seen of whoever follows a link.

    Args:
        at: When.
        method: `GET` or `HEAD`.
        agent: What it says that it is, "" for nothing.
        purpose: What `Sec-Purpose`, `Purpose` or `X-Moz` say.
        network: From where, "" when unknown; forgotten within seconds.
    """

    at: datetime
    method: str
    agent: str
    purpose: str = ""
    network: str = ""


def is_machine(seen: Seen) -> bool:
    """Say whether a machine follows a link, by what it says itself."""
    return (
        seen.method != "GET"
        or "prefetch" in seen.purpose.lower()
        or "preview" in seen.purpose.lower()
        or _is_robot(seen.agent[:500])
    )


@lru_cache(4096)
def _is_robot(agent: str) -> bool:
    """Say whether a machine says so itself, or is no browser."""
    browser = agent.startswith(("Mozilla/", "Opera/"))
    return not browser or _ROBOTS.search(agent) is not None
