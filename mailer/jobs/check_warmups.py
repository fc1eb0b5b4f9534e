"""Whether the plans of warming up are for domains that letters are from."""

from collections.abc import Iterable

from mailer.errors import MailerError, did_you_mean
from mailer.jobs.check_workspace import Looked
from mailer.workspace.lists import list_names, read_list


def check_warm_ups(folder: str, domains: Iterable[str]) -> list[Looked]:
    """Look whether some list sends from each domain that is to be warmed up."""
    named = sorted(domains)
    senders: set[str] = set()
    for name in list_names(folder) if named else ():
        try:
            address = read_list(folder, name).sender_address
        except MailerError:
            # Said where the list is looked at.
            continue
        senders.add(address.rpartition("@")[2].lower())
    return [Looked(f'[warm_up."{one}"]', _problem(one, senders)) for one in named]


def _problem(domain: str, senders: set[str]) -> str:
    if domain in senders:
        return ""
    near = did_you_mean(domain, senders)
    return f"no list sends from {domain}, so its plan holds nothing back{near}"
