"""Reading what a shop or a till posts about a person: each mistake with its place.

A place is a JSON pointer (RFC 6901) into the body, so that a program can find it. `null`
says nothing, and nothing that is known is ever erased by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import cast

from mailer.audience.moments import OLDEST
from mailer.audience.rows import language_tag
from mailer.errors import AddressError, did_you_mean
from mailer.model.address import Address, Role, parse_address, role_of
from mailer.model.attributes import (
    MAX_TEXTS,
    AttributeSpec,
    AttributeType,
    coerce,
    plain_text,
    read,
)
from mailer.model.consent import Basis
from mailer.model.contact import Details

FIELDS = ("address", "list", "attributes", "language", "time_zone", "consent")
EVIDENCE = (
    "wording", "form", "at", "network_address", "basis", "confirmed_at", "purchase_at",
)  # fmt: skip
MAX_FORM = 200

_AHEAD = timedelta(minutes=5)
"""A till's clock may be so much before ours."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake in a body.

    Args:
        pointer: Where, as `/attributes/points`; "" for all of it.
    """

    pointer: str
    detail: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is said of a consent that was given somewhere else.

    Args:
        wording: The version of the list's words that were shown.
        form: Where: the form, the till.
        network_address: Where the person agreed from, where there is such a thing.
        confirmed_at: When she confirmed it by a letter of theirs.
        purchase_at: When she bought what implies it.
    """

    wording: int
    form: str
    at: datetime
    network_address: str | None = None
    basis: Basis = Basis.EXPRESS
    confirmed_at: datetime | None = None
    purchase_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """What was posted about one person.

    Args:
        list_name: The name of the list's file.
        evidence: None when the person must be asked by letter.
    """

    address: Address
    list_name: str
    details: Details
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class PostReader:
    """Reads bodies; it collects what is wrong, so that all of it is said at once."""

    specs: Mapping[str, AttributeSpec]
    zones: frozenset[str]
    now: datetime
    faults: list[Fault] = field(default_factory=list[Fault])

    def read(self, body: object) -> Posted | None:
        """Return what was posted; None when `faults` say what is wrong with it."""
        said = self._object("", body, FIELDS)
        if said is None:
            return None
        address = self._address(said.get("address"))
        list_name = self._text("/list", said.get("list"), needed=True)
        details = Details(
            self._values(
                "/attributes",
                said.get("attributes"),
                self.specs,
                "a contact has no such attribute",
            ),
            self._language(said.get("language")),
            self._zone(said.get("time_zone")),
        )
        consent = said.get("consent")
        evidence = None if consent is None else self._evidence(consent)
        if address is not None and role_of(address) is Role.REFUSED:
            self._fault("/address", "is an office's or a machine's address, not a person's")
        if self.faults or address is None or list_name is None:
            return None
        return Posted(address, list_name, details, evidence)

    def _fault(self, pointer: str, detail: str) -> None:
        self.faults.append(Fault(pointer, detail))

    def _object(
        self, pointer: str, value: object, known: tuple[str, ...] | None
    ) -> dict[str, object] | None:
        if not isinstance(value, dict):
            self._fault(pointer, 'must be an object: {"name": value}')
            return None
        found = cast("dict[str, object]", value)
        for name in found:
            if known is not None and name not in known:
                near = did_you_mean(name[:40], known)
                self._fault(f"{pointer}/{_escaped(name)}", f"is not known{near}")
        return found

    def _text(self, pointer: str, value: object, *, needed: bool = False) -> str | None:
        """Return a text; None for one that is not there, or is none."""
        if value is None or value == "":
            if needed:
                self._fault(pointer, "is missing")
            return None
        if not isinstance(value, str):
            self._fault(pointer, "must be a text")
            return None
        try:
            text = plain_text(value)
        except ValueError as problem:
            self._fault(pointer, str(problem))
            return None
        if not text and needed:
            self._fault(pointer, "is missing")
        return text or None

    def _address(self, value: object, pointer: str = "/address") -> Address | None:
        text = self._text(pointer, value, needed=True)
        if text is None:
            return None
        try:
            return parse_address(text)
        except AddressError as problem:
            self._fault(pointer, str(problem))
            return None

    def _language(self, value: object) -> str | None:
        text = self._text("/language", value)
        try:
            return None if text is None else language_tag(text)
        except ValueError as problem:
            self._fault("/language", str(problem).removeprefix("language: "))
            return None

    def _zone(self, value: object) -> str | None:
        text = self._text("/time_zone", value)
        if text is not None and text not in self.zones:
            self._fault("/time_zone", "is no time zone: write it like Europe/Oslo")
        return text

    def _values(
        self,
        at: str,
        value: object,
        specs: Mapping[str, AttributeSpec],
        unknown: str,
        *,
        each_once: bool = True,
    ) -> dict[str, object]:
        found: dict[str, object] = {}
        given = {} if value is None else self._object(at, value, None)
        for name, one in (given or {}).items():
            pointer = f"{at}/{_escaped(name)}"
            spec = specs.get(name)
            if spec is None:
                self._fault(pointer, f"{unknown}{did_you_mean(name[:40], specs)}")
            elif one is not None:
                try:
                    found[name] = _value(spec, one, each_once=each_once)
                except ValueError as problem:
                    self._fault(pointer, str(problem))
        return found

    def _evidence(self, value: object) -> Evidence | None:
        said = self._object("/consent", value, EVIDENCE)
        if said is None:
            return None
        wording = said.get("wording")
        if not isinstance(wording, int) or isinstance(wording, bool):
            self._fault("/consent/wording", "must be the version of the words: 1, 2, 3 …")
            wording = 0
        form = self._text("/consent/form", said.get("form"), needed=True)
        if form is not None and len(form) > MAX_FORM:
            self._fault("/consent/form", f"is longer than {MAX_FORM} characters")
        at = self._moment("/consent/at", said.get("at"), needed=True)
        confirmed_at = self._moment("/consent/confirmed_at", said.get("confirmed_at"))
        purchase_at = self._moment("/consent/purchase_at", said.get("purchase_at"))
        network = self._network(said.get("network_address"))
        basis = self._basis(said.get("basis"))
        if basis is Basis.DOUBLE_OPT_IN and confirmed_at is None:
            self._fault("/consent/confirmed_at", "is missing: double_opt_in needs it")
        if at is not None and confirmed_at is not None and confirmed_at < at:
            self._fault("/consent/confirmed_at", "is before the consent")
        if form is None or at is None:
            return None
        return Evidence(wording, form, at, network, basis, confirmed_at, purchase_at)

    def _basis(self, value: object) -> Basis:
        text = self._text("/consent/basis", value)
        try:
            return Basis.EXPRESS if text is None else Basis(text)
        except ValueError:
            self._fault("/consent/basis", f"must be one of {', '.join(Basis)}")
            return Basis.EXPRESS

    def _network(self, value: object) -> str | None:
        text = self._text("/consent/network_address", value)
        try:
            return None if text is None else str(ip_address(text))
        except ValueError:
            self._fault("/consent/network_address", "is no IP address")
            return None

    def _moment(
        self, pointer: str, value: object, *, needed: bool = False
    ) -> datetime | None:
        text = self._text(pointer, value, needed=needed)
        if text is None:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None or "T" not in text:
            self._fault(pointer, "must be a time as in 2026-11-20T10:00:00+01:00")
            return None
        if not OLDEST <= moment <= self.now + _AHEAD:
            self._fault(pointer, "lies in the future, or before anybody signed up")
            return None
        return min(moment.astimezone(UTC), self.now)


def _escaped(name: str) -> str:
    """Write a name as one step of a pointer (RFC 6901 §3), not longer than is useful."""
    return name[:80].replace("~", "~0").replace("/", "~1")


def _value(spec: AttributeSpec, value: object, *, each_once: bool) -> object:
    """Return an attribute's value as it is kept.

    Args:
        each_once: Of equal texts of a list one is kept.

    Raises:
        ValueError: in words for the person whose program wrote it.
    """
    if spec.type is AttributeType.TEXTS:
        return _texts(value, each_once=each_once)
    if spec.type in {AttributeType.TEXT, AttributeType.DATE}:
        if not isinstance(value, str):
            raise ValueError(f"must be a {spec.type}, written as a text")
        return coerce(spec, value)
    if read(spec.type, value) is None:
        raise ValueError(f"must be a {spec.type}, as JSON has it")
    # A zero has no sign: PostgreSQL would not keep it.
    return 0 if value == 0 and not isinstance(value, bool) else value


def _texts(value: object, *, each_once: bool) -> list[str]:
    given = cast("list[object]", value) if isinstance(value, list) else None
    if given is None or not all(isinstance(one, str) for one in given):
        raise ValueError('must be a list of texts: ["tents", "stoves"]')
    texts = [plain_text(str(one)) for one in given]
    if each_once:
        texts = list(dict.fromkeys(texts))
    if "" in texts:
        raise ValueError("holds an empty text")
    if len(texts) > MAX_TEXTS:
        raise ValueError(f"holds more than {MAX_TEXTS} texts")
    return texts
