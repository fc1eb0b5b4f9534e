"""What the jobs around campaigns and schedules work with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailer.compose.limits import Limits
from mailer.compose.links import Site
from mailer.errors import ConfigError
from mailer.jobs.logbook import Logbook
from mailer.model.attributes import AttributeSpec
from mailer.model.mode import Mode
from mailer.model.token import TokenBox
from mailer.pace.canary import NO_CANARY, CanaryRule
from mailer.pace.warmup import Plan, Plans
from mailer.store.database import Database


@dataclass(frozen=True, slots=True)
class World:
    """A workspace as these jobs see it.

    Args:
        folder: The workspace's folder.
        specs: The declared attributes by name.
        logbook: Where it is written what a campaign was started with.
        site, tokens, limits: What templates are made ready with.
        give_up_after: How long a campaign's letters are tried after they became due.
        again_within: Within this the same template to the same list asks for `again`.
        grace: How late a schedule may still fire.
        withheld_share: A campaign pauses when more of it than this cannot be composed.
        zone: The zone that counts where a contact's own is missing or unknown.
        canary: Which letters of a campaign leave before the rest, to be looked at.
        engaged_first: Who did something last gets a campaign first.
        warm_ups: The plans of sending domains that are warmed up.
        mode: None when the settings do not say.
    """

    database: Database
    folder: str
    specs: Mapping[str, AttributeSpec]
    site: Site
    tokens: TokenBox
    limits: Limits
    clock: Callable[[], datetime]
    logbook: Logbook
    give_up_after: timedelta = timedelta(hours=24)
    again_within: timedelta = timedelta(days=7)
    grace: timedelta = timedelta(hours=1)
    withheld_share: float = 0.01
    zone: str = "UTC"
    mode: Mode | None = Mode.LIVE
    canary: CanaryRule = NO_CANARY
    engaged_first: bool = False
    warm_ups: Plans = field(default_factory=dict[str, Plan])

    @property
    def rehearsing(self) -> bool:
        """Whether what is started now is a rehearsal.

        Raises:
            ConfigError: when nobody has said: nothing is started then.
        """
        return is_rehearsal(self.mode)


def is_rehearsal(mode: Mode | None) -> bool:
    """Say whether a workspace's letters are kept from people.

    Raises:
        ConfigError: when its settings do not say: no letter leaves then, and none is lost.
    """
    if mode is None:
        raise ConfigError(
            "config.toml does not say whether letters go to people, so none leaves: write"
            ' mode = "live" at its top to go on as before this setting came, or'
            ' mode = "rehearsal" to try things out'
        )
    return mode is Mode.REHEARSAL
