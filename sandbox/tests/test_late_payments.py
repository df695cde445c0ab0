"""Payments that take their time."""

import pytest
import stripe

from wareflow_sandbox.testing import Shop, eventually


async def _ended(shop: Shop, intent: stripe.PaymentIntent) -> stripe.PaymentIntent:
    async def probe() -> stripe.PaymentIntent | None:
        now = await shop.again(intent)
        return None if now.status == "processing" else now

    return await eventually(probe)


async def test_a_late_success_is_processing_first(shop: Shop) -> None:
    intent = await shop.paid("pm_sandbox_lateSuccess", expand=["latest_charge"])
    assert (intent.status, intent.amount_received) == ("processing", 0)
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (charge.status, charge.paid) == ("pending", False)
    paid = await _ended(shop, intent)
    assert (paid.status, paid.amount_received) == ("succeeded", 1899)
    assert isinstance(paid.latest_charge, stripe.Charge)
    assert paid.latest_charge.id == charge.id
    assert paid.latest_charge.balance_transaction is not None


async def test_a_late_failure_lets_the_customer_try_again(shop: Shop) -> None:
    intent = await shop.paid("pm_sandbox_lateFailure")
    failed = await _ended(shop, intent)
    assert failed.status == "requires_payment_method"
    assert failed.last_payment_error is not None
    assert failed.last_payment_error.decline_code == "insufficient_funds"
    assert (await shop.confirm(intent)).status == "succeeded"


async def test_money_on_its_way_cannot_be_cancelled(shop: Shop) -> None:
    intent = await shop.paid("pm_sandbox_neverSettles")
    with pytest.raises(stripe.InvalidRequestError, match="status of processing") as refused:
        _ = await shop.client.v1.payment_intents.cancel_async(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"
    with pytest.raises(stripe.InvalidRequestError, match="status of processing"):
        _ = await shop.confirm(intent)


async def test_a_us_bank_account_pays_dollars_only(shop: Shop) -> None:
    late = await shop.paid("pm_usBankAccount_success", currency="usd")
    assert (await _ended(shop, late)).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="us_bank_account"):
        _ = await shop.paid("pm_usBankAccount_success", currency="eur")
