"""A partner: somebody outside who may get what is known of those who agreed to that."""

from dataclasses import dataclass, replace

from mailer.model.mailinglist import MailingList, OptIn, Wording

_PREFIX = "partner:"


@dataclass(frozen=True, slots=True)
class Partner:
    """What `partners.toml` says of one.

    Args:
        name: What it is called there; never used again for another.
        title: What people read.
        purpose: What it gets people's data for, in words.
        wordings: The words that people agree to, as lists have them.
        gets: The attributes that it gets beside the address.
    """

    name: str
    title: str
    purpose: str
    wordings: tuple[Wording, ...]
    gets: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """What consents to it stand under in the ledger, beside those to lists."""
        return f"{_PREFIX}{self.name}"

    @property
    def as_list(self) -> MailingList:
        """Return what the ledger keeps of it: a list that no letter goes to."""
        return replace(_NO_LETTERS, id=self.id, name=self.id, title=self.title,
                       purpose=self.purpose, wordings=self.wordings)  # fmt: skip

    @property
    def wording(self) -> Wording:
        """The words in force."""
        return self.as_list.wording


_NO_LETTERS = MailingList(
    id="", name="", title="", purpose="", wordings=(), opt_in=OptIn.DOUBLE,
    sender_name="", sender_address="", reply_to="", postal_address="", list_host="",
)  # fmt: skip


def is_partner(list_id: str) -> bool:
    """Say whether what stands where a list's id does is a partner's."""
    return list_id.startswith(_PREFIX)
