"""The tree of categories."""

from typing import Any
from uuid import uuid4

import pytest

from catalog.testing import Shop, a_product
from catalog.usecases.relist_products import relist_products
from catalog.usecases.retell_products import retell_products
from wareflow_events.schemas.catalog import ProductChanged

C = "/catalog/v1/categories"


async def make(shop: Shop, name: str, parent: str | None = None, **more: Any) -> dict[str, Any]:
    """A category, made by staff."""
    answer = await shop.staff.post(
        C,
        json={"name": name, "parent_id": parent, **more},
        headers={"Idempotency-Key": uuid4().hex},
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_list_of_a_category_has_what_stands_below_it(shop: Shop) -> None:
    home = await make(shop, "Home")
    kitchen = await make(shop, "Kitchen", home["id"])
    _ = await make(shop, "Garden", home["id"])
    _ = await shop.create(a_product("Mug", categories=["kitchen"]))
    _ = await shop.create(a_product("Spade", categories=["garden"]))

    assert await shop.titles(category="home") == ["Mug", "Spade"]
    assert await shop.titles(category="kitchen") == ["Mug"]
    assert await shop.titles(category="nowhere") == []
    tree = (await shop.get("/categories"))["items"]
    assert [(c["name"], c["depth"]) for c in tree] == [("Home", 1), ("Garden", 2), ("Kitchen", 2)]
    below = (await shop.get("/categories", below=home["id"]))["items"]
    assert [c["name"] for c in below] == ["Garden", "Kitchen"]
    assert (await shop.get("/categories/by-slug/kitchen"))["id"] == kitchen["id"]


async def test_a_category_that_moves_takes_its_products_along(shop: Shop) -> None:
    home = await make(shop, "Home")
    kitchen = await make(shop, "Kitchen", home["id"])
    _ = await make(shop, "Mugs", kitchen["id"])
    sale = await make(shop, "Sale")
    _ = await shop.create(a_product("Mug", categories=["mugs"]))

    moved = await shop.staff.patch(f"{C}/{kitchen['id']}", json={"parent_id": sale["id"]})
    assert moved.status_code == 200, moved.text
    while await relist_products(shop.service.transactions):
        pass

    assert await shop.titles(category="sale") == ["Mug"]
    assert await shop.titles(category="home") == []
    assert await shop.broken_promises() == []
    loop = await shop.staff.patch(f"{C}/{sale['id']}", json={"parent_id": kitchen["id"]})
    assert (loop.status_code, loop.json()["type"]) == (422, "/problems/category-loop")


async def test_products_are_told_anew_when_their_category_has_another_address(shop: Shop) -> None:
    mugs = await make(shop, "Mugs")
    _ = await shop.create(a_product("Mug", categories=["mugs"]))
    _ = await shop.published()

    answer = await shop.staff.patch(f"{C}/{mugs['id']}", json={"slug": "cups"})
    assert answer.json()["slug"] == "cups"
    assert "told anew" in " ".join(await shop.broken_promises())
    assert not await retell_products(shop.service.transactions)

    (event,) = await shop.published()
    assert isinstance(event, ProductChanged)
    assert (event.version, event.categories) == (2, ["cups"])
    assert await shop.broken_promises() == []


async def test_only_an_empty_category_is_removed(shop: Shop) -> None:
    home = await make(shop, "Home")
    mugs = await make(shop, "Mugs", home["id"])
    made = await shop.create(a_product("Mug", categories=["mugs"]))

    assert (await shop.staff.delete(f"{C}/{home['id']}")).status_code == 409
    assert (await shop.staff.delete(f"{C}/{mugs['id']}")).status_code == 409
    _ = await shop.staff.patch(f"/catalog/v1/products/{made['id']}", json={"categories": []})
    assert (await shop.staff.delete(f"{C}/{mugs['id']}")).status_code == 204
    assert (await shop.staff.delete(f"{C}/{home['id']}")).status_code == 204
    assert (await shop.guest.get(f"{C}/{home['id']}")).status_code == 404


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        ({"name": "Cups", "slug": "mugs"}, "category-slug-taken"),
        ({"name": "MUGS", "slug": "other"}, "category-name-taken"),
        ({"name": "Cups", "parent_id": str(uuid4())}, "unknown-category"),
        ({"name": "!!!"}, "unusable-title"),
    ],
)
async def test_a_category_that_cannot_be_is_refused(
    shop: Shop, body: dict[str, Any], slug: str
) -> None:
    _ = await make(shop, "Mugs")

    answer = await shop.staff.post(C, json=body, headers={"Idempotency-Key": "k"})

    assert answer.json()["type"] == f"/problems/{slug}"


async def test_the_tree_is_at_most_ten_deep(shop: Shop) -> None:
    parent: str | None = None
    for depth in range(10):
        parent = (await make(shop, f"Level {depth}", parent))["id"]

    answer = await shop.staff.post(
        C, json={"name": "Too deep", "parent_id": parent}, headers={"Idempotency-Key": "k"}
    )

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/category-too-deep")


async def test_a_change_of_a_category_is_refused_when_somebody_was_faster(shop: Shop) -> None:
    mugs = await make(shop, "Mugs")
    seen = (await shop.guest.get(f"{C}/{mugs['id']}")).headers["ETag"]

    first = await shop.staff.patch(
        f"{C}/{mugs['id']}", json={"position": 3}, headers={"If-Match": seen}
    )
    second = await shop.staff.patch(
        f"{C}/{mugs['id']}", json={"position": 4}, headers={"If-Match": seen}
    )

    assert (first.status_code, second.status_code) == (200, 412)
