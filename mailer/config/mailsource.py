"""Where a mailbox is read from: an IMAP server, a Maildir, or nowhere."""

from collections.abc import Callable, Mapping
from typing import Literal, Self

from pydantic import model_validator

from mailer.config.section import Limit, Port, Seconds, Section, setting
from mailer.errors import ConfigError
from mailer.model.imap import ImapAddress, ImapTls
from mailer.workspace.commands import secret_of_command
from mailer.workspace.files import inside, read_secret
from mailer.workspace.folder import CONFIG

_COMMAND_WITHIN_S = 60.0


class MailSource(Section):
    """Where the mail of a mailbox is read from; by LMTP or SMTP when neither is named."""

    imap_host: str = setting("", "The IMAP server that it is read from; none when empty.")
    imap_port: Port = setting(993, "993 for implicit TLS, 143 for STARTTLS.")
    imap_tls: Literal["implicit", "required", "none"] = setting(
        "implicit",
        "implicit: TLS from the first byte; required: STARTTLS; none: only for a server on"
        " this machine. Its certificate must be valid.",
    )
    imap_user: str = setting("", "The login.")
    imap_password_env: str = setting(
        "", "The environment variable that holds the password. It is never written here."
    )
    imap_password_file: str = setting(
        "", "The file that holds the password, relative to this folder. Keep it out of git."
    )
    imap_token_env: str = setting(
        "",
        "Instead of a password: the environment variable that holds an OAuth 2.0 access"
        " token (XOAUTH2 or OAUTHBEARER).",
    )
    imap_token_file: str = setting(
        "",
        "Or the file that holds it, relative to this folder; it is read at each login, so"
        " that another program can renew it.",
    )
    imap_token_command: str = setting(
        "",
        "Or a command that writes it on its first line, as oauth2l and mutt_oauth2.py do;"
        " it is run at each login.",
    )
    imap_folder: str = setting("INBOX", "The folder that is read; nothing in it changes.")
    certificate_file: str = setting(
        "",
        "A PEM file with the authority that signed the server's certificate, relative to"
        " this folder; the system's authorities when empty.",
    )
    maildir: str = setting(
        "",
        "The Maildir that it is read from instead, relative to this folder: what is kept is"
        " moved from new/ to cur/.",
    )
    poll_s: Seconds = setting(
        60.0, "How often it is looked at, besides when the server announces.", "seconds"
    )
    timeout_s: Seconds = setting(60.0, "The IMAP server must answer in so long.", "seconds")
    old_days: Limit = setting(
        7, "Of the mail that was there before it is first read: so much of it.", "days"
    )

    @model_validator(mode="after")
    def _is_one_of_them(self) -> Self:
        if self.imap_host and self.maildir:
            raise ValueError("has imap_host and maildir: leave one of them away")
        if self.imap_password_env and self.imap_password_file:
            raise ValueError("set imap_password_env or imap_password_file, not both")
        passwords = self.imap_password_env or self.imap_password_file
        ways = (
            passwords, self.imap_token_env, self.imap_token_file, self.imap_token_command,
        )  # fmt: skip
        if sum(map(bool, ways)) > 1:
            raise ValueError("has more than one of password and tokens: leave one of them")
        if self.imap_host and not self.imap_user:
            raise ValueError("has imap_host, and needs imap_user")
        return self


def imap_address(
    folder: str, where: str, one: MailSource, environment: Mapping[str, str]
) -> ImapAddress:
    """Return where a mailbox is and how we get in.

    Args:
        where: Where it stands in the settings, such as `mailboxes.support`.

    Raises:
        ConfigError: when the password is not where the settings say.
        WorkspaceError: when its file cannot be read.
    """
    certificate, token = one.certificate_file, _token(folder, where, one, environment)
    return ImapAddress(
        one.imap_host,
        one.imap_port,
        one.imap_user,
        _password(folder, where, one, environment) if token is None else "",
        ImapTls(one.imap_tls),
        one.imap_folder,
        inside(folder, certificate) if certificate else "",
        one.timeout_s,
        token,
    )


def _token(
    folder: str, where: str, one: MailSource, environment: Mapping[str, str]
) -> Callable[[], str] | None:
    """Return what gives the access token of a login; None where it has a password."""
    file, command, variable = (
        one.imap_token_file, one.imap_token_command, one.imap_token_env,
    )  # fmt: skip
    if command:
        return lambda: secret_of_command(command, _COMMAND_WITHIN_S)
    if file:
        return lambda: read_secret(inside(folder, file), file)
    if not variable:
        return None
    token = environment.get(variable, "")
    if not token:
        raise ConfigError(
            f"{CONFIG}: {where}.imap_token_env names {variable}, but the environment has no"
            " such variable: set it where mailer is started"
        )
    return lambda: token


def _password(
    folder: str, where: str, one: MailSource, environment: Mapping[str, str]
) -> str:
    if one.imap_password_file:
        return read_secret(inside(folder, one.imap_password_file), one.imap_password_file)
    name = one.imap_password_env
    if not name or not environment.get(name):
        said = f"names {name}, but the environment has no such variable" if name else ""
        raise ConfigError(
            f"{CONFIG}: {where}.imap_password_env {said or 'names no variable'}:"
            " set it where mailer is started, or name a file with imap_password_file, or a"
            " token of OAuth 2.0 with imap_token_command"
        )
    return environment[name]


def read_mailboxes(mailboxes: Mapping[str, MailSource]) -> list[str]:
    """Return the names of those that are read from a server or a Maildir."""
    return [name for name, one in mailboxes.items() if one.imap_host or one.maildir]
