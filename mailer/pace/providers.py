"""What is known of mailbox providers: their domains and limits, what their words mean.

The data stands in `providers.toml`; `mailer.workspace.providers` reads it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from mailer.model.outcome import Reply
from mailer.model.provider import OTHER


class Act(StrEnum):
    """What we do about a provider's words."""

    IGNORE = "ignore"
    """They are about this one letter or mailbox."""
    SLOW = "slow"
    """Half as many letters a second from here on."""
    FEWER = "fewer"
    """Fewer letters at once."""
    ANEW = "anew"
    """Fewer letters over one connection."""
    REST = "rest"
    """Nothing for a while; then one letter is the probe."""
    STOP = "stop"
    """Nothing until a person says so."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a provider is given to begin with; 0 is no limit.

    Args:
        per_second: Letters a second at first.
        at_most_per_second: As far as that may rise while all is well.
        at_once: Letters between their first command and their last answer.
        letters_per_connection: … to it, over one line.
    """

    per_second: float = 0
    at_most_per_second: float = 0
    at_once: int = 0
    letters_per_connection: int = 0


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Provider:
    """One mailbox provider.

    Args:
        mx: Suffixes of the hosts that take its mail.
        domains: Its own, where DNS need not be asked.
    """

    name: str
    limits: Limits = NO_LIMITS
    mx: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """What some words of mail servers make us do.

    Args:
        reply: Searched in code, status and text of a reply that is no yes.
        providers: Whose words these are; none for everybody's.
        rest: How long nothing goes there; zero for as long as a circuit rests anyway.
        after: How often it must be said within an hour to count.
    """

    reply: re.Pattern[str]
    act: Act
    providers: frozenset[str] = frozenset()
    rest: timedelta = timedelta()
    after: int = 1


@dataclass(frozen=True, slots=True)
class Providers:
    """All that is known; the first rule that fits counts."""

    known: Mapping[str, Provider] = field(default_factory=dict[str, Provider])
    rules: tuple[Rule, ...] = ()

    def listed(self) -> dict[str, str]:
        """Return the domains that stand in the files, each with its provider."""
        return {domain: one.name for one in self.known.values() for domain in one.domains}

    def limits_of(self, provider: str) -> Limits:
        """Return what a provider is given to begin with; a domain has no limits."""
        one = self.known.get(provider)
        return NO_LIMITS if one is None else one.limits

    def of_hosts(self, hosts: Iterable[str]) -> str:
        """Return whose mail hosts these are, by the first that is known; else `OTHER`.

        Of several suffixes that fit a host the longest counts: a tenant's own hosts lie
        below those of who keeps them. Of equals it is the later one's, of the file that
        was laid over.
        """
        whose = {mx: one.name for one in self.known.values() for mx in one.mx}
        for host in hosts:
            labels = host.split(".")
            for place in range(len(labels)):
                if name := whose.get(".".join(labels[place:])):
                    return name
        return OTHER

    def rule_for(self, provider: str, reply: Reply) -> Rule | None:
        """Return the rule that fits what a provider said; None when there is none.

        Only a server's words count: what we say ourselves would prolong itself.
        """
        if not reply.code:
            return None
        said = str(reply)
        for rule in self.rules:
            if rule.providers and provider not in rule.providers:
                continue
            if rule.reply.search(said):
                return rule
        return None


NOTHING_KNOWN = Providers()
