"""Only what a provider signed, for us and lately, is taken; unknown words do nothing."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from samples.samples import knowledge
from signing_hooks import (
    CERTIFICATE,
    KEYS,
    TOPIC,
    certificate,
    of_mailgun,
    of_postmark,
    of_sendgrid,
    of_sns,
    post_of,
)

from mailer.model.hook import HookKeys, Proven, Provider, ToConfirm, Unproven
from mailer.model.notice import AutoReply, Bounce, Complaint, Reason, Report, Unsubscribe
from mailer.triage.hooks.proving import prove
from mailer.triage.hooks.reading import read_event

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
A_WEEK = timedelta(days=7)
PEM = certificate(NOW)
EVENT = {"event": "bounce", "RecordType": "Bounce", "eventType": "Bounce"}


def proof(provider, request, keys: HookKeys = KEYS, now: datetime = NOW):
    return prove(
        provider, keys, request, lambda url: PEM if url == CERTIFICATE else b"", now
    )


@pytest.mark.parametrize("provider", Provider)
def test_what_a_provider_signed_is_taken(provider):
    found = proof(provider, post_of(provider, EVENT, NOW))
    assert isinstance(found, Proven)
    assert [json.loads(one.raw) for one in found.events] == [EVENT]


@pytest.mark.parametrize("provider", Provider)
def test_another_s_signature_is_refused(provider):
    other = HookKeys(
        frozenset({f"{TOPIC}-of-another"}),
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE" + "A" * 88,
        "another key",
        "post:other",
    )
    found = proof(provider, post_of(provider, EVENT, NOW), other)
    assert isinstance(found, Unproven)


@pytest.mark.parametrize("provider", [Provider.SES, Provider.SENDGRID])
def test_one_letter_changed_in_it_is_refused(provider):
    headers, body = post_of(provider, EVENT, NOW)
    assert b"ounce" in body
    changed = headers, body.replace(b"ounce", b"ouncx")
    assert isinstance(proof(provider, changed), Unproven)


@pytest.mark.parametrize("provider", [Provider.SES, Provider.SENDGRID, Provider.MAILGUN])
def test_what_was_signed_a_week_ago_is_refused(provider):
    request = post_of(provider, EVENT, NOW - A_WEEK)
    assert isinstance(proof(provider, request), Unproven)
    request = post_of(provider, EVENT, NOW + A_WEEK)
    assert isinstance(proof(provider, request), Unproven)


@pytest.mark.parametrize("provider", Provider)
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"[" * 100_000, b"\xff\x00"])
def test_what_is_no_json_is_refused_and_no_error(provider, body):
    assert isinstance(proof(provider, ({}, body)), Unproven)


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/x.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem",
        "https://evil.example/sns.eu-west-1.amazonaws.com/x.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/x.pem",
        "https://s3.amazonaws.com/x.pem",
    ],
)
def test_a_certificate_from_elsewhere_is_not_asked_for(url):
    def asked(url: str) -> bytes:
        raise AssertionError(url)

    request = of_sns(EVENT, NOW, SigningCertURL=url)
    assert isinstance(prove(Provider.SES, KEYS, request, asked, NOW), Unproven)


def test_a_certificate_that_has_ended_proves_nothing():
    late = NOW + timedelta(days=60)
    assert isinstance(proof(Provider.SES, of_sns(EVENT, late), now=late), Unproven)


def test_the_subscription_of_a_topic_of_ours_is_confirmed_and_no_other():
    asks = {"Type": "SubscriptionConfirmation", "Token": "x"}
    url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=x"
    found = proof(Provider.SES, of_sns("hello", NOW, **asks, SubscribeURL=url))
    assert found == ToConfirm(url)
    for other in (
        {"SubscribeURL": "https://evil.example/"},
        {"SubscribeURL": url, "TopicArn": "arn:aws:sns:eu-west-1:1:x"},
    ):
        found = proof(Provider.SES, of_sns("hello", NOW, **asks, **other))
        assert isinstance(found, Unproven)


def test_who_opened_or_clicked_is_not_even_kept():
    opened = {"RecordType": "Open"}
    assert proof(Provider.POSTMARK, of_postmark(opened, NOW)) == Proven(())
    assert proof(Provider.SES, of_sns({"eventType": "Click"}, NOW)) == Proven(())
    assert proof(Provider.MAILGUN, of_mailgun({"event": "opened"}, NOW)) == Proven(())
    both = [{"event": "open"}, {"event": "delivered"}, {"event": "click"}]
    found = proof(Provider.SENDGRID, of_sendgrid(both, NOW))
    assert len(found.events) == 1


def test_the_same_event_has_the_same_id():
    event = {"event": "bounce", "sg_event_id": "e-1"}
    first = proof(Provider.SENDGRID, of_sendgrid([event], NOW))
    later = proof(Provider.SENDGRID, of_sendgrid([event, event], NOW - timedelta(hours=1)))
    assert {one.id for one in (*first.events, *later.events)} == {"e-1"}


def test_a_key_that_is_none_refuses_everything():
    for wrong in ("", "no key", base64.b64encode(b"no key").decode()):
        keys = replace(KEYS, sendgrid=wrong)
        request = of_sendgrid([EVENT], NOW)
        assert isinstance(proof(Provider.SENDGRID, request, keys), Unproven)


def reads(provider: Provider, **event: object):
    return read_event(provider, json.dumps(event).encode(), knowledge())


GONE = "550 5.1.1 The email account that you tried to reach does not exist"


@pytest.mark.parametrize(
    ("provider", "event", "reason", "hard"),
    [
        (Provider.SES,
         {"notificationType": "Bounce", "bounce": {
             "bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [
                 {"emailAddress": "p1@example.com", "status": "5.1.1",
                  "diagnosticCode": f"smtp; {GONE}"}]}},
         Reason.USER_UNKNOWN, True),
        (Provider.SES,
         {"eventType": "Reject", "mail": {"destination": ["p1@example.com"]}},
         Reason.VIRUS_DETECTED, False),
        (Provider.SENDGRID,
         {"event": "bounce", "email": "p1@example.com", "status": "5.1.1", "reason": GONE},
         Reason.USER_UNKNOWN, True),
        (Provider.SENDGRID,
         {"event": "dropped", "email": "p1@example.com", "reason": "Bounced Address"},
         Reason.SUPPRESSED, False),
        (Provider.MAILGUN,
         {"event": "failed", "severity": "permanent", "recipient": "p1@example.com",
          "delivery-status": {"code": 550, "enhanced-code": "5.1.1", "message": GONE}},
         Reason.USER_UNKNOWN, True),
        (Provider.MAILGUN,
         {"event": "failed", "severity": "permanent", "recipient": "p1@example.com",
          "reason": "suppress-bounce"},
         Reason.SUPPRESSED, False),
        (Provider.POSTMARK,
         {"RecordType": "Bounce", "Type": "HardBounce", "Email": "p1@example.com",
          "Details": f"smtp;{GONE}"},
         Reason.USER_UNKNOWN, True),
        (Provider.POSTMARK,
         {"RecordType": "Bounce", "Type": "SpamNotification", "Email": "p1@example.com"},
         Reason.SPAM_DETECTED, False),
    ],
)  # fmt: skip
def test_a_bounce_is_read_in_each_provider_s_words(provider, event, reason, hard):
    found = reads(provider, **event)
    assert isinstance(found, Bounce)
    (one,) = found.recipients
    assert (one.address, one.reason, one.hard) == ("p1@example.com", reason, hard)


@pytest.mark.parametrize(
    ("provider", "event", "kind"),
    [
        (Provider.SES, {"eventType": "Complaint", "complaint": {
            "complainedRecipients": [{"emailAddress": "p1@example.com"}]}}, Complaint),
        (Provider.SES, {"eventType": "Delivery", "delivery": {
            "recipients": ["p1@example.com"]}}, Report),
        (Provider.SES, {"eventType": "Send",
                        "mail": {"destination": ["p1@example.com"]}}, Report),
        (Provider.SES, {"eventType": "Subscription",
                        "mail": {"destination": ["p1@example.com"]}}, Unsubscribe),
        (Provider.SENDGRID, {"event": "spamreport", "email": "p1@example.com"}, Complaint),
        (Provider.SENDGRID, {"event": "deferred", "email": "p1@example.com"}, Report),
        (Provider.SENDGRID,
         {"event": "group_unsubscribe", "email": "p1@example.com"}, Unsubscribe),
        (Provider.MAILGUN, {"event": "failed", "severity": "temporary",
                            "recipient": "p1@example.com"}, Report),
        (Provider.MAILGUN,
         {"event": "complained", "recipient": "p1@example.com"}, Complaint),
        (Provider.MAILGUN,
         {"event": "unsubscribed", "recipient": "p1@example.com"}, Unsubscribe),
        (Provider.POSTMARK,
         {"RecordType": "SpamComplaint", "Email": "p1@example.com"}, Complaint),
        (Provider.POSTMARK, {"RecordType": "Bounce", "Type": "AutoResponder",
                             "Email": "p1@example.com"}, AutoReply),
        (Provider.POSTMARK, {"RecordType": "SubscriptionChange",
                             "SuppressSending": True, "Recipient": "p1@example.com",
                             "SuppressionReason": "ManualSuppression"}, Unsubscribe),
        (Provider.POSTMARK, {"RecordType": "SubscriptionChange",
                             "SuppressSending": False, "Recipient": "p1@example.com",
                             "SuppressionReason": "ManualSuppression"}, Report),
    ],
)  # fmt: skip
def test_each_word_means_what_the_table_says(provider, event, kind):
    assert type(reads(provider, **event)) is kind


@pytest.mark.parametrize("provider", Provider)
def test_a_word_that_is_in_no_table_is_kept_as_unknown(provider):
    words = dict.fromkeys(("event", "eventType", "RecordType"), "surprise")
    found = reads(provider, **words, email="a@b.c")
    assert isinstance(found, Report)
    assert found.recipients == ()
    assert "'surprise', a word that is not known" in found.because
