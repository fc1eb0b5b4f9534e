"""The links and addresses that belong to one reader or one letter.

What readers follow is opaque and never expires. Returned mail is known by its address, and
by its Message-ID, both signed.
"""

import re
from dataclasses import dataclass

from mailer.compose.headers import LINE
from mailer.errors import ConfigError, TemplateError
from mailer.model.mailinglist import MailingList
from mailer.model.token import in_mailbox

_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(?:/[!$&'()*+,;=:@A-Za-z0-9._~%/-]*)?")
_TOKEN_IN_MAILBOX = 46
_LOCAL_MAX = 64  # RFC 5321 §4.5.3.1.1
_LINE_MAX = 998  # RFC 5322 §2.1.1


@dataclass(frozen=True, slots=True)
class Site:
    """Where our pages are, and who we are where no list says it.

    Args:
        public_url: What every link begins with, such as `https://mail.example.com`.
        sender_name: The display name of From for letters of no list.
        sender_address: The address of From for letters of no list, its domain as A-label.

    Raises:
        ConfigError: when the URL is none, or has a space, a quote or a non-ASCII character.
    """

    public_url: str
    sender_name: str = ""
    sender_address: str = ""

    def __post_init__(self) -> None:
        """Refuse what would break each link, and drop slashes from the end."""
        if not _URL.fullmatch(self.public_url) or len(self.public_url) > _LINE_MAX // 2:
            raise ConfigError(
                f"config.toml, [site] public_url: {self.public_url!r} cannot begin a link:"
                " write it like https://mail.example.com, a domain with other letters as"
                " xn--…"
            )
        object.__setattr__(self, "public_url", self.public_url.rstrip("/"))

    def unsubscribe(self, token: str) -> str:
        """Return the page and one-click address of a reader (RFC 8058 §3.1)."""
        return f"{self.public_url}/u/{token}"

    def image(self, file: str) -> str:
        """Return the address of an image by its hash and ending; it holds for ever."""
        return f"{self.public_url}/i/{file}"

    def counted(self, token: str) -> str:
        """Return the address by which a click is counted on its way."""
        return f"{self.public_url}/r/{token}"

    def preferences(self, token: str) -> str:
        """Return the page of a reader's preferences."""
        return f"{self.public_url}/p/{token}"

    def browser(self, token: str) -> str:
        """Return the page that shows a letter as a browser does."""
        return f"{self.public_url}/b/{token}"

    def archive(self, list_name: str) -> str:
        """Return the page of a list's earlier letters."""
        return f"{self.public_url}/archive/{list_name}"

    def article(self, name: str, language: str) -> str:
        """Return the page of an article, in a language."""
        return f"{self.public_url}/answers/{name}?lang={language}"

    def ticket(self, token: str) -> str:
        """Return the page where a person follows her conversation with support."""
        return f"{self.public_url}/t/{token}"

    def confirmation(self, token: str) -> str:
        """Return the page where a sign-up is confirmed."""
        return f"{self.public_url}/c/{token}"

    def own_page(self, token: str) -> str:
        """Return the page of what is known about a person."""
        return f"{self.public_url}/m/{token}"

    def sign_up(self, list_name: str) -> str:
        """Return the page where people join a list."""
        return f"{self.public_url}/join/{list_name}"


def unsubscribe_mailbox(mailing_list: MailingList) -> tuple[str, str] | None:
    """Return what stands before and behind the token in `mailto:` unsubscribes.

    The token is in the address, because some mail programs drop the subject.

    Raises:
        TemplateError: when there is no room for the token.
    """
    local, _, domain = mailing_list.unsubscribe_mailbox.rpartition("@")
    if not local:
        return None
    if len(local) + 1 + _TOKEN_IN_MAILBOX > _LOCAL_MAX:
        raise TemplateError(
            f"lists/{mailing_list.name}.toml: unsubscribe_mailbox may have"
            f" {_LOCAL_MAX - _TOKEN_IN_MAILBOX - 1} characters before the @-sign: what says"
            " who leaves is put behind them"
        )
    return f"mailto:{_quoted(local)}+", f"@{domain}?subject=unsubscribe"


def _quoted(local: str) -> str:
    """Quote what a URL cannot hold (RFC 6068 §2)."""
    return re.sub(
        r"[^A-Za-z0-9._~!$'()*+,;:-]", lambda found: f"%{ord(found[0]):02X}", local
    )


def list_unsubscribe(url: str, mailbox: tuple[str, str] | None, token: str) -> str:
    """Return the field, folded between the two addresses only (RFC 2369 §2)."""
    if mailbox is None:
        return f"List-Unsubscribe: <{url}>\r\n"
    before, behind = mailbox
    first = f"List-Unsubscribe: <{url}>,"
    second = f"<{before}{in_mailbox(token)}{behind}>"
    fold = " " if len(first) + 1 + len(second) <= LINE else "\r\n "
    return f"{first}{fold}{second}\r\n"
