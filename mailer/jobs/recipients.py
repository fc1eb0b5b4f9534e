"""Whose mail is ours: the addresses that take mail here."""

from mailer.model.token import TokenBox, TokenKind, from_mailbox
from mailer.triage.attribution import RETURN_PATH

_ALWAYS = frozenset({"postmaster", "abuse"})
"""They must take mail wherever any is taken, RFC 5321 §4.5.1 and RFC 2142 §4."""


class Recipients:
    """Knows the addresses at our domains that take mail."""

    def __init__(
        self, domains: tuple[str, ...], addresses: tuple[str, ...], tokens: TokenBox
    ) -> None:
        """Make one.

        Args:
            addresses: Those that take mail besides signed ones; none means all.
        """
        self._domains = frozenset(domains)
        self._addresses = frozenset(one.casefold() for one in addresses)
        self._tokens = tokens

    def takes(self, address: str) -> bool:
        """Say whether mail for an address is ours; a `+detail` may follow a name."""
        local, _, domain = address.casefold().rpartition("@")
        if not local:
            # RFC 5321 §4.5.1: <postmaster> without a domain too.
            return domain == "postmaster"
        if domain not in self._domains:
            return False
        name, _, detail = local.partition("+")
        return (
            not self._addresses
            or local in _ALWAYS
            or f"{local}@{domain}" in self._addresses
            or f"{name}@{domain}" in self._addresses
            or self._signed(local, detail)
        )

    def _signed(self, local: str, detail: str) -> bool:
        if local.startswith(RETURN_PATH):
            token = local.removeprefix(RETURN_PATH)
            return self._tokens.delivery(TokenKind.RETURN_PATH, token) is not None
        token = from_mailbox(detail)
        return bool(token) and (
            self._tokens.reader(TokenKind.UNSUBSCRIBE, token) is not None
        )
