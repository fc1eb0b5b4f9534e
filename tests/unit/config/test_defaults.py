"""The settings' defaults are those of the parts that they are for."""

from datetime import timedelta

from mailer.config.fields import Settings
from mailer.jobs.relays import Relay
from mailer.jobs.send import Rules
from mailer.model.kind import KINDS, Kind
from mailer.pace.retry import RetryPlan
from mailer.pace.throttle import Rate
from mailer.wire.line import RelayAddress, Timeouts, Tls


def test_the_relay_s_defaults_are_the_courier_s():
    ours = Settings().relay
    assert Relay(
        RelayAddress(
            ours.name,
            ours.host,
            ours.port,
            Tls(ours.tls),
            ours.username,
            "",
            ours.helo_name,
            ours.certificate_file,
            Timeouts(
                ours.timeout_connect_s,
                ours.timeout_envelope_s,
                ours.timeout_data_s,
                ours.timeout_content_s,
            ),
        ),
        Rate(ours.per_second, ours.per_hour, ours.per_day),
        ours.connections,
        ours.letters_per_connection,
        ours.idle_s,
        ours.pause_s,
        ours.pause_at_most_s,
        reserved=ours.reserved,
    ) == Relay(RelayAddress("main", "localhost", 587))


def test_the_sending_s_defaults_are_the_sender_s():
    ours = Settings().sending
    assert (
        Rules(
            RetryPlan(ours.retry_plan_s, ours.jitter),
            timedelta(seconds=ours.lease_s),
            ours.batch,
            ours.poll_s,
            ours.keep_every_s,
            ours.drain_s,
        )
        == Rules()
    )


def test_marketing_is_given_up_when_its_kind_says():
    assert (
        timedelta(hours=Settings().sending.give_up_after_h) == KINDS[Kind.MARKETING].try_for
    )
