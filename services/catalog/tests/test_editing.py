"""What staff change, and what the world hears of it."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from catalog.model.definition import MediaTerms, VariantTerms
from catalog.testing import Shop, a_price, a_product, variant_ids
from wareflow_events.schemas.catalog import ProductChanged, ProductRemoved
from wareflow_events.schemas.shapes import Money

P = "/catalog/v1/products"
V = "/catalog/v1/variants"


def key() -> dict[str, str]:
    """A fresh idempotency key."""
    return {"Idempotency-Key": uuid4().hex}


async def test_a_new_product_is_told_with_its_full_state(shop: Shop) -> None:
    _ = await shop.published()
    terms = a_product(
        "Blue Mug",
        sizes=["S", "L"],
        description="<p>Good</p><script>alert(1)</script>",
        vendor="Acme",
        tags=["new"],
        metadata={"season": "all"},
        media=[MediaTerms(url="https://example.com/l.jpg", variants=["BLUE-MUG-L"])],
    )
    made = await shop.create(terms)

    (event,) = await shop.published()
    assert isinstance(event, ProductChanged)
    assert (event.product_id, event.version) == (UUID(made["id"]), 1)
    assert (event.slug, event.status, event.channels) == ("blue-mug", "active", ["default"])
    assert event.description == "<p>Good</p>"
    assert event.metadata == {"season": "all"}
    small, large = event.variants
    assert (small.sku, small.title, small.options) == ("BLUE-MUG-S", "S", {"Size": "S"})
    assert small.prices[0].price == Money(amount=1999, currency="EUR")
    assert (small.image_url, large.image_url) == (None, "https://example.com/l.jpg")
    assert event.published_at == event.updated_at == shop.clock.now


async def test_a_change_raises_the_version_and_the_same_again_tells_nothing(shop: Shop) -> None:
    made = await shop.create(a_product())
    _ = await shop.published()
    address = f"{P}/{made['id']}"

    changed = await shop.staff.patch(address, json={"title": "Red Mug"})
    again = await shop.staff.patch(address, json={"title": "Red Mug"})

    assert (changed.json()["version"], again.json()["version"]) == (2, 2)
    (event,) = await shop.published()
    assert isinstance(event, ProductChanged)
    assert (event.version, event.title, event.slug) == (2, "Red Mug", "blue-mug")


async def test_a_change_is_refused_when_somebody_else_was_faster(shop: Shop) -> None:
    made = await shop.create(a_product())
    address = f"{P}/{made['id']}"
    seen = (await shop.staff.get(f"{address}/terms")).headers["ETag"]

    first = await shop.staff.patch(address, json={"vendor": "A"}, headers={"If-Match": seen})
    second = await shop.staff.patch(address, json={"vendor": "B"}, headers={"If-Match": seen})
    third = await shop.staff.patch(
        address, json={"vendor": "B"}, headers={"If-Match": first.headers["ETag"]}
    )

    assert (first.status_code, second.status_code, third.status_code) == (200, 412, 200)


async def test_terms_that_are_put_back_as_they_were_read_change_nothing(shop: Shop) -> None:
    made = await shop.create(
        a_product(sizes=["S", "L"], media=[MediaTerms(url="https://example.com/a.jpg")])
    )
    _ = await shop.published()
    address = f"{P}/{made['id']}/terms"

    read = (await shop.staff.get(address)).json()
    _ = shop.clock.advance(hours=1)
    put = await shop.staff.put(address, json=read["terms"])

    assert put.status_code == 200, put.text
    assert put.json()["version"] == 1
    assert await shop.published() == []


async def test_variants_keep_their_ids_whatever_else_changes(shop: Shop) -> None:
    made = await shop.create(a_product(sizes=["S", "L"]))
    small, large = variant_ids(made)
    terms = made["terms"]
    for variant in terms["variants"]:
        del variant["id"]
    terms["variants"].reverse()
    terms["variants"][0]["options"] = {"Size": "XL"}

    put = await shop.staff.put(f"{P}/{made['id']}/terms", json=terms)

    assert put.status_code == 200, put.text
    assert variant_ids(put.json()) == [large, small]
    assert put.json()["terms"]["options"] == [{"name": "Size", "values": ["S", "XL"]}]


async def test_two_variants_can_swap_their_skus(shop: Shop) -> None:
    made = await shop.create(a_product(sizes=["S", "L"]))
    first, second = made["terms"]["variants"]
    first["sku"], second["sku"] = second["sku"], first["sku"]

    answer = await shop.staff.patch(f"{P}/{made['id']}", json={"variants": [first, second]})

    assert answer.status_code == 200, answer.text
    skus = [variant["sku"] for variant in answer.json()["terms"]["variants"]]
    assert skus == ["BLUE-MUG-L", "BLUE-MUG-S"]


async def test_a_label_that_another_product_has_is_refused(shop: Shop) -> None:
    _ = await shop.create(a_product("Mug"))
    hat = await shop.create(a_product("Hat"))

    slug = await shop.staff.patch(f"{P}/{hat['id']}", json={"slug": "mug"})
    sku = await shop.staff.patch(f"{V}/{variant_ids(hat)[0]}", json={"sku": "MUG"})

    assert (slug.status_code, slug.json()["type"]) == (409, "/problems/slug-taken")
    assert (sku.status_code, sku.json()["sku"]) == (409, "MUG")


async def test_a_made_sku_gives_way_to_one_that_is_there(shop: Shop) -> None:
    _ = await shop.create(a_product("Hat", variants=[VariantTerms(sku="MUG")]))
    mug = await shop.create(a_product("Mug"))

    sku = mug["terms"]["variants"][0]["sku"]
    assert sku.startswith("MUG-")
    assert len(sku) == len("MUG-") + 8


@pytest.mark.parametrize(
    "wrong",
    [
        {"options": [{"name": "Size"}, {"name": "size"}]},
        {"variants": [{"options": {"Size": "S"}}, {"options": {"Size": "S"}}]},
        {"variants": [{"options": {"Size": "S"}}, {"options": {"Color": "S"}}]},
        {"variants": [{"id": str(uuid4())}]},
        {"variants": []},
        {"media": [{"url": "javascript:alert(1)"}]},
        {"media": [{"url": "https://e.com/a"}, {"url": "https://e.com/a"}]},
        {"media": [{"url": "https://e.com/a", "variants": ["nobody"]}]},
        {"categories": ["nowhere"]},
        {"title": ""},
        {"title": "a\x00b"},
        {"slug": "not a slug"},
        {"variants": [{"prices": [{"price": {"amount": -1, "currency": "EUR"}}]}]},
        {"variants": [{"prices": [{"price": {"amount": 1, "currency": "XXX"}}]}]},
        {
            "variants": [
                {"prices": [{"channel": "moon", "price": {"amount": 1, "currency": "EUR"}}]}
            ]
        },
        {"unknown": 1},
    ],
)
async def test_what_cannot_be_is_refused_and_leaves_nothing(
    shop: Shop, wrong: dict[str, Any]
) -> None:
    _ = await shop.published()

    answer = await shop.staff.post(P, json={"title": "Mug", **wrong}, headers=key())

    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert await shop.sql("SELECT * FROM product") == []
    assert await shop.published() == []


async def test_a_product_that_no_event_can_carry_is_refused(shop: Shop) -> None:
    answer = await shop.staff.post(
        P,
        json={
            "title": "Mug",
            "variants": [
                {"options": {"No": str(n)}, "tax_code": "x" * 255, "barcode": "y" * 255}
                for n in range(1000)
            ],
            "description": "é" * 190_000,
        },
        headers=key(),
    )

    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/product-too-large")
    assert await shop.sql("SELECT * FROM product") == []


async def test_a_repeated_request_makes_one_product(shop: Shop) -> None:
    headers = key()
    first = await shop.staff.post(P, json={"title": "Mug"}, headers=headers)
    again = await shop.staff.post(P, json={"title": "Mug"}, headers=headers)
    other = await shop.staff.post(P, json={"title": "Hat"}, headers=headers)

    assert first.json() == again.json()
    assert other.status_code == 422
    assert first.headers["Location"] == f"{P}/{first.json()['id']}"


async def test_only_staff_with_the_scope_may_change(shop: Shop) -> None:
    from wareflow_kit.testing import customer_token, staff_token

    made = await shop.create(a_product())
    tokens = (None, customer_token(), staff_token("catalog:read"), staff_token("orders:write"))
    statuses: list[int] = []
    for token in tokens:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = await shop.guest.patch(f"{P}/{made['id']}", json={}, headers=headers)
        statuses.append(answer.status_code)

    assert statuses == [401, 403, 403, 403]
    assert (await shop.guest.get(f"{P}/{made['id']}/terms")).status_code == 401


async def test_a_removed_product_is_told_and_gone(shop: Shop) -> None:
    made = await shop.create(a_product())
    _ = await shop.published()

    gone = await shop.staff.delete(f"{P}/{made['id']}")
    again = await shop.staff.delete(f"{P}/{made['id']}")

    assert (gone.status_code, again.status_code) == (204, 404)
    (event,) = await shop.published()
    assert isinstance(event, ProductRemoved)
    assert (event.version, event.title) == (2, "Blue Mug")
    for table in ("variant", "price", "listing", "search_document", "media"):
        assert await shop.sql(f"SELECT * FROM {table}") == []


async def test_every_change_leaves_an_audit_row_with_what_differs(shop: Shop) -> None:
    made = await shop.create(a_product())
    _ = shop.clock.advance(seconds=1)
    _ = await shop.staff.patch(f"{P}/{made['id']}", json={"vendor": "Acme"})

    rows = await shop.sql("SELECT action, actor, before, after FROM audit_entry ORDER BY id")
    assert [row.action for row in rows] == ["product.create", "product.change"]
    assert (rows[1].actor, rows[1].before, rows[1].after) == (
        "ada", {"vendor": ""}, {"vendor": "Acme"},
    )  # fmt: skip


async def test_variants_come_and_go(shop: Shop) -> None:
    made = await shop.create(a_product(sizes=["S"]))
    headers = key()
    body = {"options": {"Size": "L"}, "prices": [a_price(2499).model_dump(mode="json")]}

    added = await shop.staff.post(f"{P}/{made['id']}/variants", json=body, headers=headers)
    again = await shop.staff.post(f"{P}/{made['id']}/variants", json=body, headers=headers)
    assert added.status_code == 201, added.text
    assert again.json() == added.json()
    small, large = variant_ids(added.json())

    patched = await shop.staff.patch(f"{V}/{large}", json={"barcode": "4006381333931"})
    cleared = await shop.staff.patch(f"{V}/{large}", json={"barcode": None, "sku": None})
    assert patched.json()["terms"]["variants"][1]["barcode"] == "4006381333931"
    assert cleared.json()["terms"]["variants"][1]["barcode"] is None
    assert cleared.json()["terms"]["variants"][1]["sku"] == "BLUE-MUG-L"

    first = await shop.staff.delete(f"{V}/{small}")
    last = await shop.staff.delete(f"{V}/{large}")
    unknown = await shop.staff.delete(f"{V}/{small}")
    assert (first.status_code, last.status_code, unknown.status_code) == (200, 409, 404)


async def test_a_variant_that_goes_leaves_its_pictures(shop: Shop) -> None:
    media = [MediaTerms(url="https://example.com/a.jpg", variants=["BLUE-MUG-S", "BLUE-MUG-L"])]
    made = await shop.create(a_product(sizes=["S", "L"], media=media))
    small, large = variant_ids(made)

    answer = await shop.staff.delete(f"{V}/{small}")

    assert answer.json()["terms"]["media"][0]["variants"] == [str(large)]


async def test_prices_that_were_are_kept(shop: Shop) -> None:
    made = await shop.create(a_product(price=1000))
    variant_id = variant_ids(made)[0]
    for amount in (1100, 1200):
        _ = shop.clock.advance(days=1)
        prices = [a_price(amount).model_dump(mode="json")]
        _ = await shop.staff.put(f"{V}/{variant_id}/prices", json=prices)

    first = (await shop.staff.get(f"{V}/{variant_id}/prices?limit=2")).json()
    rest = await shop.staff.get(f"{V}/{variant_id}/prices?limit=2&after={first['next']}")

    history = first["items"] + rest.json()["items"]
    assert [row["price"]["amount"] for row in history] == [1200, 1100, 1000]
    assert [row["valid_to"] is None for row in history] == [True, False, False]
    assert history[1]["valid_to"] == history[0]["valid_from"]
    assert (await shop.staff.get(f"{V}/{uuid4()}/prices")).status_code == 404


async def test_a_price_in_force_is_told_without_its_start(shop: Shop) -> None:
    _ = await shop.published()
    later = shop.clock.now + timedelta(days=1)
    prices = [a_price(1000), a_price(500, valid_from=later, valid_to=later + timedelta(days=1))]
    _ = await shop.create(a_product(variants=[VariantTerms(prices=prices)]))

    (event,) = await shop.published()
    assert isinstance(event, ProductChanged)
    told = event.variants[0].prices
    assert [(p.price.amount, p.valid_from, p.valid_to) for p in told] == [
        (1000, None, later),
        (500, later, later + timedelta(days=1)),
        (1000, later + timedelta(days=1), None),
    ]


async def test_pictures_come_move_and_go(shop: Shop) -> None:
    made = await shop.create(a_product())
    address = f"{P}/{made['id']}/media"
    for name in ("a", "b"):
        body = {"url": f"https://example.com/{name}.jpg"}
        added = await shop.staff.post(address, json=body, headers=key())
        assert added.status_code == 201, added.text
    ids = [media["id"] for media in added.json()["terms"]["media"]]

    moved = await shop.staff.patch(f"{address}/{ids[1]}", json={"position": 1, "alt": "B"})
    assert [(m["id"], m["alt"]) for m in moved.json()["terms"]["media"]] == [
        (ids[1], "B"),
        (ids[0], ""),
    ]
    gone = await shop.staff.delete(f"{address}/{ids[0]}")
    assert [m["id"] for m in gone.json()["terms"]["media"]] == [ids[1]]
    assert (await shop.staff.delete(f"{address}/{ids[0]}")).status_code == 404


async def test_translations_come_and_go_and_share_no_slug(shop: Shop) -> None:
    mug = await shop.create(a_product("Mug"))
    hat = await shop.create(a_product("Hat"))
    words = {"slug": "tasse", "title": "Tasse"}

    put = await shop.staff.put(f"{P}/{mug['id']}/translations/de", json=words)
    taken = await shop.staff.put(f"{P}/{hat['id']}/translations/de", json=words)
    other_locale = await shop.staff.put(f"{P}/{hat['id']}/translations/fr", json=words)

    assert put.json()["terms"]["translations"][0]["title"] == "Tasse"
    assert (taken.status_code, other_locale.status_code) == (409, 200)
    assert (await shop.get("/products/by-slug/tasse", locale="de"))["id"] == mug["id"]
    gone = await shop.staff.delete(f"{P}/{mug['id']}/translations/de")
    assert gone.json()["terms"]["translations"] == []
    assert (await shop.guest.get(f"{P}/by-slug/tasse")).json()["id"] == hat["id"]
