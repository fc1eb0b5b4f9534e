"""A partner: somebody outside who may get what is known of those who agreed to that."""

from dataclasses import dataclass
from typing import ClassVar

from mailer.model.separate import Separate


@dataclass(frozen=True, slots=True)
class Partner(Separate):
    """What `partners.toml` says of one.

    Args:
        gets: The attributes that it gets beside the address.
    """

    prefix: ClassVar[str] = "partner:"

    gets: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """Where it is written, for messages."""
        return f"partners.toml, [{self.name}]"
