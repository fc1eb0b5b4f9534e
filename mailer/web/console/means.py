"""What the console's pages work with, and the one who looks at them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from mailer.jobs.correspond import Pen
from mailer.jobs.sign_in import SignInRules
from mailer.jobs.world import World
from mailer.model.key import KeyRing
from mailer.model.staff import SignedIn, Staff
from mailer.model.token import TokenBox
from mailer.store.database import Database
from mailer.triage.ranking import Articles, Shelf
from mailer.web.client import Network
from mailer.web.console.looks import ConsoleLooks
from mailer.web.means import Threads


@dataclass(frozen=True, slots=True)
class Office:
    """What the console works with.

    Args:
        pen: What answers are written with.
        path: Where the console is, as browsers see it, such as `/console`.
        origin: Scheme and host of its address, such as `https://mail.example.com`.
        zone: In which times are shown.
        proxies: Whose X-Forwarded-For is believed.
        working: Threads for pages.
        guarding: The one thread that passwords are looked at in: each takes 50 ms.
        shelf: The articles that may answer.
    """

    database: Database
    ring: KeyRing
    tokens: TokenBox
    world: World
    pen: Pen
    rules: SignInRules
    looks: ConsoleLooks
    clock: Callable[[], datetime]
    path: str
    origin: str
    zone: ZoneInfo
    proxies: tuple[Network, ...]
    working: Threads
    guarding: Threads
    company: str = ""
    shelf: Articles = field(default_factory=Shelf)

    def signature(self, staff: Staff, mailbox: str) -> str:
        """Return what stands below the answers of one of the staff: theirs, or its own."""
        boxes = (one.signature for one in self.pen.mailboxes if one.name == mailbox)
        return staff.signature or next(boxes, "")

    @property
    def secure(self) -> bool:
        """Whether browsers may send the cookie by HTTPS only."""
        return self.origin.startswith("https://")

    @property
    def cookie(self) -> str:
        """The session cookie's name (RFC 6265bis §4.1.3: no other host can have set it)."""
        return "__Host-console" if self.secure else "console"


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who is signed in, and what their forms carry.

    Args:
        form: The fields that were sent; none when the page is only looked at.
        network: Where they are.
        files: What was sent along: names and bytes.
    """

    who: SignedIn
    form_key: str
    form: dict[str, str]
    network: str
    files: tuple[tuple[str, bytes], ...] = ()

    @property
    def staff(self) -> Staff:
        """Who it is."""
        return self.who.staff


Page = Callable[[Request, Office, Visit], Awaitable[Response]]
