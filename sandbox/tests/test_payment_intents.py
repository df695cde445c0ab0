"""Payment intents, asked for by Stripe's own client over HTTP."""

import asyncio

import pytest
import stripe
from sqlalchemy import text

from wareflow_sandbox.testing import Browser, Running, Shop, error_of


async def test_a_new_intent_waits_for_a_payment_method(shop: Shop) -> None:
    intent = await shop.intent(
        automatic_payment_methods={"enabled": True},
        description="Order 1042",
        metadata={"order_id": "0198f0aa", "operation_id": "7"},
        receipt_email="ada@example.com",
        statement_descriptor_suffix="1042",
    )
    assert intent.status == "requires_payment_method"
    assert (intent.amount, intent.currency, intent.amount_received) == (1899, "eur", 0)
    assert intent.metadata.to_dict() == {"order_id": "0198f0aa", "operation_id": "7"}
    assert (intent.client_secret or "").startswith(f"{intent.id}_secret_")
    assert intent.livemode is False
    assert (await shop.again(intent)).to_dict() == intent.to_dict()


async def test_a_good_card_pays_at_once(shop: Shop) -> None:
    intent = await shop.intent()
    paid = await shop.confirm(intent, "pm_card_mastercard", expand=["latest_charge"])
    assert (paid.status, paid.amount_received) == ("succeeded", 1899)
    charge = paid.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (charge.paid, charge.captured, charge.amount_captured) == (True, True, 1899)
    assert charge.payment_method_details is not None
    card = charge.payment_method_details.card
    assert card is not None
    assert (card.brand, card.last4) == ("mastercard", "4444")


async def test_create_and_confirm_can_be_one_request(shop: Shop) -> None:
    never = {"enabled": True, "allow_redirects": "never"}
    paid = await shop.intent(
        confirm=True, payment_method="pm_card_amex", automatic_payment_methods=never
    )
    assert paid.status == "succeeded"


async def test_a_card_can_be_given_by_its_number(shop: Shop) -> None:
    card = {"number": "4242 4242 4242 4242", "exp_month": 12, "exp_year": 2044, "cvc": "123"}
    paid = await shop.confirm(
        await shop.intent(), None, payment_method_data={"type": "card", "card": card}
    )
    assert paid.status == "succeeded"


async def test_a_payment_method_can_be_made_first(shop: Shop) -> None:
    card = {"number": "4000056655665556", "exp_month": 1, "exp_year": 44, "cvc": "123"}
    method = await shop.client.v1.payment_methods.create_async({"type": "card", "card": card})  # pyright: ignore[reportArgumentType]
    assert method.card is not None
    assert (method.card.funding, method.card.last4, method.card.exp_year) == ("debit", "5556", 2044)
    paid = await shop.paid(method.id)
    assert paid.payment_method == method.id


async def test_a_browser_pays_with_the_client_secret(shop: Shop, browser: Browser) -> None:
    intent = await shop.intent(metadata={"internal": "note"})
    response = await browser.pay(intent.client_secret or "")
    assert response.status_code == 200
    assert response.json()["status"] == "succeeded"
    assert "metadata" not in response.json()
    assert "latest_charge" not in response.json()


async def test_a_browser_with_another_secret_is_refused(shop: Shop, browser: Browser) -> None:
    intent = await shop.intent()
    response = await browser.pay(f"{intent.id}_secret_guessed")
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "payment_intent_invalid_parameter"
    assert (await shop.again(intent)).status == "requires_payment_method"


async def test_a_method_that_was_given_on_create_is_used_on_confirm(shop: Shop) -> None:
    intent = await shop.intent(payment_method="pm_card_visa")
    assert intent.status == "requires_confirmation"
    assert (await shop.confirm(intent, None)).status == "succeeded"


async def test_a_confirm_without_any_method_is_refused(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        _ = await shop.confirm(await shop.intent(), None)


async def test_what_a_confirm_adds_is_kept(shop: Shop) -> None:
    home = {"name": "Ada", "address": {"line1": "1 Engine St", "country": "GB"}}
    intent = await shop.intent(
        payment_method_options={"card": {"request_three_d_secure": "any"}},
        setup_future_usage="off_session",
    )
    paid = await shop.confirm(intent, receipt_email="ada@example.com", shipping=home)
    assert paid.receipt_email == "ada@example.com"
    assert paid.shipping is not None
    assert paid.shipping.address is not None
    assert (paid.shipping.name, paid.shipping.address.country) == ("Ada", "GB")
    charge = (await shop.again(intent)).latest_charge
    assert isinstance(charge, stripe.Charge)
    assert charge.receipt_email == "ada@example.com"


async def test_a_second_confirm_is_an_error_and_no_charge(shop: Shop) -> None:
    intent = await shop.intent()
    _ = await shop.confirm(intent)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        _ = await shop.confirm(intent)
    assert error_of(refused.value)["code"] == "payment_intent_unexpected_state"
    assert error_of(refused.value)["payment_intent"]["status"] == "succeeded"
    charges = await shop.client.v1.charges.list_async({"payment_intent": intent.id})
    assert len(charges.data) == 1


async def test_a_confirm_needs_a_way_back_when_methods_may_redirect(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="return_url") as refused:
        _ = await shop.intent(confirm=True, payment_method="pm_card_visa")
    assert error_of(refused.value)["param"] == "return_url"


async def test_a_cancelled_intent_can_neither_be_paid_nor_cancelled_again(
    shop: Shop, browser: Browser
) -> None:
    intent = await shop.intent()
    cancelled = await shop.client.v1.payment_intents.cancel_async(
        intent.id, {"cancellation_reason": "abandoned"}
    )
    assert (cancelled.status, cancelled.cancellation_reason) == ("canceled", "abandoned")
    assert cancelled.canceled_at is not None
    error = (await browser.pay(intent.client_secret or "")).json()["error"]
    assert error["code"] == "payment_intent_unexpected_state"
    assert error["payment_intent"]["status"] == "canceled"
    assert "metadata" not in error["payment_intent"]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        _ = await shop.client.v1.payment_intents.cancel_async(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"


async def test_a_paid_intent_cannot_be_cancelled(shop: Shop) -> None:
    intent = await shop.paid()
    with pytest.raises(stripe.InvalidRequestError, match="status of succeeded"):
        _ = await shop.client.v1.payment_intents.cancel_async(intent.id)


async def test_a_race_of_confirm_and_cancel_has_one_winner(shop: Shop, browser: Browser) -> None:
    async def cancel(intent: stripe.PaymentIntent) -> bool:
        try:
            _ = await shop.client.v1.payment_intents.cancel_async(intent.id)
        except stripe.InvalidRequestError as error:
            if error.code == "payment_intent_unexpected_state":
                return False
            raise
        return True

    async def race() -> tuple[str, int, bool]:
        intent = await shop.intent()
        paid, won = await asyncio.gather(browser.pay(intent.client_secret or ""), cancel(intent))
        return (await shop.again(intent)).status, paid.status_code, won

    outcomes = set(await asyncio.gather(*(race() for _ in range(12))))
    assert outcomes <= {("succeeded", 200, False), ("canceled", 400, True)}


async def test_held_money_is_captured_in_part_and_the_rest_let_go(shop: Shop) -> None:
    held = await shop.paid(capture_method="manual")
    assert (held.status, held.amount_capturable) == ("requires_capture", 1899)
    intents = shop.client.v1.payment_intents
    with pytest.raises(stripe.InvalidRequestError) as refused:
        _ = await intents.capture_async(held.id, {"amount_to_capture": 1900})
    assert refused.value.code == "amount_too_large"
    taken = await intents.capture_async(held.id, {"amount_to_capture": 1000})
    assert (taken.status, taken.amount_received, taken.amount_capturable) == ("succeeded", 1000, 0)
    with pytest.raises(stripe.InvalidRequestError, match="could not be captured"):
        _ = await intents.capture_async(held.id)


async def test_held_money_is_let_go_by_a_cancel(shop: Shop) -> None:
    held = await shop.paid(capture_method="manual")
    cancelled = await shop.client.v1.payment_intents.cancel_async(
        held.id, {"expand": ["latest_charge"]}
    )
    charge = cancelled.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (cancelled.status, charge.captured, charge.refunded) == ("canceled", False, True)


async def test_metadata_is_merged_and_an_empty_value_drops_its_key(shop: Shop) -> None:
    intent = await shop.intent(metadata={"keep": "1", "drop": "2"})
    intents = shop.client.v1.payment_intents
    changed = await intents.update_async(
        intent.id, {"metadata": {"drop": "", "new": "3"}, "description": "changed"}
    )
    assert changed.metadata.to_dict() == {"keep": "1", "new": "3"}
    assert changed.description == "changed"
    emptied = await intents.update_async(intent.id, {"metadata": ""})
    assert emptied.metadata.to_dict() == {}


async def test_a_paid_intent_keeps_its_amount(shop: Shop) -> None:
    intents = shop.client.v1.payment_intents
    intent = await shop.intent()
    assert (await intents.update_async(intent.id, {"amount": 2000})).amount == 2000
    _ = await shop.confirm(intent)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        _ = await intents.update_async(intent.id, {"amount": 2100})
    assert refused.value.code == "payment_intent_unexpected_state"


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        (49, "eur", "amount_too_small"),
        (29, "gbp", "amount_too_small"),
        (49, "jpy", "amount_too_small"),
        (100_000_000, "usd", "amount_too_large"),
        (0, "usd", "parameter_invalid_integer"),
        (1000, "xyz", None),
    ],
)
async def test_an_amount_outside_the_limits_is_refused(
    shop: Shop, amount: int, currency: str, code: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        _ = await shop.intent(amount=amount, currency=currency)
    assert refused.value.http_status == 400
    assert refused.value.code == code
    assert error_of(refused.value)["param"] == ("currency" if code is None else "amount")


async def test_an_unknown_intent_is_missing(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError) as missing:
        _ = await shop.client.v1.payment_intents.retrieve_async("pi_nobody")
    assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")


async def test_a_request_for_a_locked_intent_is_told_to_retry(running: Running, shop: Shop) -> None:
    intent = await shop.intent()
    lock = text("SELECT id FROM payment_intent WHERE id = :id FOR UPDATE")
    async with running.sandbox.engine.connect() as connection:
        _ = await connection.execute(lock, {"id": intent.id})
        with pytest.raises(stripe.RateLimitError) as busy:
            _ = await shop.client.v1.payment_intents.cancel_async(intent.id)
    assert busy.value.headers is not None
    assert busy.value.headers["stripe-should-retry"] == "true"
    assert error_of(busy.value)["code"] == "lock_timeout"
