"""By what a letter that is asked for is known again: who asks, the key, and all it says."""

import json
from dataclasses import dataclass

from mailer.audience.wanted import Wanted
from mailer.compose.template import TemplateSource
from mailer.jobs.world import World
from mailer.model.attributes import AttributeSpec
from mailer.model.key import KeyRing
from mailer.model.mode import Mode
from mailer.store.transactions import made_of


@dataclass(frozen=True, slots=True)
class Asked:
    """By whom a letter is asked for.

    Args:
        by: `key NAME` of the API, or `staff`.
        key: What makes it one letter however often it is asked for; "" for nothing.
        body: All that was asked for: the same key with another body is a mistake.
    """

    by: str
    key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Named:
    """By what a letter that was asked for is known again, both keyed hashes."""

    key_hash: bytes | None
    body_hash: bytes


def named_by(world: World, ring: KeyRing, asked: Asked) -> Named:
    """Return by what a letter is known again."""
    hashed = ring.suppression_hash
    # A key that was tried in a rehearsal is as good as new when letters go to people.
    rehearsed = world.mode is Mode.REHEARSAL
    what = "rehearsed letter" if rehearsed else "letter"
    key_hash = hashed(f"{what} {asked.by} {asked.key}") if asked.key else None
    return Named(key_hash, hashed(f"body {asked.body.hex()}"))


def data_then(
    world: World, ring: KeyRing, by: str, key: str
) -> dict[str, AttributeSpec] | None:
    """Return what the letter with a key is sent with, as its template said it then.

    None for a key that was not used, or whose letter was aged out.
    """
    named = named_by(world, ring, Asked(by, key, b""))
    if named.key_hash is None:
        return None
    with world.database.read() as connection:
        body = made_of(connection, named.key_hash)
    if body is None:
        return None
    return TemplateSource.from_dict(body["template"]).data_specs()


def order_body(wanted: Wanted) -> bytes:
    """Return all that is asked for, the same bytes whenever it is asked for."""
    values = [wanted.template, wanted.to.given, wanted.data, wanted.list_name]
    text = json.dumps([*values, wanted.language], sort_keys=True, ensure_ascii=False)
    return text.encode()
