"""What a desk of a sender works with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mailer.jobs.composer import Composer
from mailer.jobs.gate import Gate
from mailer.jobs.register import Register
from mailer.jobs.shaper import Shaper
from mailer.jobs.signing import Signing
from mailer.jobs.stock import Stock


@dataclass(frozen=True, slots=True)
class Means:
    """What a desk works with."""

    stock: Stock
    gate: Gate
    register: Register
    composer: Composer
    signing: Signing
    shaper: Shaper
    clock: Callable[[], datetime]
