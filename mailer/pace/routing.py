"""Which relay takes a letter: by the sender's domain, by lane, by weight; with spares.

A relay that names domains takes letters from these and from no other domain; letters from a
domain that any relay names go to no relay that does not name it, for its signatures and
return paths may only hold there. Among those that may take a letter, relays that name its
lane come first, then the general ones, then the spares (weight 0); within one such tier the
weights are the shares.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mailer.model.kind import Lane

_AHEAD_S = 5
_AHEAD_AT_LEAST = 10

Tiers = tuple[tuple[int, ...], ...]
"""Places of relays that may take a letter, those that are asked first in front."""


@dataclass(frozen=True, slots=True)
class Route:
    """Which letters a relay takes.

    Args:
        weight: Its share among its equals; 0 for a spare, used when no other can.
        domains: Sender's domains, as A-labels, their subdomains with them; none for those
            that no relay names.
        lanes: None for all.
        per_second: Its limit; when its hands are full, its equals take more. 0 for none.
    """

    weight: int = 1
    domains: tuple[str, ...] = ()
    lanes: frozenset[Lane] = frozenset()
    per_second: float = 0

    @property
    def limited(self) -> bool:
        """Say whether it has a limit a second."""
        return self.per_second > 0

    def names(self, domain: str) -> bool:
        """Say whether it names a domain, or one above it."""
        return any(domain == one or domain.endswith(f".{one}") for one in self.domains)


ANY = Route()
"""The route of a relay that takes every letter."""


def tiers(routes: Sequence[Route], domain: str, lane: Lane) -> Tiers:
    """Return which relays may take a letter, in tiers; nothing when none may.

    Args:
        domain: Of the letter's From, in lower case.
    """
    naming = [place for place, one in enumerate(routes) if one.names(domain)]
    carrying = naming or [place for place, one in enumerate(routes) if not one.domains]
    found: dict[int, list[int]] = {}
    for place in carrying:
        one = routes[place]
        if not one.lanes or lane in one.lanes:
            found.setdefault(_tier(one), []).append(place)
    return tuple(tuple(found[tier]) for tier in sorted(found))


def _tier(route: Route) -> int:
    if route.weight == 0:
        return 2
    return 0 if route.lanes else 1


def not_taken(routes: Sequence[Route]) -> Iterator[tuple[str, Lane]]:
    """Yield each domain and lane whose letters no relay takes; "" is any other domain."""
    named = dict.fromkeys(one for route in routes for one in route.domains)
    for domain in ("", *named):
        for lane in Lane:
            if not tiers(routes, domain, lane):
                yield domain, lane


def hands_full(route: Route, batch: int) -> int:
    """Return how many letters a relay is given ahead: what it sends in a few seconds.

    More would wait for it while its equals stand still.

    Args:
        batch: So many at most, and without a limit a second.
    """
    if not route.limited:
        return batch
    return min(batch, max(_AHEAD_AT_LEAST, math.ceil(route.per_second * _AHEAD_S)))


def next_share(
    credit: Mapping[int, int], weights: Mapping[int, int]
) -> tuple[int, dict[int, int]]:
    """Choose one of some relays so that each gets its share, evenly spread.

    Smooth weighted round robin: each gains its weight, the richest is chosen and pays all
    of them.

    Args:
        credit: What the last call returned, {} the first time; others keep theirs.
        weights: The weights of those to choose from, by place; all 0 are as all 1.
    """
    whole = sum(weights.values())
    gains = weights if whole else dict.fromkeys(weights, 1)
    after = {**credit}
    for place, gain in gains.items():
        after[place] = after.get(place, 0) + gain
    chosen = max(gains, key=lambda place: (after[place], -place))
    after[chosen] -= whole or len(gains)
    return chosen, after
