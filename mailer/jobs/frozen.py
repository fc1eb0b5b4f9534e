"""What a campaign is started with, as it is kept: template, list, rule and attributes.

A letter that is composed again next week comes out of this, whatever the files say by then.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from mailer.compose.enclosing import kept_apart
from mailer.compose.template import TemplateSource
from mailer.model.attributes import AttributeSpec, AttributeType
from mailer.model.choosing import Target
from mailer.model.mailinglist import Clicks, MailingList, OptIn, Wording
from mailer.store.campaigns import freeze, frozen
from mailer.store.database import Connection, Database
from mailer.store.enclosures import contents, keep, known

_VERSION = 1
_ELSEWHERE = ("sign_up", "welcome", "quiet", "topics")


@dataclass(frozen=True, slots=True)
class FrozenTarget:
    """A list, or a segment of it, as it was at the start.

    Args:
        segment: The segment's name, "" for everyone on the list.
        rule: Its expression, "" for everyone.
    """

    mailing_list: MailingList
    segment: str = ""
    rule: str = ""

    def __str__(self) -> str:
        return str(Target(self.mailing_list.name, self.segment))


@dataclass(frozen=True, slots=True)
class FrozenExclusion:
    """Whose people do not get it, as that was at the start.

    Args:
        name: As it was written: `courses`, `courses/bergen`, `campaign:spring-sale`.
        list_id: Those on this list; None for those who have a letter of some campaigns.
        rule: Of those on the list only whom this expression picks; "" for all.
        campaigns: The numbers of the campaigns.
        whatever_came: Also those whose letter was refused, or expired: they are tried again
            by their own campaign.
    """

    name: str
    list_id: str | None = None
    rule: str = ""
    campaigns: tuple[int, ...] = ()
    whatever_came: bool = False


@dataclass(frozen=True, slots=True)
class Frozen:
    """The content of a campaign.

    Args:
        segment: The segment's name, "" for everyone on the list.
        rule: Its expression, "" for everyone.
        specs: The attributes as they were declared.
        needs: The values that the template uses without a fallback, sorted.
        also: Further targets; who is on several gets one letter, under the first.
        exclude: Whose people do not get it.
        topics: What it is about; who chose others does not get it.
    """

    source: TemplateSource
    mailing_list: MailingList
    segment: str
    rule: str
    specs: Mapping[str, AttributeSpec]
    needs: tuple[str, ...]
    also: tuple[FrozenTarget, ...] = ()
    exclude: tuple[FrozenExclusion, ...] = ()
    topics: tuple[str, ...] = ()

    @property
    def sender_domains(self) -> set[str]:
        """The domains that its letters are from, in small letters."""
        return {
            target.mailing_list.sender_address.rpartition("@")[2].lower()
            for target in self.targets
        }

    @property
    def targets(self) -> tuple[FrozenTarget, ...]:
        """All that it goes to, in order."""
        return (FrozenTarget(self.mailing_list, self.segment, self.rule), *self.also)

    def list_of(self, list_id: str | None) -> MailingList:
        """Return the list under whose words a letter goes; the first if it names none."""
        lists = [target.mailing_list for target in self.targets]
        return next((one for one in lists if one.id == list_id), self.mailing_list)


def pack(frozen: Frozen) -> tuple[str, dict[str, Any]]:
    """Turn the content into JSON values; the hash (SHA-256, hex) comes first."""
    body: dict[str, Any] = {
        "version": _VERSION,
        "template": frozen.source.as_dict(),
        "list": _list_body(frozen.mailing_list),
        "segment": frozen.segment,
        "rule": frozen.rule,
        "attributes": {
            name: {"type": spec.type.value, "default": spec.default}
            for name, spec in sorted(frozen.specs.items())
        },
        "needs": list(frozen.needs),
        "also": [
            {
                "mailing_list": _list_body(target.mailing_list),
                "segment": target.segment,
                "rule": target.rule,
            }
            for target in frozen.also
        ],
        "exclude": [asdict(exclusion) for exclusion in frozen.exclude],
        # Where there are none, the content has the hash that it always had.
        **({"topics": list(frozen.topics)} if frozen.topics else {}),
    }
    text = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    # What comes back from the database is equal to what went in: texts, lists, no tuples.
    return hashlib.sha256(text.encode()).hexdigest(), json.loads(text)


def keep_enclosures(database: Database, source: TemplateSource, now: datetime) -> None:
    """Keep a template's images and attachments, each in a short transaction of its own."""
    enclosures = [*source.images.values(), *source.attachments.values()]
    with database.read() as connection:
        there = known(connection, [one.hash for one in enclosures])
    for one in enclosures:
        if one.hash not in there:
            with database.write() as connection:
                keep(connection, one, source.contents[one.hash], now)


def put_down(connection: Connection, content: Frozen, now: datetime) -> str:
    """Keep what letters are made of, with images and attachments; return its hash.

    What is large is better kept before, by `keep_enclosures`: here others wait for it.
    """
    content_hash, body = pack(content)
    source = content.source
    for one in [*source.images.values(), *source.attachments.values()]:
        keep(connection, one, source.contents[one.hash], now)
    freeze(connection, content_hash, body, now)
    return content_hash


def taken_up(connection: Connection, content_hash: str) -> Frozen:
    """Return what was put down, with the bytes that go along inside each letter."""
    content = unpack(frozen(connection, content_hash))
    wanted = kept_apart(content.source)
    source = replace(content.source, contents=contents(connection, wanted))
    return replace(content, source=source)


def slimmed(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what reports and `explain` still need when the letters are gone.

    That is who it was for, under which words, and the subject; no texts and no images.

    Returns:
        None for what is so slim already.
    """
    template = dict(body["template"])
    bare: dict[str, Any] = {
        **template, "html": "", "text": None, "files": {}, "editions": {}, "sample": {},
        "images": {}, "embed": [], "attachments": {},
    }  # fmt: skip
    return None if bare == template else {**body, "template": bare}


def enclosures_of(body: Mapping[str, Any]) -> frozenset[str]:
    """Return the hashes of the images and attachments that something frozen names."""
    template = body["template"]
    return frozenset(
        one["hash"]
        for name in ("images", "attachments")
        for one in template.get(name, {}).values()
    )


def unpack(body: Mapping[str, Any]) -> Frozen:
    """Make the content again from what `pack` returned."""
    return Frozen(
        source=TemplateSource.from_dict(body["template"]),
        mailing_list=_list(body["list"]),
        segment=body["segment"],
        rule=body["rule"],
        specs={
            name: AttributeSpec(name, AttributeType(spec["type"]), spec["default"])
            for name, spec in body["attributes"].items()
        },
        needs=tuple(body["needs"]),
        also=tuple(
            FrozenTarget(_list(one["mailing_list"]), one["segment"], one["rule"])
            for one in body.get("also", ())
        ),
        exclude=tuple(
            FrozenExclusion(
                one["name"],
                one["list_id"],
                one["rule"],
                tuple(one["campaigns"]),
                one["whatever_came"],
            )
            for one in body.get("exclude", ())
        ),
        topics=tuple(body.get("topics", ())),
    )


def _list_body(mailing_list: MailingList) -> dict[str, Any]:
    values = asdict(mailing_list)
    # How people join, and when letters may leave, has no part in any letter.
    for name in _ELSEWHERE:
        del values[name]
    # A list that asks for nothing has the hash that it always had.
    if mailing_list.clicks is None:
        del values["clicks"]
    return values


def _list(values: Mapping[str, Any]) -> MailingList:
    facts = {name: value for name, value in values.items() if name not in _ELSEWHERE}
    facts["wordings"] = tuple(Wording(**wording) for wording in values["wordings"])
    facts["utm_domains"] = tuple(values.get("utm_domains", ()))
    if clicks := values.get("clicks"):
        wordings = tuple(Wording(**wording) for wording in clicks["wordings"])
        facts["clicks"] = Clicks(clicks["title"], clicks["purpose"], wordings)
    facts["opt_in"] = OptIn(values["opt_in"])
    return MailingList(**facts)
