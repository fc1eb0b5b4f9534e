"""One list: its purpose in words, who it is from, and the rules of opting in."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from mailer.model.quiet import QuietRule
from mailer.model.signup import SignUpPage, Welcome
from mailer.model.topic import Topic


class OptIn(StrEnum):
    """Whether a sign-up must be confirmed by letter."""

    DOUBLE = "double"
    SINGLE = "single"


@dataclass(frozen=True, slots=True)
class Wording:
    """One version of the words that people agree to.

    Args:
        version: 1, 2, 3 …; never used again for other words.
        text: The exact words shown.
        editorial: The words changed and the purpose did not, so people who agreed to the
            version before may still be written to.
    """

    version: int
    text: str
    editorial: bool = False


@dataclass(frozen=True, slots=True)
class Clicks:
    """What `[clicks]` of a list's file says: it asks to know who follows which link.

    Args:
        title: What people read above it.
        purpose: What for, in words.
        wordings: The words that people agree to by themselves.
    """

    title: str
    purpose: str
    wordings: tuple[Wording, ...]


@dataclass(frozen=True, slots=True)
class MailingList:
    """What `lists/<name>.toml` says.

    Args:
        id: Never used again for another list.
        name: The file's name without `.toml`.
        title: What people read.
        sender_name: The display name of From; may hold any character.
        sender_address: The address of From, its domain as A-label.
        reply_to: Where answers go, or "" for the sender.
        postal_address: As CAN-SPAM wants it, in one or more lines.
        list_host: The right side of List-Id (RFC 2919 §2): `news.lists.example.com`.
        pause_on_out_of_office: Letters wait for who answers that they are away until a day.
        bounce_domain: Where signed return paths live, or "": the sender's address is used.
        unsubscribe_mailbox: The address that `mailto:` unsubscribes go to, or "".
        segments: Name to expression, as text.
        utm: What links get as `utm_<name>`: source, medium, campaign, term, content.
        utm_domains: The websites whose links get that; none for all but our own pages.
        count_links: Clicks on the links of its letters are counted, with no person in them.
        clicks: Who agrees to these words has her own clicks on record; None for nobody.
        archive: Anybody may read its letters on the web, without a person's values.
        sign_up: The page where people join by themselves; None for no page.
        quiet: Its own quiet hours and sending days; they hold beside the workspace's.
        topics: What its letters are about, for people to choose among.
        welcome: The letter after a person's first own yes; None for none.
    """

    id: str
    name: str
    title: str
    purpose: str
    wordings: tuple[Wording, ...]
    opt_in: OptIn
    sender_name: str
    sender_address: str
    reply_to: str
    postal_address: str
    list_host: str
    bounce_domain: str = ""
    unsubscribe_mailbox: str = ""
    language: str = "en"
    segments: dict[str, str] = field(default_factory=dict[str, str])
    archive: bool = False
    count_links: bool = True
    clicks: Clicks | None = None
    pause_on_out_of_office: bool = False
    utm: dict[str, str] = field(default_factory=dict[str, str])
    utm_domains: tuple[str, ...] = ()
    sign_up: SignUpPage | None = None
    welcome: Welcome | None = None
    quiet: QuietRule | None = None
    topics: tuple[Topic, ...] = ()

    @property
    def untracked(self) -> "MailingList":
        """The list as letters name it that count nothing and tell the shop nothing."""
        return replace(self, count_links=False, clicks=None, utm={}, utm_domains=())

    @property
    def wording(self) -> Wording:
        """The words in force: the highest version."""
        return max(self.wordings, key=lambda wording: wording.version)

    @property
    def words_floor(self) -> int:
        """The lowest version whose people may be written to under the words in force."""
        floor = self.wording.version
        for wording in sorted(self.wordings, key=lambda one: -one.version):
            floor = wording.version
            if not wording.editorial:
                break
        return floor
