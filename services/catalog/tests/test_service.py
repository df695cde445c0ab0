"""The service as a whole: its schema, its contract, its promises, its wiring."""

import importlib.util
from pathlib import Path

import pytest

from catalog.consumers import HANDLERS
from catalog.model import Base, Stock
from catalog.model.definition import ProductTerms
from catalog.testing import Shop, a_csv, a_first_row, a_price, a_product, stock_changed, variant_ids
from catalog.usecases.relist_products import relist_products
from wareflow_kit.database import schema_drift
from wareflow_kit.testing import fresh_database


async def test_the_schema_is_the_sum_of_its_migrations() -> None:
    async with fresh_database("catalog") as url:
        assert await schema_drift("catalog", url, Base.metadata) == []


async def test_the_contract_can_be_read_and_names_each_operation_once(shop: Shop) -> None:
    document = (await shop.guest.get("/catalog/openapi.json")).json()

    operations = [o for path in document["paths"].values() for o in path.values()]
    assert len({o["operationId"] for o in operations}) == len(operations) > 30
    assert all(o["operationId"].startswith("catalog_") for o in operations)
    assert all(o.get("description") for o in operations)


async def test_the_example_in_the_contract_can_be_posted(shop: Shop) -> None:
    (example,) = ProductTerms.model_json_schema()["examples"]

    answer = await shop.staff.post(
        "/catalog/v1/products", json=example, headers={"Idempotency-Key": "example"}
    )

    assert answer.status_code == 201, answer.text


async def test_a_busy_shop_keeps_its_promises(shop: Shop) -> None:
    _ = await shop.bring_in(a_csv(*(a_first_row(f"p{n}", f"P {n}") for n in range(5))))
    made = await shop.create(a_product(sizes=["S", "L"], tracked=True))
    now = shop.clock.now
    sale = a_price(500, valid_from=now.replace(year=now.year + 1))
    variant_id = variant_ids(made)[0]
    answer = await shop.staff.put(
        f"/catalog/v1/variants/{variant_id}/prices", json=[sale.model_dump(mode="json")]
    )
    assert answer.status_code == 200
    await shop.hand.hear(stock_changed(variant_id, 3))
    _ = await shop.staff.delete(f"/catalog/v1/products/{made['id']}")

    assert await shop.broken_promises() == []


BREACHES = {
    "No two prices": "INSERT INTO price SELECT gen_random_uuid(), variant_id, channel, currency,"
    " amount, compare_at, valid_from, valid_to FROM price",
    "Every product has a variant": "DELETE FROM variant",
    "listed in every channel": "DELETE FROM listing",
    "Lists show the prices": "UPDATE listing SET price_min = price_min + 1",
    "Lists show as in stock": "UPDATE listing SET in_stock = NOT in_stock",
    "told anew": "INSERT INTO retell SELECT id FROM product",
    "No product was changed more": "UPDATE product SET version = version + 1",
}


@pytest.mark.parametrize("name", BREACHES)
async def test_a_promise_that_is_broken_shows(shop: Shop, name: str) -> None:
    _ = shop.clock.advance(hours=-1)
    _ = await shop.create(a_product())
    assert await shop.broken_promises() == []

    _ = await shop.sql(BREACHES[name])

    assert any(name in broken for broken in await shop.broken_promises())


def test_each_promise_has_a_test_that_breaks_it() -> None:
    from catalog.checks import CHECKS

    assert all(any(name in check.name for name in BREACHES) for check in CHECKS)


async def test_a_price_that_begins_by_the_clock_is_listed_soon_after(shop: Shop) -> None:
    now = shop.clock.now
    later = now.replace(year=now.year + 1)
    made = await shop.create(a_product(price=1000))
    prices = [a_price(1000), a_price(500, valid_from=later)]
    _ = await shop.staff.put(
        f"/catalog/v1/variants/{variant_ids(made)[0]}/prices",
        json=[price.model_dump(mode="json") for price in prices],
    )
    assert await shop.titles(price_to=500) == []

    shop.clock.now = later
    assert not await relist_products(shop.service.transactions)

    assert await shop.titles(price_to=500) == ["Blue Mug"]


async def test_stock_is_the_same_after_a_rebuild(shop: Shop) -> None:
    made = await shop.create(a_product(tracked=True))
    event = stock_changed(variant_ids(made)[0], 5)
    await shop.hand.hear(event)
    before = await shop.sql("SELECT variant_id, tracked, available, on_hand FROM stock")

    _ = await shop.sql("TRUNCATE stock, inbox, consumer_offset")
    await shop.hand.hear(event)

    after = await shop.sql("SELECT variant_id, tracked, available, on_hand FROM stock")
    assert after == before != []
    assert await shop.titles(in_stock=True) == ["Blue Mug"]


def test_what_is_rebuilt_is_the_copy_of_stock_only() -> None:
    (group,) = HANDLERS
    assert (group.name, list(group.derived)) == ("catalog.stock", [Stock.__table__])


def test_the_package_brings_its_sample_and_its_migrations() -> None:
    spec = importlib.util.find_spec("catalog")
    assert spec is not None
    assert spec.origin is not None
    home = Path(spec.origin).parent
    assert (home / "sample" / "products.csv").is_file()
    assert list((home.parent.parent / "migrations" / "versions").glob("0001_*.py"))
