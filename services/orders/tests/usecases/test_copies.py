"""The copies: any order of topics, any repeat, a rebuild, all give the same rows."""

import itertools
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from orders.consumers import COPIES
from orders.model.ids import VariantId
from orders.model.shelf import Offer
from orders.testing import a_channel, a_price, a_product, a_variant, eur, removed, stock_of
from orders.views.shelf import shelf
from wareflow_events.event import Event
from wareflow_events.schemas.catalog import Media
from wareflow_kit.service import Service
from wareflow_kit.testing import Hand

Hear = Callable[..., Awaitable[None]]


async def rows(engine: AsyncEngine) -> dict[str, list[Any]]:
    """Everything that is derived, but for the numbers of the events it came from."""
    async with engine.connect() as connection:
        found: dict[str, list[Any]] = {}
        for table in COPIES.derived:
            query = f"SELECT to_jsonb(t) - 'sequence' FROM {table.name} t ORDER BY t"
            found[table.name] = list((await connection.execute(text(query))).scalars())
    return found


async def offer(service: Service, variant_id: UUID) -> Offer | None:
    async with service.transactions.begin() as tx:
        offered = await shelf(tx.session, "default", [VariantId(variant_id)], now=tx.now)
    return offered[VariantId(variant_id)]


async def test_a_run_of_states_leaves_the_last_of_each_product(
    service: Service, hear: Hear
) -> None:
    mug, product_id = a_variant(), uuid4()
    cheaper = mug.model_copy(update={"prices": [a_price(999)]})
    await hear(
        a_channel(),
        a_product(mug, product_id=product_id),
        a_product(cheaper, product_id=product_id, version=2, title="Cup"),
    )
    found = await offer(service, mug.variant_id)
    assert found is not None
    assert (found.price, found.title, found.product_version) == (eur(999), "Cup", 2)


async def test_a_variant_that_its_product_has_no_more_is_not_offered(
    service: Service, hear: Hear
) -> None:
    kept, dropped, product_id = a_variant(), a_variant(sku="MUG-RED"), uuid4()
    await hear(a_channel(), a_product(kept, dropped, product_id=product_id))
    await hear(a_product(kept, product_id=product_id, version=2))
    first, second = await offer(service, kept.variant_id), await offer(service, dropped.variant_id)
    assert first is not None
    assert first.active
    assert second is not None
    assert not second.active


@pytest.mark.parametrize("change", [{"status": "draft"}, {"channels": ["wholesale"]}])
async def test_a_product_that_is_not_sold_here_is_not_offered(
    service: Service, hear: Hear, change: dict[str, Any]
) -> None:
    variant = a_variant()
    await hear(a_channel(), a_product(variant, **change))
    found = await offer(service, variant.variant_id)
    assert found is not None
    assert not found.active


async def test_a_removed_product_is_not_offered_and_can_come_back(
    service: Service, hear: Hear
) -> None:
    variant = a_variant()
    product = a_product(variant)
    await hear(a_channel(), product, removed(product))
    gone = await offer(service, variant.variant_id)
    await hear(product.model_copy(update={"version": 3}))
    back = await offer(service, variant.variant_id)
    assert gone is not None
    assert back is not None
    assert (gone.active, back.active) == (False, True)


async def test_a_variant_shows_its_own_picture_or_its_products(
    service: Service, hear: Hear
) -> None:
    own, plain, given = a_variant(), a_variant(), a_variant(image_url="https://img/given")
    media = [
        Media(media_id=uuid4(), url="https://img/own", position=2, variant_ids=[own.variant_id]),
        Media(media_id=uuid4(), url="https://img/all", position=1),
    ]
    await hear(a_channel(), a_product(own, plain, given, media=media))
    found = [await offer(service, variant.variant_id) for variant in (own, plain, given)]
    pictures = [one.image_url for one in found if one is not None]
    assert pictures == ["https://img/own", "https://img/all", "https://img/given"]


async def test_stock_that_nobody_spoke_of_is_none(service: Service, hear: Hear) -> None:
    variant, uncounted = a_variant(), a_variant(tracked=False)
    await hear(a_channel(), a_product(variant, uncounted))
    counted, free = (
        await offer(service, variant.variant_id),
        await offer(service, uncounted.variant_id),
    )
    assert counted is not None
    assert free is not None
    assert not counted.availability.covers(1)
    assert free.availability.covers(1)


def _history() -> list[list[Event]]:
    """A history per topic; each is in order, the topics among each other are not."""
    mug, bowl, product_id = a_variant(), a_variant(), uuid4()
    return [
        [
            a_product(mug, bowl, product_id=product_id),
            a_product(mug, product_id=product_id, version=2, title="Cup"),
        ],
        [a_channel(), a_channel(countries=("FR",), version=2)],
        [stock_of(mug.variant_id, 5), stock_of(bowl.variant_id, 1), stock_of(mug.variant_id, 4)],
    ]


async def test_any_order_of_topics_gives_the_same_rows(service: Service, hear: Hear) -> None:
    history = _history()
    outcomes: list[dict[str, list[Any]]] = []
    for order in itertools.permutations(history):
        await empty(service)
        await hear(*itertools.chain(*order))
        outcomes.append(await rows(service.engine))
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert all(outcomes[0].values())


async def test_word_that_is_older_than_what_is_known_changes_nothing(
    service: Service, hear: Hear
) -> None:
    history = _history()
    await hear(*itertools.chain(*history))
    known = await rows(service.engine)
    # A hand of its own numbers its events from 1 again: to the copies they are old.
    stale = Hand(service.transactions, COPIES)
    for topic in history:
        await stale.hear(topic[0])
    assert await rows(service.engine) == known


async def test_a_rebuild_gives_the_same_rows(service: Service, hear: Hear) -> None:
    history: Sequence[Event] = list(itertools.chain(*_history()))
    await hear(*history)
    known = await rows(service.engine)
    await empty(service)
    again = Hand(service.transactions, COPIES)
    for event in history:
        await again.hear(event)
    assert await rows(service.engine) == known


async def empty(service: Service) -> None:
    names = ", ".join(table.name for table in COPIES.derived)
    async with service.engine.begin() as connection:
        _ = await connection.execute(text(f"TRUNCATE {names}"))
