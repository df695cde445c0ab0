"""Money that goes back."""

import asyncio

import pytest
import stripe

from wareflow_sandbox.testing import Shop, error_of, eventually


async def _ended(shop: Shop, refund: stripe.Refund, status: str) -> stripe.Refund:
    async def probe() -> stripe.Refund | None:
        now = await shop.client.v1.refunds.retrieve_async(refund.id)
        return now if now.status == status else None

    return await eventually(probe)


async def _charge(shop: Shop, intent: stripe.PaymentIntent) -> stripe.Charge:
    charge = (await shop.again(intent)).latest_charge
    assert isinstance(charge, stripe.Charge)
    return charge


async def test_a_refund_gives_everything_back(shop: Shop) -> None:
    intent = await shop.paid()
    refund = await shop.refund(
        intent, reason="requested_by_customer", metadata={"refund_id": "r-1"}
    )
    assert (refund.status, refund.amount, refund.currency) == ("succeeded", 1899, "eur")
    assert (refund.payment_intent, refund.reason) == (intent.id, "requested_by_customer")
    charge = await _charge(shop, intent)
    assert (charge.refunded, charge.amount_refunded) == (True, 1899)
    assert (await shop.again(intent)).status == "succeeded"


async def test_parts_are_refunded_until_nothing_is_left(shop: Shop) -> None:
    intent = await shop.paid()
    _ = await shop.refund(intent, amount=1000)
    assert (await _charge(shop, intent)).refunded is False
    with pytest.raises(stripe.InvalidRequestError) as refused:
        _ = await shop.refund(intent, amount=900)
    assert str(error_of(refused.value)["message"]) == (
        "Refund amount (€9.00) is greater than unrefunded amount on charge (€8.99)"
    )
    rest = await shop.refund(intent)
    assert rest.amount == 899
    with pytest.raises(stripe.InvalidRequestError) as refused:
        _ = await shop.refund(intent, amount=1)
    assert refused.value.code == "charge_already_refunded"
    refunds = await shop.client.v1.refunds.list_async({"payment_intent": intent.id})
    assert [refund.amount for refund in refunds.data] == [899, 1000]


async def test_refunds_in_a_race_never_exceed_what_was_captured(shop: Shop) -> None:
    intent = await shop.paid()

    async def some() -> int:
        try:
            return (await shop.refund(intent, amount=500)).amount
        except stripe.InvalidRequestError:
            return 0

    given = await asyncio.gather(*(some() for _ in range(8)))
    assert sorted(given) == [0, 0, 0, 0, 0, 500, 500, 500]
    assert (await _charge(shop, intent)).amount_refunded == 1500


async def test_a_refund_may_name_the_charge_instead(shop: Shop) -> None:
    charge = await _charge(shop, await shop.paid())
    refund = await shop.client.v1.refunds.create_async({"charge": charge.id, "amount": 100})
    assert (refund.charge, refund.amount) == (charge.id, 100)


async def test_what_was_not_paid_cannot_be_refunded(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        _ = await shop.refund(await shop.intent())
    held = await shop.paid(capture_method="manual")
    with pytest.raises(stripe.InvalidRequestError, match="has not been captured"):
        _ = await shop.refund(held)
    with pytest.raises(stripe.InvalidRequestError, match="No such payment_intent"):
        _ = await shop.client.v1.refunds.create_async({"payment_intent": "pi_nobody"})
    with pytest.raises(stripe.InvalidRequestError, match="should be provided"):
        _ = await shop.client.v1.refunds.create_async({"amount": 5})


async def test_a_pending_refund_arrives_later(shop: Shop) -> None:
    intent = await shop.paid("pm_card_pendingRefund")
    refund = await shop.refund(intent, amount=1000)
    assert (refund.status, refund.pending_reason) == ("pending", "processing")
    assert (await _charge(shop, intent)).amount_refunded == 1000
    assert (await _ended(shop, refund, "succeeded")).amount == 1000


async def test_a_refund_that_fails_later_gives_the_money_back_to_the_shop(shop: Shop) -> None:
    intent = await shop.paid("pm_card_refundFail")
    refund = await shop.refund(intent, amount=1000)
    assert refund.status == "succeeded"
    failed = await _ended(shop, refund, "failed")
    assert failed.failure_reason == "expired_or_canceled_card"
    assert failed.failure_balance_transaction is not None
    assert (await _charge(shop, intent)).amount_refunded == 0


async def test_the_notes_of_a_refund_may_change(shop: Shop) -> None:
    refund = await shop.refund(await shop.paid())
    changed = await shop.client.v1.refunds.update_async(refund.id, {"metadata": {"a": "b"}})
    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {"a": "b"}


async def test_the_balance_is_what_came_in_less_the_fee_and_what_went_back(shop: Shop) -> None:
    intent = await shop.paid(amount=10_000)
    refund = await shop.refund(intent, amount=2_500, expand=["balance_transaction"])
    charge = await shop.client.v1.charges.retrieve_async(
        (await _charge(shop, intent)).id, {"expand": ["balance_transaction"]}
    )
    came, went = charge.balance_transaction, refund.balance_transaction
    assert isinstance(came, stripe.BalanceTransaction)
    assert isinstance(went, stripe.BalanceTransaction)
    assert (came.type, came.amount, came.fee, came.net) == ("charge", 10_000, 165, 9_835)
    assert (went.type, went.amount, went.fee, went.net) == ("refund", -2_500, 0, -2_500)
    listed = await shop.client.v1.balance_transactions.list_async({"source": charge.id})
    assert [transaction.id for transaction in listed.data] == [came.id]
