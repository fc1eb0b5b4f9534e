"""The settings of outgoing webhooks: who is told what happens to people."""

from collections.abc import Mapping
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from mailer.config.section import Seconds, Section, setting
from mailer.errors import ConfigError
from mailer.model.webhook import Endpoint, Told, read_secret_key
from mailer.workspace.files import inside, read_secret
from mailer.workspace.folder import CONFIG


class Webhook(Section):
    """One endpoint: a table [webhooks.NAME]."""

    url: str = setting("", "Where it listens: https, or http on a private network.")
    secret_env: str = setting(
        "", "The environment variable with its secret, as `mailer webhook secret` makes it."
    )
    secret_file: str = setting(
        "", "The file with its secret, relative to this folder. Keep it out of git."
    )
    events: Annotated[tuple[str, ...], Field(strict=False)] = setting(
        tuple(one.value for one in Told), "What it is told of; everything when not said."
    )
    private: bool = setting(
        False, "It may be on this machine or a private network, and be http."
    )
    timeout_s: Seconds = setting(15.0, "It must answer in so long.", "seconds")

    @field_validator("events")
    @classmethod
    def _are_events(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        known = [one.value for one in Told]
        for one in value:
            if one not in known:
                raise ValueError(f"{one[:40]!r} is none of {', '.join(known)}")
        return value

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        place = urlsplit(self.url)
        if place.scheme not in {"http", "https"} or not place.hostname or place.username:
            raise ValueError("url must be a web address such as https://shop.example.com/h")
        if place.scheme == "http" and not self.private:
            raise ValueError("url must be https, or `private = true` must stand beside it")
        if bool(self.secret_env) == bool(self.secret_file):
            raise ValueError("needs secret_env or secret_file, one of them")
        return self


def endpoints_of(
    folder: str, webhooks: Mapping[str, Webhook], environment: Mapping[str, str]
) -> tuple[Endpoint, ...]:
    """Return who is told by webhooks what happens to people, with their secrets.

    Raises:
        ConfigError: when a secret is not there, or is none.
        WorkspaceError: when its file cannot be read.
    """
    return tuple(
        _endpoint(folder, name, one, environment) for name, one in webhooks.items()
    )


def _endpoint(
    folder: str, name: str, one: Webhook, environment: Mapping[str, str]
) -> Endpoint:
    where = f"{CONFIG}: webhooks.{name}"
    if one.secret_file:
        text = read_secret(inside(folder, one.secret_file), one.secret_file)
    else:
        text = environment.get(one.secret_env, "")
    if not text:
        raise ConfigError(
            f"{where}.secret_env names {one.secret_env}, but the environment has no such"
            " variable: set it where mailer is started"
        )
    try:
        secret = read_secret_key(text)
    except ValueError as problem:
        raise ConfigError(f"{where}: what it names {problem}") from None
    events = frozenset(Told(event) for event in one.events)
    return Endpoint(name, one.url, secret, events, one.private, one.timeout_s)
