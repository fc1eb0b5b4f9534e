"""The settings of quiet hours and sending days."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from mailer.config.section import Section, setting
from mailer.model.quiet import QuietRule, ever_opens, read_quiet


class QuietHours(Section):
    """When letters to many may not leave, by each person's own clock; they wait then."""

    begins: str = setting(
        "",
        "They begin at this time of day, such as 21:00; empty for none. A list's file may"
        " have its own, [quiet_hours], which hold beside these.",
    )
    ends: str = setting("", "They end at this time of day, such as 08:00.")
    only_on: Annotated[tuple[str, ...], Field(strict=False)] = setting(
        (),
        "The days on which such letters leave: mon, tue, wed, thu, fri, sat, sun; none for"
        " every day.",
    )

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        rule = self.rule()
        if rule is not None and not ever_opens([rule]):
            raise ValueError("no letter could ever leave")
        return self

    def rule(self) -> QuietRule | None:
        """Return them as senders know them; None for none."""
        return read_quiet(self.begins, self.ends, self.only_on)
