"""The settings of incoming webhooks: by what each provider of ours proves itself."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from mailer.config.section import Seconds, Section, setting
from mailer.errors import ConfigError
from mailer.model.hook import HookKeys
from mailer.workspace.files import inside, read_secret
from mailer.workspace.folder import CONFIG


class Hooks(Section):
    """What services post to us, at /hooks/ses, …/sendgrid, …/mailgun and …/postmark.

    Bounces, complaints and unsubscribes lead to what they lead to when they come by mail.
    """

    ses_topics: Annotated[tuple[str, ...], Field(strict=False)] = setting(
        (),
        "Amazon SES: the topics of SNS that it publishes to, such as"
        " arn:aws:sns:eu-west-1:123456789012:letters. Others' are refused.",
    )
    sendgrid_key: str = setting(
        "",
        "SendGrid: the verification key of its signed event webhook. It is public.",
    )
    mailgun_key_env: str = setting(
        "", "Mailgun: the environment variable with the account's webhook signing key."
    )
    mailgun_key_file: str = setting(
        "", "Mailgun: the file with that key, relative to this folder. Keep it out of git."
    )
    postmark_login_env: str = setting(
        "",
        "Postmark: the environment variable with USER:PASSWORD, as they stand in the"
        " webhook's address there (https://USER:PASSWORD@…/hooks/postmark).",
    )
    postmark_login_file: str = setting(
        "", "Postmark: the file with them, relative to this folder. Keep it out of git."
    )
    max_age_h: Seconds = setting(
        72.0, "What was signed longer ago is refused, whoever sends it again.", "hours"
    )

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        for name in ("mailgun_key", "postmark_login"):
            if getattr(self, f"{name}_env") and getattr(self, f"{name}_file"):
                raise ValueError(f"set {name}_env or {name}_file, not both")
        return self


def hook_keys_of(folder: str, hooks: Hooks, environment: Mapping[str, str]) -> HookKeys:
    """Return by what providers prove themselves.

    Raises:
        ConfigError: when a secret is not where the settings say.
        WorkspaceError: when its file cannot be read.
    """

    def secret(name: str, variable: str, file: str) -> str:
        if file:
            return read_secret(inside(folder, file), file)
        if variable and not environment.get(variable):
            raise ConfigError(
                f"{CONFIG}: hooks.{name}_env names {variable}, but the environment has no"
                " such variable: set it where mailer is started"
            )
        return environment.get(variable, "") if variable else ""

    login = secret("postmark_login", hooks.postmark_login_env, hooks.postmark_login_file)
    if login and not (login.partition(":")[0] and login.partition(":")[2]):
        raise ConfigError(
            f"{CONFIG}: what hooks.postmark_login names must be USER:PASSWORD, as in the"
            " webhook's address at Postmark"
        )
    return HookKeys(
        frozenset(hooks.ses_topics),
        hooks.sendgrid_key,
        secret("mailgun_key", hooks.mailgun_key_env, hooks.mailgun_key_file),
        login,
        timedelta(hours=hooks.max_age_h),
    )
