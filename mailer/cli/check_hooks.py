"""What `mailer check` says of [hooks]: secrets, names, and what to enter there."""

from collections.abc import Mapping

from mailer.config.hooks import Hooks, hook_keys_of
from mailer.errors import MailerError
from mailer.jobs.check_workspace import Looked
from mailer.model.hook import Provider
from mailer.triage.hooks.proving import problem_of

_SETTINGS = {
    Provider.SES: ("ses_topics",),
    Provider.SENDGRID: ("sendgrid_key",),
    Provider.MAILGUN: ("mailgun_key_env", "mailgun_key_file"),
    Provider.POSTMARK: ("postmark_login_env", "postmark_login_file"),
}


def check_hooks(
    folder: str, hooks: Hooks, public_url: str, environment: Mapping[str, str]
) -> list[Looked]:
    """Look whether each hook that is set up could take what its provider posts."""
    looked: list[Looked] = []
    for provider, names in _SETTINGS.items():
        given = {name: getattr(hooks, name) for name in names if getattr(hooks, name)}
        if not given:
            continue
        problem = _problem(provider, folder, hooks.model_validate(given), environment)
        if not problem and not public_url.startswith("https://"):
            problem = (
                f"site.public_url is {public_url}: what is posted names people, and"
                " providers post by https only"
            )
        what = f"hooks.{provider}, posts to {_place(provider, public_url)}"
        looked.append(Looked(what, problem))
    return looked


def _problem(
    provider: Provider, folder: str, hooks: Hooks, environment: Mapping[str, str]
) -> str:
    try:
        return problem_of(provider, hook_keys_of(folder, hooks, environment))
    except MailerError as found:
        return str(found)


def _place(provider: Provider, public_url: str) -> str:
    """Return the address to enter at the provider; its secret is never shown."""
    url = f"{public_url.rstrip('/')}/hooks/{provider}"
    if provider is Provider.POSTMARK:
        return url.replace("://", "://USER:PASSWORD@", 1)
    return url
