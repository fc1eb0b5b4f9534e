"""Whether the files with keys are their owner's alone, as the program writes them."""

from collections.abc import Iterable

from mailer.jobs.check_workspace import Looked
from mailer.workspace.dkimkeys import FOLDER, dkim_key_file, dkim_keys_in
from mailer.workspace.files import folder_of, inside, others_may_read


def check_secrets(keys_file: str) -> Looked:
    """Look who may read the keys; only advice, because some disks know no owners.

    A copy that was brought back may be anybody's to read.

    Args:
        keys_file: Where the keys are; those that letters are signed with lie beside it.
    """
    shut = sorted(filter(others_may_read, _files(keys_file)))
    if not shut:
        return Looked("keys")
    words = f"others on this machine may read {', '.join(shut)}"
    return Looked("keys", advice=f"{words}: chmod 600 makes them their owner's alone")


def _files(keys_file: str) -> Iterable[str]:
    dkim = inside(folder_of(keys_file), FOLDER)
    yield keys_file
    yield from (dkim_key_file(dkim, *one) for one in dkim_keys_in(dkim))
