"""The settings of what comes back: where mail is taken in, and how much of it."""

import re
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from mailer.config.section import Count, Limit, Section, setting

_DOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*")


class Inbox(Section):
    """Taking in what comes back: bounces, complaints, and what people write."""

    listen_host: str = setting("127.0.0.1", "The address that it listens on.")
    lmtp_port: Annotated[int, Field(ge=0, le=65_535)] = setting(
        0, "The port for LMTP, such as 2424, as your mail server delivers; 0 for none."
    )
    smtp_port: Annotated[int, Field(ge=0, le=65_535)] = setting(
        0, "The port for SMTP, such as 2525; 0 for none."
    )
    certificate_file: str = setting(
        "",
        "A PEM file with our certificate and those that lead to its authority, relative to"
        " this folder: STARTTLS is offered then. It is read again every hour.",
    )
    key_file: str = setting(
        "", "A PEM file with its key, when it is not in the same one. Keep it out of git."
    )
    require_tls: bool = setting(
        False,
        "Nothing is taken before STARTTLS; not for a listener that the whole world writes"
        " to (RFC 3207 §4).",
    )
    domains: Annotated[tuple[str, ...], Field(strict=False)] = setting(
        (),
        "The domains whose mail is ours, with those of return paths; others' is refused.",
    )
    addresses: Annotated[tuple[str, ...], Field(strict=False)] = setting(
        (),
        "The addresses there that take mail, such as support@example.com, besides return"
        " paths and unsubscribe addresses; all of them when none is named.",
    )
    authserv_ids: Annotated[tuple[str, ...], Field(strict=False)] = setting(
        (),
        "By what names your own mail server signs its Authentication-Results (RFC 8601),"
        " such as mx.example.com: who it says is forged is not acknowledged.",
    )
    size_limit_mb: Annotated[int, Field(ge=1, le=100)] = setting(
        25, "A longer message is refused.", "megabytes"
    )
    connections: Count = setting(100, "Connections that are answered side by side.")
    memory_mb: Annotated[int, Field(ge=1)] = setting(
        100, "What is being received may take so much memory, all together.", "megabytes"
    )

    kept_for_days: Limit = setting(
        90,
        "How long a report or automatic answer is kept as it came, after it was understood;"
        " 0 for ever. What was made of it stays, and so does what people wrote.",
        "days",
    )

    @field_validator("domains")
    @classmethod
    def _are_domains(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        lowered = tuple(one.lower() for one in value)
        for one in lowered:
            if not _DOMAIN.fullmatch(one):
                raise ValueError("must be domains such as example.com or xn--….example")
        return lowered

    @field_validator("authserv_ids")
    @classmethod
    def _are_lowered(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(one.lower() for one in value)

    @model_validator(mode="after")
    def _listens_for_somebody(self) -> Self:
        if (self.lmtp_port or self.smtp_port) and not self.domains:
            raise ValueError(
                "domains names none, so every message would be refused: name your domains"
            )
        if self.certificate_file == "" and (self.key_file or self.require_tls):
            raise ValueError("key_file and require_tls need certificate_file")
        if self.memory_mb < self.size_limit_mb:
            raise ValueError("memory_mb must be at least size_limit_mb")
        return self
