"""What proves that a request came from a provider: each signs in a way of its own.

Amazon SNS signs with RSA and names its certificate, SendGrid with ECDSA over the request's
bytes, Mailgun with an HMAC over a token (not over the event, so a token counts once), and
Postmark shows a password. What only tells of opening and clicking is not even kept: no
person is followed without her own permission.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from mailer.model.hook import (
    HookEvent,
    HookKeys,
    Proof,
    Proven,
    Provider,
    ToConfirm,
    Unproven,
)
from mailer.triage.hooks.tables import (
    Table,
    as_table,
    canonical,
    parse,
    table,
    tables,
    text,
)

_EVENTS_AT_MOST = 20_000
_AHEAD = timedelta(minutes=10)
"""How far another's clock may be ahead of ours."""

_SNS = re.compile(
    r"https://sns\.[a-z0-9-]{2,30}\.amazonaws\.com(?:\.cn)?/[A-Za-z0-9_./?=&%:-]{1,900}"
)
_TOPIC = re.compile(
    r"arn:aws(?:-[a-z-]{1,10})?:sns:[a-z0-9-]{2,30}:[0-9]{12}:[A-Za-z0-9_-]{1,256}"
)
_CONFIRM = "SubscriptionConfirmation"
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    _CONFIRM: (
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ),
}  # fmt: skip
_HASHES: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "1": hashes.SHA1, "2": hashes.SHA256,
}  # fmt: skip
_WATCHING = frozenset({"open", "opened", "click", "clicked"})
Headers = Mapping[str, str]
Certificate = Callable[[str], bytes]


def problem_of(provider: Provider, keys: HookKeys) -> str:
    """Say why what a provider proves itself by can't prove anything; "" when it can."""
    match provider:
        case Provider.SES:
            odd = sorted(one for one in keys.ses_topics if not _TOPIC.fullmatch(one))
            what = "no topic of SNS, such as arn:aws:sns:eu-west-1:123456789012:letters"
            return f"hooks.ses_topics: {', '.join(odd)[:200]} is {what}" if odd else ""
        case Provider.SENDGRID:
            key = _sendgrid_key(keys)
            return f"{key.because}: copy it once more" if isinstance(key, Unproven) else ""
        case Provider.MAILGUN | Provider.POSTMARK:
            return ""


def prove(
    provider: Provider,
    keys: HookKeys,
    request: tuple[Headers, bytes],
    certificate: Certificate,
    now: datetime,
) -> Proof:
    """Say what a request proves.

    Args:
        request: Its headers, by names in small letters, and its body.
        certificate: Gets the certificate (PEM) of an address of Amazon's, or b"".
    """
    headers, body = request
    match provider:
        case Provider.SES:
            return _of_sns(keys, as_table(parse(body)), certificate, now)
        case Provider.SENDGRID:
            return _of_sendgrid(keys, headers, body, now)
        case Provider.MAILGUN:
            return _of_mailgun(keys, as_table(parse(body)), now)
        case Provider.POSTMARK:
            return _of_postmark(keys, headers, as_table(parse(body)))


def _of_sns(
    keys: HookKeys, values: Table, certificate: Certificate, now: datetime
) -> Proof:
    """Check a message of Amazon SNS; anyone may have topics there, so ours are named."""
    kind, url = text(values, "Type"), text(values, "SigningCertURL")
    names, at = _SIGNED.get(kind), _moment(text(values, "Timestamp"))
    if names is None or text(values, "TopicArn") not in keys.ses_topics:
        return Unproven("it is of no topic that hooks.ses_topics names")
    if not (_SNS.fullmatch(url) and url.endswith(".pem")):
        return Unproven("its certificate is not Amazon's")
    said = "".join(f"{name}\n{values[name]}\n" for name in names if name in values)
    in_time = _in_time(at, keys.max_age, now)
    signed = said.encode("utf-8", "replace")
    if not in_time or not _rsa_holds(values, signed, certificate(url), now):
        return Unproven("its signature does not hold, or is too old")
    return _confirming(values) if kind == _CONFIRM else _notified(values)


def _confirming(values: Table) -> Proof:
    url = text(values, "SubscribeURL")
    return ToConfirm(url) if _SNS.fullmatch(url) else Unproven("it asks us to go elsewhere")


def _notified(values: Table) -> Proof:
    inner = as_table(parse(text(values, "Message").encode("utf-8", "replace")))
    if text(inner, "eventType", "notificationType").lower() in _WATCHING:
        return Proven(())
    event = HookEvent(text(values, "MessageId"), canonical(inner))
    return Proven((event,) if event.id and inner else ())


def _rsa_holds(values: Table, said: bytes, pem: bytes, now: datetime) -> bool:
    make = _HASHES.get(text(values, "SignatureVersion"))
    signature = _base64(text(values, "Signature"))
    if make is None or not signature or not pem:
        return False
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        key = certificate.public_key()
    except ValueError:
        return False
    lasts = certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
    if not lasts or not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signature, said, padding.PKCS1v15(), make())
    except InvalidSignature:
        return False
    return True


def _sendgrid_key(keys: HookKeys) -> ec.EllipticCurvePublicKey | Unproven:
    try:
        key = serialization.load_der_public_key(_base64(keys.sendgrid))
    except (ValueError, UnsupportedAlgorithm):
        return Unproven("hooks.sendgrid_key is no public key")
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return Unproven("hooks.sendgrid_key is no key of SendGrid's kind")
    return key


def _of_sendgrid(keys: HookKeys, headers: Headers, body: bytes, now: datetime) -> Proof:
    """Check a request of SendGrid: its time and its bytes are signed."""
    stamp = headers.get("x-twilio-email-event-webhook-timestamp", "")
    signature = _base64(headers.get("x-twilio-email-event-webhook-signature", ""))
    key = _sendgrid_key(keys)
    if isinstance(key, Unproven):
        return key
    try:
        said = stamp.encode("utf-8", "replace") + body
        key.verify(signature, said, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return Unproven("its signature does not hold")
    if not _in_time(_seconds(stamp), keys.max_age, now):
        return Unproven("it was signed too long ago, or in the future")
    told = tables(parse(body), _EVENTS_AT_MOST)
    return Proven(
        tuple(
            HookEvent(text(one, "sg_event_id") or _digest(one), canonical(one))
            for one in told
            if text(one, "event").lower() not in _WATCHING
        )
    )


def _of_mailgun(keys: HookKeys, values: Table, now: datetime) -> Proof:
    """Check a request of Mailgun: a time and a token are signed, and not the event."""
    signed = table(values, "signature")
    stamp, token = text(signed, "timestamp"), text(signed, "token")
    ours = hmac.new(
        keys.mailgun.encode(), f"{stamp}{token}".encode("utf-8", "replace"), hashlib.sha256
    ).hexdigest()
    theirs = text(signed, "signature").encode("utf-8", "replace")
    if not token or not hmac.compare_digest(ours.encode(), theirs):
        return Unproven("its signature does not hold")
    if not _in_time(_seconds(stamp), keys.max_age, now):
        return Unproven("it was signed too long ago, or in the future")
    event = table(values, "event-data")
    if not event or text(event, "event").lower() in _WATCHING:
        return Proven(())
    kept = HookEvent(text(event, "id") or _digest(event), canonical(event))
    return Proven((kept,), once=token)


def _of_postmark(keys: HookKeys, headers: Headers, values: Table) -> Proof:
    """Check a request of Postmark, which signs nothing and shows a password."""
    scheme, _, shown = headers.get("authorization", "").partition(" ")
    given = _base64(shown.strip()) if scheme.lower() == "basic" else b""
    if not hmac.compare_digest(given, keys.postmark.encode()):
        return Unproven("it does not show the password of hooks.postmark_login")
    if not values or text(values, "RecordType").lower() in _WATCHING:
        return Proven(())
    return Proven((HookEvent(_digest(values), canonical(values)),))


def _digest(values: Table) -> str:
    return hashlib.sha256(canonical(values)).hexdigest()


def _base64(spelt: str) -> bytes:
    try:
        return base64.b64decode(spelt, validate=True)
    except (ValueError, binascii.Error):
        return b""


def _in_time(at: datetime | None, max_age: timedelta, now: datetime) -> bool:
    return at is not None and now - max_age <= at <= now + _AHEAD


def _seconds(spelt: str) -> datetime | None:
    digits = spelt.isascii() and spelt.isdigit() and len(spelt) <= 11  # noqa: PLR2004
    return datetime.fromtimestamp(int(spelt), UTC) if digits else None


def _moment(spelt: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(spelt)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
