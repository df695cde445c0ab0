"""Rules that need no database."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe

from wareflow_sandbox.model.balance_transaction import fee_of
from wareflow_sandbox.model.currency import shown
from wareflow_sandbox.model.faults import FaultBook, FaultRule, Match
from wareflow_sandbox.model.ids import Mint, first_id
from wareflow_sandbox.model.instruments import INSTRUMENTS, instrument_numbered, plausible
from wareflow_sandbox.model.webhook import next_attempt, signature
from wareflow_sandbox.model.webhook_faults import WebhookFaults, WebhookWeather

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_ids_sort_in_the_order_in_which_they_were_made() -> None:
    mint = Mint()
    ids = [mint("pi", at=NOW + timedelta(microseconds=step // 3)) for step in range(300)]
    assert ids == sorted(ids)
    assert len({*ids}) == 300
    assert {len(each) for each in ids} == {27}


def test_a_clock_that_is_set_back_is_believed() -> None:
    mint = Mint()
    _ = mint("pi", at=NOW)
    assert mint("pi", at=NOW - timedelta(days=1)) < first_id("pi", at=NOW)


def test_the_first_id_of_a_time_is_a_bound() -> None:
    mint = Mint()
    bound = first_id("pi", at=NOW)
    assert mint("pi", at=NOW - timedelta(microseconds=1)) < bound <= Mint()("pi", at=NOW)


@pytest.mark.parametrize(("amount", "fee"), [(50, 26), (1899, 52), (10_000, 165), (1, 25)])
def test_the_fee_is_of_the_sandbox_tariff(amount: int, fee: int) -> None:
    assert fee_of(amount) == fee


def test_amounts_are_shown_as_people_write_them() -> None:
    assert shown(1899, "eur") == "€18.99"
    assert shown(500, "jpy") == "¥500"
    assert shown(1005, "sek") == "10.05 sek"


def test_every_test_card_has_a_plausible_number() -> None:
    cards = [each for each in INSTRUMENTS.values() if each.type == "card"]
    assert [card.token for card in cards if not plausible(card.number)] == []
    assert all(instrument_numbered(card.number).number == card.number for card in cards)
    assert instrument_numbered("4242424242424242").token == "pm_card_visa"


def test_a_webhook_is_signed_as_stripe_signs() -> None:
    payload = '{"id": "evt_1", "price": "5 €"}'
    ours = signature(payload.encode(), secret="whsec_x", at=NOW)
    theirs: Any = stripe.WebhookSignature
    assert ours == theirs.generate_signature_header(payload, "whsec_x", int(NOW.timestamp()))


def test_pauses_double_up_to_six_hours_and_end_after_three_days() -> None:
    first = timedelta(seconds=1)
    due = [
        next_attempt(attempts=attempt, first=first, begun=NOW, now=NOW) for attempt in (1, 2, 3, 20)
    ]
    pauses = [None if each is None else (each - NOW).total_seconds() for each in due]
    assert pauses == [1, 2, 4, 6 * 3600]
    late = NOW + timedelta(days=2, hours=23)
    assert next_attempt(attempts=20, first=first, begun=NOW, now=late) is None


def test_the_same_seed_gives_the_same_faults() -> None:
    rule = FaultRule(fault="slow", probability=0.5, seed=11)

    def hits() -> list[bool]:
        book = FaultBook((rule,))
        return [book.draw("GET", "/v1/refunds") is not None for _ in range(50)]

    assert hits() == hits()
    assert 10 < sum(hits()) < 40


def test_the_first_rule_that_hits_decides() -> None:
    narrow = FaultRule(
        fault="error_500", match=Match(method="POST", path_regex="^/v1/refunds$"), times=1
    )
    book = FaultBook((narrow, FaultRule(fault="slow")))
    drawn = [
        book.draw(method, path)
        for method, path in (
            ("GET", "/v1/refunds"),
            ("POST", "/v1/refunds"),
            ("POST", "/v1/refunds"),
        )
    ]
    assert [rule.fault for rule in drawn if rule] == ["slow", "error_500", "slow"]


def test_the_same_seed_gives_the_same_weather() -> None:
    faults = WebhookFaults(
        delay_seconds=1, shuffle_seconds=2, duplicate_probability=0.5, seed=random.randrange(99)
    )

    def weather() -> list[list[float]]:
        chances = WebhookWeather(faults)
        return [chances.delays() for _ in range(40)]

    assert weather() == weather()
    assert {len(delays) for delays in weather()} == {1, 2}
    assert all(1 <= delay <= 3 for delays in weather() for delay in delays)
