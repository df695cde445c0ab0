"""Cards whose bank wants to ask the customer."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import stripe

from wareflow_kit.testing import fresh_database, settings_for
from wareflow_sandbox.settings import Settings
from wareflow_sandbox.testing import BACK, Browser, Shop, error_of, open_shop, running_sandbox

CARD = "pm_card_threeDSecure2Required"


async def test_the_bank_asks_on_a_page_and_a_yes_pays(shop: Shop) -> None:
    intent = await shop.intent()
    asked = await shop.confirm(intent, CARD)
    assert (asked.status, asked.amount_received) == ("requires_action", 0)
    assert asked.next_action is not None
    assert asked.next_action.redirect_to_url is not None
    page = asked.next_action.redirect_to_url.url or ""
    async with httpx.AsyncClient(trust_env=False) as http:
        shown = await http.get(page)
        assert "€18.99" in shown.text
        answered = await http.post(f"{page}/approve")
    assert answered.status_code == 303
    back = urlsplit(answered.headers["location"])
    assert answered.headers["location"].startswith(BACK)
    assert parse_qs(back.query)["redirect_status"] == ["succeeded"]
    paid = await shop.again(intent)
    assert (paid.status, paid.next_action) == ("succeeded", None)
    charge = paid.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert charge.payment_method_details is not None
    assert charge.payment_method_details.card is not None
    secure = charge.payment_method_details.card.three_d_secure
    assert secure is not None
    assert secure.result == "authenticated"


async def test_the_page_is_where_browsers_reach_the_sandbox() -> None:
    async with fresh_database("wareflow_sandbox") as url:
        settings = settings_for(Settings, url, public_url="https://shop.example/sandbox/")
        async with running_sandbox(settings) as running, open_shop(running.url) as shop:
            asked = await shop.paid(CARD)
    assert asked.next_action is not None
    assert asked.next_action.redirect_to_url is not None
    assert asked.next_action.redirect_to_url.url == f"https://shop.example/sandbox/3ds/{asked.id}"


async def test_a_no_fails_the_attempt_and_the_customer_may_try_again(
    shop: Shop, browser: Browser
) -> None:
    intent = await shop.intent()
    response = await browser.pay(intent.client_secret or "", CARD, use_stripe_sdk="true")
    assert response.json()["status"] == "requires_action"
    assert response.json()["next_action"]["type"] == "use_stripe_sdk"
    _ = await browser.answer_bank(intent.client_secret or "", approve=False)
    failed = await shop.again(intent)
    assert failed.status == "requires_payment_method"
    assert failed.last_payment_error is not None
    assert failed.last_payment_error.code == "payment_intent_authentication_failure"
    assert failed.latest_charge is None
    assert (await shop.confirm(intent)).status == "succeeded"


async def test_a_card_may_be_declined_after_the_yes(shop: Shop, browser: Browser) -> None:
    intent = await shop.intent()
    _ = await shop.confirm(intent, "pm_card_threeDSecureRequiredChargeDeclined")
    _ = await browser.answer_bank(intent.client_secret or "")
    failed = await shop.again(intent)
    assert failed.last_payment_error is not None
    assert failed.last_payment_error.code == "card_declined"


async def test_an_answer_to_no_question_changes_nothing(shop: Shop, browser: Browser) -> None:
    intent = await shop.paid()
    response = await browser.answer_bank(intent.client_secret or "", approve=False)
    assert response.status_code == 400
    assert (await shop.again(intent)).status == "succeeded"
    assert (await browser.answer_bank("pi_nobody_secret_x")).status_code == 404


async def test_a_question_is_withdrawn_by_a_cancel(shop: Shop, browser: Browser) -> None:
    intent = await shop.intent()
    _ = await shop.confirm(intent, CARD)
    _ = await shop.client.v1.payment_intents.cancel_async(intent.id)
    assert (await browser.answer_bank(intent.client_secret or "")).status_code == 400
    assert (await shop.again(intent)).status == "canceled"


async def test_without_the_customer_the_attempt_fails_at_once(shop: Shop) -> None:
    with pytest.raises(stripe.CardError) as declined:
        _ = await shop.paid(CARD, off_session=True)
    assert error_of(declined.value)["decline_code"] == "authentication_required"
