"""The switch of a sender: it puts each claim into the stock of a relay that may take it.

Relays that rest (an open circuit, a used-up hour) get none, and what they had goes to
others; one whose circuit is half open gets a single letter, its probe, and not the same one
again while another relay takes letters: it would be the relay's probe until that is well.
With one relay there is nothing to decide, and nothing is spent on it.
"""

import collections
from collections.abc import Callable, Sequence
from enum import Enum

from mailer.jobs.stock import Signals, Stock
from mailer.model.delivery import CauseKind, Claim
from mailer.model.kind import KINDS, PATIENT, Lane
from mailer.model.patience import can_wait
from mailer.pace.routing import Route, Tiers, hands_full, next_share, tiers


class Readiness(Enum):
    """How many letters a relay may be given."""

    WELL = "well"
    ONE = "one"
    NONE = "none"


class Switch:
    """Puts claims into stocks."""

    def __init__(
        self,
        routes: Sequence[Route],
        batch: int,
        ready: Callable[[int], Readiness],
        domain_of: Callable[[Claim], str],
        holds: Callable[[int], bool] = lambda _: False,
    ) -> None:
        """Build it.

        Args:
            batch: How many claims a relay's stock holds; of several relays one with a limit
                a second has no more than it sends in a few seconds.
            ready: Says how the relay of a place is.
            domain_of: Says the domain of a letter's sender; asked of several relays only.
            holds: Says whether the relay of a place has no room for letters that can wait.
        """
        self.signals = Signals()
        alone = len(routes) == 1
        self._most = tuple(batch if alone else hands_full(one, batch) for one in routes)
        self.stocks = tuple(Stock(self.signals, most // 2) for most in self._most)
        self._routes = routes
        self.batch = batch
        self._ready = ready
        self._domain_of = domain_of
        self._holds = holds
        self._credit: dict[int, int] = {}
        self._probes: dict[int, int] = {}
        self._known: dict[tuple[str, Lane], Tiers] = {}
        self._of_campaign: dict[int, set[Tiers]] = {}
        """Several where a campaign's lists have senders of several domains."""

    @property
    def alone(self) -> bool:
        """Say whether there is one relay only."""
        return len(self.stocks) == 1

    @property
    def wants(self) -> bool:
        """Say whether any relay could take more."""
        return any(stock.low for stock in self.stocks)

    def __len__(self) -> int:
        return sum(map(len, self.stocks))

    @property
    def takes_campaigns(self) -> bool:
        """Say whether any relay has room for letters that can wait."""
        return not all(map(self._holds, range(len(self.stocks))))

    def stop(self) -> None:
        """Let nobody wait, and hand nothing more out."""
        self.signals.stop()
        for stock in self.stocks:
            stock.stop()

    def held(self) -> collections.Counter[str]:
        """Count what is in stock, by provider; called off the loop."""
        held: collections.Counter[str] = collections.Counter()
        for stock in self.stocks:
            held.update(stock.providers())
        return held

    def room_for_campaign(self, campaign_id: int) -> int:
        """Return how many letters of a campaign there is room for; called off the loop."""
        if self.alone:
            return self.batch if self.stocks[0].low else 0
        known = self._of_campaign.get(campaign_id)
        return self.batch // 2 if known is None else max(map(self._room, known))

    def room_for_lane(self, lane: Lane) -> int:
        """Return how many letters of a lane there is room for; called off the loop.

        What somebody waits for has room beside what can wait.
        """
        urgent = lane not in PATIENT
        if self.alone:
            return self._room_beside(0) if urgent else self._room_unless_held(0)
        taking = (
            place
            for place, one in enumerate(self._routes)
            if not one.lanes or lane in one.lanes
        )
        room = self._room_beside if urgent else self._room_unless_held
        return max(map(room, taking), default=0)

    def _room_unless_held(self, place: int) -> int:
        return 0 if self._holds(place) else self._room_at(place)

    def _room_beside(self, place: int) -> int:
        if self._ready(place) is not Readiness.WELL:
            return self._room_at(place)
        return max(0, self.batch - self.stocks[place].urgent)

    def _room(self, known: Tiers) -> int:
        room = 0
        for tier in known:
            well = [
                one
                for one in tier
                if self._ready(one) is Readiness.WELL and not self._holds(one)
            ]
            room += sum(
                self._room_at(one)
                for one in tier
                if one not in well and not self._holds(one)
            )
            # The shares hold only if nobody's hands are full.
            unlimited = [one for one in well if not self._routes[one].limited]
            if unlimited and (least := min(map(self._room_at, unlimited))):
                return room + least
            if well:
                limited = (one for one in well if one not in unlimited)
                return room + sum(map(self._room_at, limited))
        return room

    def _room_at(self, place: int) -> int:
        stock = self.stocks[place]
        match self._ready(place):
            case Readiness.WELL:
                # Claims of a few at a time would cost a commit each.
                return max(0, self._most[place] - len(stock)) if stock.low else 0
            case Readiness.ONE:
                return 0 if len(stock) else 1
            case Readiness.NONE:
                return 0

    def put(self, claims: list[Claim]) -> list[Claim]:
        """Put claims into stocks; return those for which there is no room."""
        if self.alone:
            self.stocks[0].add(claims)
            return []
        left: list[Claim] = []
        for claim in claims:
            place = self._place_for(claim)
            if place is None:
                left.append(claim)
                continue
            if self._ready(place) is Readiness.ONE:
                self._probes[place] = claim.id
            self.stocks[place].add((claim,))
        return left

    def rebalance(self) -> list[Claim]:
        """Give what relays have that rest to others; return what has no room.

        Called when a relay's circuit opens or closes, or its limits are used up.
        """
        stuck: list[Claim] = []
        for place, stock in enumerate(self.stocks):
            if self._holds(place):
                stuck += stock.take_out(can_wait)
            if not self.alone and self._ready(place) is not Readiness.WELL:
                stuck += stock.take_all()
        return stuck if self.alone else self.put(stuck)

    def places_of(self, claim: Claim) -> tuple[int, ...]:
        """Return the relays that may have a letter, however they are."""
        if self.alone:
            return (0,)
        return tuple(place for tier in self._tiers_of(claim) for place in tier)

    def _place_for(self, claim: Claim) -> int | None:
        known = self._tiers_of(claim)
        failed = {
            place for tier in known for place in tier if self._was_probe(claim, place)
        }
        if failed and any(
            self._ready(place) is Readiness.WELL for tier in known for place in tier
        ):
            known = tuple(tuple(one for one in tier if one not in failed) for tier in known)
        for tier in known:
            usable = [place for place in tier if self._may_have(claim, place)]
            if len(usable) == 1:
                return usable[0]
            if usable:
                weights = {place: self._routes[place].weight for place in usable}
                chosen, self._credit = next_share(self._credit, weights)
                return chosen
            flowing = [place for place in tier if self._flows(claim, place)]
            unlimited = [one for one in flowing if not self._routes[one].limited]
            if unlimited:
                return min(unlimited, key=lambda place: len(self.stocks[place]))
            if flowing:
                # It has its hands full, and that is no reason to ask a spare.
                return None
        return None

    def _flows(self, claim: Claim, place: int) -> bool:
        held = can_wait(claim) and self._holds(place)
        return self._ready(place) is Readiness.WELL and not held

    def _was_probe(self, claim: Claim, place: int) -> bool:
        if self._probes.get(place) != claim.id:
            return False
        return self._ready(place) is Readiness.ONE

    def _may_have(self, claim: Claim, place: int) -> bool:
        held = len(self.stocks[place])
        match self._ready(place):
            case Readiness.WELL if not can_wait(claim):
                return True
            case Readiness.WELL if self._holds(place):
                return False
            case Readiness.WELL:
                return held < self._most[place]
            case Readiness.ONE:
                return held < 1
            case Readiness.NONE:
                return False

    def _tiers_of(self, claim: Claim) -> Tiers:
        key = (self._domain_of(claim), KINDS[claim.kind].lane)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = tiers(self._routes, *key)
        if claim.cause_kind is CauseKind.CAMPAIGN:
            self._of_campaign.setdefault(claim.cause_id, set()).add(known)
        return known
