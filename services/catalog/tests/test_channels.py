"""Sales channels, and prices in them."""

import asyncio
from typing import Any

from catalog.main import build
from catalog.settings import Settings
from catalog.testing import Shop, a_price, a_product, variant_ids
from catalog.usecases.relist_products import relist_products
from wareflow_events.schemas.catalog import ChannelChanged
from wareflow_kit.testing import Unplugged, client, fresh_database, published, settings_for

C = "/catalog/v1/channels"


async def test_a_shop_starts_with_its_default_channel(shop: Shop) -> None:
    (event,) = await shop.published()
    assert isinstance(event, ChannelChanged)
    assert (event.channel, event.currency, event.locale, event.version) == (
        "default", "EUR", "en", 1,
    )  # fmt: skip
    assert (event.prices_include_tax, event.time_zone) == (True, "Europe/Berlin")
    assert "DE" in event.countries
    channel = await shop.get("/channels/default")
    assert channel["currency"] == "EUR"


async def test_many_starters_open_the_default_channel_once() -> None:
    async with fresh_database("catalog") as url:
        settings = settings_for(Settings, url, channel_currency="CHF", channel_locale="de")
        services = [build(settings, broker=Unplugged()) for _ in range(3)]

        async def start_and_stop(number: int) -> None:
            async with client(services[number]):
                pass

        _ = await asyncio.gather(*(start_and_stop(number) for number in range(3)))
        events = await published(services[0].engine)
        for service in services:
            await service.close()

    assert [type(event) for event in events] == [ChannelChanged]
    assert isinstance(events[0], ChannelChanged)
    assert (events[0].currency, events[0].locale) == ("CHF", "de")


async def test_a_product_has_prices_of_its_own_in_another_channel(shop: Shop) -> None:
    terms = (await shop.get("/channels/default")) | {"name": "Swiss", "currency": "CHF"}
    body = {k: v for k, v in terms.items() if k not in {"id", "version"}}
    _ = await shop.create(a_product("Hat", price=500))
    made = await shop.create(a_product("Mug", price=1000))
    opened = await shop.staff.put(f"{C}/swiss", json=body)
    assert (opened.status_code, opened.json()["version"]) == (200, 1)
    prices = [
        a_price(1000).model_dump(mode="json"),
        {"channel": "swiss", "price": {"amount": 1200, "currency": "CHF"}},
    ]
    put = await shop.staff.put(f"/catalog/v1/variants/{variant_ids(made)[0]}/prices", json=prices)
    assert put.status_code == 200, put.text

    swiss = (await shop.get("/products", channel="swiss"))["items"]
    assert [(p["title"], p["price_min"]) for p in swiss] == [
        ("Mug", {"amount": 1200, "currency": "CHF"})
    ]
    assert await shop.titles() == ["Hat", "Mug"]
    told = (await shop.published())[-1]
    assert told.model_dump()["channels"] == ["default", "swiss"]
    assert await shop.broken_promises() == []


async def test_a_change_of_terms_is_told_and_the_same_terms_are_not(shop: Shop) -> None:
    _ = await shop.published()
    read = await shop.guest.get(f"{C}/default")
    body = {k: v for k, v in read.json().items() if k not in {"id", "version"}}
    seen = {"If-Match": read.headers["ETag"]}

    same = await shop.staff.put(f"{C}/default", json=body, headers=seen)
    changed = await shop.staff.put(f"{C}/default", json=body | {"active": False}, headers=seen)
    late = await shop.staff.put(f"{C}/default", json=body, headers=seen)

    statuses = (same.status_code, changed.status_code, late.status_code)
    assert statuses == (200, 200, 412)
    (event,) = await shop.published()
    assert isinstance(event, ChannelChanged)
    assert (event.active, event.version) == (False, 2)


async def test_terms_that_cannot_be_are_refused(shop: Shop) -> None:
    body = (await shop.get("/channels/default")).copy()
    del body["id"], body["version"]
    wrongs: list[dict[str, Any]] = [
        {"currency": "ZZZ"},
        {"currency": "eur"},
        {"time_zone": "Mars/Olympus"},
        {"countries": []},
        {"countries": ["Germany"]},
        {"locale": "english"},
    ]
    for wrong in wrongs:
        answer = await shop.staff.put(f"{C}/default", json=body | wrong)
        assert answer.status_code == 422, wrong


async def test_prices_in_another_currency_show_once_the_channel_sells_in_it(shop: Shop) -> None:
    francs = a_price(1200).model_dump(mode="json") | {"price": {"amount": 1200, "currency": "CHF"}}
    made = await shop.create(a_product("Mug", price=1000))
    prices = [a_price(1000).model_dump(mode="json"), francs]
    _ = await shop.staff.put(f"/catalog/v1/variants/{variant_ids(made)[0]}/prices", json=prices)
    assert (await shop.get("/products"))["items"][0]["price_min"]["currency"] == "EUR"

    body = (await shop.get("/channels/default")) | {"currency": "CHF"}
    del body["id"], body["version"]
    assert (await shop.staff.put(f"{C}/default", json=body)).status_code == 200
    assert not await relist_products(shop.service.transactions)

    assert (await shop.get("/products"))["items"][0]["price_min"] == {
        "amount": 1200,
        "currency": "CHF",
    }
    assert await shop.titles(price_from=1100) == ["Mug"]
    assert await shop.broken_promises() == []


async def test_products_made_while_a_channel_opens_are_listed_in_it(shop: Shop) -> None:
    body = (await shop.get("/channels/default")).copy()
    del body["id"], body["version"]

    answers = await asyncio.gather(
        *(shop.create(a_product(f"Mug {n}")) for n in range(4)),
        *(shop.staff.put(f"{C}/channel-{n}", json=body) for n in range(3)),
    )

    assert len(answers) == 7
    assert await shop.broken_promises() == []
