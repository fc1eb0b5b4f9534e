"""What checkdmarc says of SPF and DMARC records that we read: a second opinion.

It comes with the extra `doctor`, and takes half a second to load: only who asks waits.
"""

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from mailer.wire.dns import Dns

_NAME = "checkdmarc"
_LONG = 300
"""So many characters of one sentence are enough: it may repeat a whole record."""


class Opinion:
    """Hears checkdmarc, which asks nobody but the servers that we ask."""

    def __init__(self, dns: Dns) -> None:
        """Load it.

        Raises:
            ModuleNotFoundError: when it is not installed.
        """
        importlib.import_module(_NAME)
        self._spf: Any = importlib.import_module(f"{_NAME}.spf")
        self._dmarc: Any = importlib.import_module(f"{_NAME}.dmarc")
        utils: Any = importlib.import_module(f"{_NAME}.utils")
        # It keeps answers for half an hour, and does not mind whose they are.
        utils.DNS_CACHE.clear()
        resolver = dns.resolver
        # For what exp= names it forgets the resolver: only the servers are heeded there.
        self._asked: Mapping[str, object] = {
            "resolver": resolver,
            "nameservers": list(resolver.nameservers),
            "timeout": resolver.lifetime,
        }

    def of_spf(self, record: str, domain: str) -> list[str]:
        """Return its sentences about an SPF record, what it refuses first.

        Args:
            domain: Where the record stands.
        """
        parse = self._spf.parse_spf_record
        return _sentences(lambda: parse(record, domain, **self._asked), self._spf.SPFError)

    def of_dmarc(self, record: str, domain: str) -> list[str]:
        """Return its sentences about a DMARC record, what it refuses first.

        Args:
            domain: Whose policy it is: the name where it stands, without `_dmarc.`.
        """
        parse, error = self._dmarc.parse_dmarc_record, self._dmarc.DMARCError
        return _sentences(lambda: parse(record, domain, **self._asked), error)


def opinion_of(dns: Dns) -> Opinion | None:
    """Return a second opinion; None where the extra `doctor` is not installed."""
    try:
        return Opinion(dns)
    except ModuleNotFoundError as missing:
        if missing.name != _NAME:
            raise
        return None


def _sentences(parse: Callable[[], Any], refusal: type[Exception]) -> list[str]:
    try:
        said = list(parse()["warnings"])
    except refusal as refused:
        said = [refused, *getattr(refused, "warnings", ())]
    except Exception as bug:  # noqa: BLE001 - another's fault leaves us our own opinion
        said = [f"could not read it: {type(bug).__name__} {bug}"]
    lines = (" ".join(str(one).split())[:_LONG] for one in said)
    return list(dict.fromkeys(lines))
