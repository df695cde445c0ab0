"""Cards that say no, and why."""

import pytest
import stripe

from wareflow_sandbox.testing import Browser, Shop, error_of

CARD = {"exp_month": 12, "exp_year": 2044, "cvc": "123"}


@pytest.mark.parametrize(
    ("method", "code", "decline_code"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_visa_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
        ("pm_card_radarBlock", "card_declined", "fraudulent"),
    ],
)
async def test_a_declined_card_says_why(
    shop: Shop, method: str, code: str, decline_code: str
) -> None:
    intent = await shop.intent()
    with pytest.raises(stripe.CardError) as declined:
        _ = await shop.confirm(intent, method)
    error = error_of(declined.value)
    assert declined.value.http_status == 402
    assert (error["type"], error["code"]) == ("card_error", code)
    assert error["decline_code"] == decline_code
    assert error["payment_intent"]["status"] == "requires_payment_method"
    after = await shop.again(intent)
    assert after.last_payment_error is not None
    assert (after.last_payment_error.code, after.payment_method) == (code, None)
    charge = after.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (charge.id, charge.status) == (error["charge"], "failed")
    assert (charge.paid, charge.failure_code) == (False, code)


async def test_after_a_decline_another_card_pays_the_same_intent(shop: Shop) -> None:
    intent = await shop.intent()
    with pytest.raises(stripe.CardError):
        _ = await shop.confirm(intent, "pm_card_visa_chargeDeclined")
    paid = await shop.confirm(intent, "pm_card_visa")
    assert (paid.status, paid.last_payment_error) == ("succeeded", None)
    charges = await shop.client.v1.charges.list_async({"payment_intent": intent.id})
    assert [charge.status for charge in charges.data] == ["succeeded", "failed"]


async def test_a_decline_of_create_and_confirm_leaves_the_intent_behind(shop: Shop) -> None:
    with pytest.raises(stripe.CardError) as declined:
        _ = await shop.paid("pm_card_visa_chargeDeclined", metadata={"order_id": "left"})
    intent_id = error_of(declined.value)["payment_intent"]["id"]
    intent = await shop.client.v1.payment_intents.retrieve_async(intent_id)
    assert intent.metadata.to_dict() == {"order_id": "left"}


async def test_a_browser_sees_the_decline_and_no_more_of_the_intent(
    shop: Shop, browser: Browser
) -> None:
    intent = await shop.intent(metadata={"internal": "note"})
    response = await browser.pay(intent.client_secret or "", "pm_card_visa_chargeDeclined")
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (402, "card_declined")
    assert "metadata" not in error["payment_intent"]


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ({"number": "4242424242424241"}, "incorrect_number"),
        ({"number": "4242"}, "incorrect_number"),
        ({"number": "4242424242424242", "exp_month": 13}, "invalid_expiry_month"),
        ({"number": "4242424242424242", "exp_year": 2020}, "invalid_expiry_year"),
        ({"number": "4242424242424242", "cvc": "12"}, "invalid_cvc"),
    ],
)
async def test_a_card_that_cannot_be_right_is_refused(
    shop: Shop, card: dict[str, object], code: str
) -> None:
    intent = await shop.intent()
    data = {"type": "card", "card": {**CARD, **card}}
    with pytest.raises(stripe.CardError) as refused:
        _ = await shop.confirm(intent, None, payment_method_data=data)
    assert refused.value.code == code
    assert (await shop.again(intent)).latest_charge is None


async def test_a_real_card_is_declined_as_a_live_one(shop: Shop) -> None:
    data = {"type": "card", "card": {**CARD, "number": "4111111111111111"}}
    with pytest.raises(stripe.CardError) as refused:
        _ = await shop.confirm(await shop.intent(), None, payment_method_data=data)
    assert error_of(refused.value)["decline_code"] == "test_mode_live_card"


async def test_a_method_that_nobody_made_is_refused(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        _ = await shop.confirm(await shop.intent(), "pm_nobody")
    error = error_of(refused.value)
    assert (error["code"], error["param"]) == ("resource_missing", "payment_method")


async def test_a_method_of_a_kind_that_the_intent_does_not_take_is_refused(shop: Shop) -> None:
    intent = await shop.intent(payment_method_types=["card"])
    with pytest.raises(stripe.InvalidRequestError, match="not allowed for this PaymentIntent"):
        _ = await shop.confirm(intent, "pm_sandbox_lateSuccess")
