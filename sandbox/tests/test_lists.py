"""Lists: newest first, paged by cursors, filtered by time."""

from datetime import UTC, datetime

import pytest
import stripe

from wareflow_events.testing import FixedClock
from wareflow_kit.testing import fresh_database, settings_for
from wareflow_sandbox.settings import Settings
from wareflow_sandbox.testing import Shop, open_shop, running_sandbox


async def test_pages_follow_each_other_and_say_when_they_end(shop: Shop) -> None:
    made = [(await shop.intent(amount=100 + number)).id for number in range(5)][::-1]
    intents = shop.client.v1.payment_intents
    first = await intents.list_async({"limit": 2})
    assert [intent.id for intent in first.data] == made[:2]
    assert first.has_more is True
    second = await intents.list_async({"limit": 2, "starting_after": made[1]})
    assert [intent.id for intent in second.data] == made[2:4]
    back = await intents.list_async({"limit": 1, "ending_before": made[2]})
    assert [intent.id for intent in back.data] == [made[1]]
    newest = await intents.list_async({"limit": 2, "ending_before": made[1]})
    assert [intent.id for intent in newest.data] == [made[0]]
    assert newest.has_more is False


async def test_stripes_client_walks_through_all_pages(shop: Shop) -> None:
    intent = await shop.paid(amount=10_000)
    for _ in range(5):
        _ = await shop.refund(intent, amount=100)
    page = await shop.client.v1.refunds.list_async({"payment_intent": intent.id, "limit": 2})
    found = [refund.id async for refund in page.auto_paging_iter()]
    assert len(found) == len(set(found)) == 5


async def test_a_list_is_filtered_by_the_second_in_which_something_was_made() -> None:
    clock = FixedClock(datetime(2026, 5, 1, 12, 0, 0, 250_000, tzinfo=UTC))
    noon = int(datetime(2026, 5, 1, 12, tzinfo=UTC).timestamp())
    async with (
        fresh_database("wareflow_sandbox") as url,
        running_sandbox(settings_for(Settings, url), clock=clock) as running,
        open_shop(running.url) as shop,
    ):
        for _ in range(4):
            _ = await shop.intent()
            _ = clock.advance(seconds=1)
        intents = shop.client.v1.payment_intents

        async def made(**created: int) -> list[int]:
            listed = await intents.list_async({"created": created})  # pyright: ignore[reportArgumentType]
            return [intent.created - noon for intent in listed.data]

        assert await made(gte=noon + 1, lt=noon + 3) == [2, 1]
        assert await made(gt=noon + 1) == [3, 2]
        assert await made(lte=noon) == [0]
        exactly = await intents.list_async({"created": noon + 2})
        assert [intent.created - noon for intent in exactly.data] == [2]


async def test_events_are_listed_by_kind(shop: Shop) -> None:
    intent = await shop.paid()
    events = shop.client.v1.events
    charged = await events.list_async({"type": "charge.*", "limit": 1})
    assert charged.data[0].type == "charge.succeeded"
    kinds = ["payment_intent.created", "payment_intent.succeeded"]
    both = await events.list_async({"types": kinds, "limit": 2})
    assert [event.type for event in both.data] == kinds[::-1]
    one = await events.retrieve_async(both.data[0].id)
    assert one.data.object["id"] == intent.id


async def test_what_is_expanded_in_a_list_is_expanded_in_each(shop: Shop) -> None:
    for _ in range(2):
        _ = await shop.paid()
    listed = await shop.client.v1.payment_intents.list_async(
        {"limit": 2, "expand": ["data.latest_charge.balance_transaction", "data.payment_method"]}
    )
    for intent in listed.data:
        assert isinstance(intent.latest_charge, stripe.Charge)
        assert isinstance(intent.latest_charge.balance_transaction, stripe.BalanceTransaction)
        assert isinstance(intent.payment_method, stripe.PaymentMethod)


@pytest.mark.parametrize("field", ["customer", "latest_charge.card", "nonsense"])
async def test_what_cannot_be_expanded_is_refused_before_anything_happens(
    shop: Shop, field: str
) -> None:
    before = await shop.client.v1.payment_intents.list_async({"limit": 1})
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        _ = await shop.intent(expand=[field])
    after = await shop.client.v1.payment_intents.list_async({"limit": 1})
    assert [each.id for each in before.data] == [each.id for each in after.data]
