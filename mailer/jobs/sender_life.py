"""Whether a sender that has not said good-bye lives, or was killed."""

import os
import platform
from enum import Enum

from mailer.store.owners import Registered


class Life(Enum):
    """Whether a sender lives, as far as this machine can tell."""

    LIVES = "lives"
    GONE = "gone"
    ELSEWHERE = "elsewhere"


def life_of(sender: Registered) -> Life:
    """Look for a sender's process."""
    if sender.host != platform.node():
        return Life.ELSEWHERE
    try:
        os.kill(sender.pid, 0)
    except ProcessLookupError:
        return Life.GONE
    except PermissionError:
        # Another user's: there is one.
        return Life.LIVES
    return Life.LIVES
