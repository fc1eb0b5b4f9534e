"""Requests as providers post them, signed with keys of the tests."""

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from mailer.model.hook import HookKeys, Provider

TOPIC = "arn:aws:sns:eu-west-1:123456789012:letters"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem"
_RSA = rsa.generate_private_key(65537, 2048)
_EC = ec.generate_private_key(ec.SECP256R1())
_DER = serialization.Encoding.DER
_SPKI = serialization.PublicFormat.SubjectPublicKeyInfo
KEYS = HookKeys(
    frozenset({TOPIC}),
    base64.b64encode(_EC.public_key().public_bytes(_DER, _SPKI)).decode(),
    "mailgun's key",
    "post:mark",
)
Request = tuple[dict[str, str], bytes]


def certificate(now: datetime) -> bytes:
    """Make the certificate that Amazon's messages are signed with."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(_RSA.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=30))
        .sign(_RSA, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def of_sns(event: object, now: datetime, **other: str) -> Request:
    """Sign a message of Amazon SNS."""
    values = {
        "Type": "Notification", "MessageId": "m-1", "TopicArn": TOPIC,
        "Message": json.dumps(event), "Timestamp": now.isoformat(),
        "SignatureVersion": "2", "SigningCertURL": CERTIFICATE,
    } | other  # fmt: skip
    names = sorted(values.keys() - {"SignatureVersion", "SigningCertURL"})
    said = "".join(f"{name}\n{values[name]}\n" for name in names)
    signature = _RSA.sign(said.encode(), padding.PKCS1v15(), hashes.SHA256())
    values["Signature"] = base64.b64encode(signature).decode()
    return {"content-type": "text/plain"}, json.dumps(values).encode()


def of_sendgrid(events: object, now: datetime) -> Request:
    """Sign a batch of SendGrid."""
    body, stamp = json.dumps(events).encode(), str(int(now.timestamp()))
    signature = _EC.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {
        "x-twilio-email-event-webhook-timestamp": stamp,
        "x-twilio-email-event-webhook-signature": base64.b64encode(signature).decode(),
    }, body


def of_mailgun(event: object, now: datetime, token: str = "t-1") -> Request:
    """Sign an event of Mailgun."""
    stamp = str(int(now.timestamp()))
    said = f"{stamp}{token}".encode()
    made = hmac.new(KEYS.mailgun.encode(), said, hashlib.sha256).hexdigest()
    signature = {"timestamp": stamp, "token": token, "signature": made}
    return {}, json.dumps({"signature": signature, "event-data": event}).encode()


def of_postmark(event: object, now: datetime, login: str = KEYS.postmark) -> Request:
    """Show a password as Postmark does."""
    del now
    shown = base64.b64encode(login.encode()).decode()
    return {"authorization": f"Basic {shown}"}, json.dumps(event).encode()


def post_of(provider: Provider, event: Any, now: datetime) -> Request:
    """Return a request of a provider with one event."""
    match provider:
        case Provider.SES:
            return of_sns(event, now)
        case Provider.SENDGRID:
            return of_sendgrid([event], now)
        case Provider.MAILGUN:
            return of_mailgun(event, now)
        case Provider.POSTMARK:
            return of_postmark(event, now)
