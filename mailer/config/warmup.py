"""The settings of warming up: a table [warm_up."DOMAIN"] for each new sending domain."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, field_validator

from mailer.config.section import Count, Section, setting
from mailer.pace.warmup import Plan

_SHARES = (200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 40_000, 75_000, 150_000)


class WarmUp(Section):
    """How a new sending domain becomes known to providers: a little more each day."""

    letters: Annotated[tuple[Count, ...], Field(strict=False, min_length=1)] = setting(
        _SHARES,
        "How many letters of campaigns may leave on the first, second … day on which it"
        " sends; a day counts when half of them left. After the last there is no limit.",
    )

    @field_validator("letters")
    @classmethod
    def _grow(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if list(value) != sorted(value):
            raise ValueError("must not become fewer from one day to the next")
        return value


def plans_of(tables: Mapping[str, WarmUp]) -> dict[str, Plan]:
    """Return the plans of all domains that have one."""
    return {name: Plan(one.letters) for name, one in tables.items()}
