"""A separate purpose: what people agree to by itself, never as part of a list's words."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mailer.model.mailinglist import MailingList, OptIn, Wording


@dataclass(frozen=True, slots=True)
class Separate:
    """A purpose of its own, with its own words in the ledger.

    Args:
        name: What tells it from others of its sort; never used again for another.
        title: What people read.
        purpose: What it is for, in words.
        wordings: The words that people agree to, as lists have them.
    """

    prefix: ClassVar[str] = ""

    name: str
    title: str
    purpose: str
    wordings: tuple[Wording, ...]

    @property
    def id(self) -> str:
        """What consents to it stand under in the ledger, beside those to lists."""
        return f"{self.prefix}{self.name}"

    @property
    def where(self) -> str:
        """Where it is written, for messages."""
        return self.id

    @property
    def as_list(self) -> MailingList:
        """Return what the ledger keeps of it: a list that no letter goes to."""
        return replace(_NO_LETTERS, id=self.id, name=self.name, title=self.title,
                       purpose=self.purpose, wordings=self.wordings)  # fmt: skip

    @property
    def wording(self) -> Wording:
        """The words in force."""
        return self.as_list.wording


@dataclass(frozen=True, slots=True)
class ClickRecord(Separate):
    """That it is written down which links of a list's letters a person follows.

    Its name is the list's id.

    Args:
        list_name: That of the list's file.
    """

    prefix: ClassVar[str] = "clicks:"

    list_name: str = ""

    @property
    def where(self) -> str:
        """Where it is written, for messages."""
        return f"lists/{self.list_name}.toml, [clicks]"


def click_record_of(mailing_list: MailingList) -> ClickRecord | None:
    """Return what a list asks for about clicks; None where it does not."""
    asked = mailing_list.clicks
    if asked is None:
        return None
    return ClickRecord(
        mailing_list.id, asked.title, asked.purpose, asked.wordings, mailing_list.name
    )


def click_record_id(list_id: str) -> str:
    """Return what consents to a list's click record stand under in the ledger."""
    return f"{ClickRecord.prefix}{list_id}"


_NO_LETTERS = MailingList(
    id="", name="", title="", purpose="", wordings=(), opt_in=OptIn.DOUBLE,
    sender_name="", sender_address="", reply_to="", postal_address="", list_host="",
)  # fmt: skip


def is_separate(list_id: str) -> bool:
    """Say whether what stands where a list's id does is a separate purpose's."""
    return ":" in list_id
