"""A shop with a past: copied in the middle of it, and closed at its end."""

from collections.abc import Generator
from uuid import uuid4

import pytest
from tests.integration.story import new_product
from tests.recovery.lab import Lab, Open

from wareflow_postgres.server import PostgresServer
from wareflow_postgres.testing import test_server


@pytest.fixture(scope="session")
def server() -> Generator[PostgresServer]:
    with test_server() as made:
        yield made


@pytest.fixture(scope="session")
async def lab(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Copies were taken of a busy shop; it went on, settled, and was closed."""
    made = Lab(tmp_path_factory.mktemp("shop"), server)
    async with made.open() as shop:
        await _live(shop, seed=1)
        await made.copy()
        await _live(shop, seed=2)
        await shop.settled()
    return made


async def _live(shop: Open, *, seed: int) -> None:
    """What happens in a shop within minutes."""
    await shop.crowd(20, seed=seed)
    sold = await shop.sell()
    await shop.staff.fulfil(sold.id)
    undone = await shop.sell()
    _ = await shop.shop.cancel(undone)
    _ = await shop.sell()
    await shop.staff.receive(shop.shelf.variants[seed], 7)
    _ = await shop.shop.open_cart(visitor_id=uuid4().hex)
    await _edit(shop, seed)
    await _meet(shop, seed)


async def _edit(shop: Open, seed: int) -> None:
    """The catalogue changes: a new category, a new product in it, and a price."""
    name = f"Novelties {seed}"
    category = await shop.staff.call(
        "POST", "/catalog/v1/categories", json={"name": name}, headers=_once()
    )
    terms = new_product(f"Novelty {seed}", 1200, shipped=True)
    _ = await shop.staff.call(
        "POST",
        "/catalog/v1/products",
        json={**terms, "categories": [category["slug"]]},
        headers=_once(),
    )
    product = (await shop.shop.products(limit=24))[0][seed]
    path = f"/catalog/v1/products/{product['id']}"
    _ = await shop.staff.call("PATCH", path, json={"title": f"Renamed {seed}"})


async def _meet(shop: Open, seed: int) -> None:
    """Somebody registers, is noted as a friend of the house, and somebody else is forgotten."""
    for who in ("ada", "alan"):
        account = {"email": f"{who}.{seed}@example.com", "password": "correct horse battery"}
        opened = (await shop.shop.call("POST", "/crm/v1/accounts", json=account)).json()
        path = f"/crm/v1/customers/{opened['customer_id']}"
        if who == "ada":
            _ = await shop.staff.call(
                "PATCH", path, json={"version": 1, "tags": [f"friend {seed}"]}
            )
        else:
            _ = await shop.staff.call("POST", f"{path}/erasure")


def _once() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}
