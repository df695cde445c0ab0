"""The catalogue finds what it needs, however many products it has."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from bench.data.catalogue import variant_id
from bench.data.fill import fill_catalogue
from bench.data.ids import made
from bench.data.words import title
from tests.plans.service import PRODUCTS, poll_everything, read_everything, watched

from catalog.testing import Shop, a_csv, a_first_row, a_product, open_shop, stock_changed

EXPORT = "/catalog/v1/export.csv"
"""All there is, which is what it is for; page by page."""
CATEGORY_BY_SLUG = "/catalog/v1/categories/by-slug/{slug}"
READS = {
    "/catalog/v1/products": [
        "",
        "?limit=100&sort=price",
        "?sort=-newest",
        "?sort=-price&price_to=5000",
        "?in_stock=true",
        "?category=kitchen",
        "?tag=linen&vendor=Mill%20Works",
        "?product_type=Shirt",
        "?status=any",
        "?id={product_id}&id={other_id}",
        "?variant_id={variant_id}",
        "?sku=P77-1&sku=P78-1",
    ],
    "/catalog/v1/products/{product_id}": ["", "?locale=de"],
    "/catalog/v1/products/{product_id}/terms": [""],
    "/catalog/v1/products/by-slug/{slug}": [""],
    "/catalog/v1/search": ["?q=linen", "?q=linen%20shirt", "?q=linnen%20shirrt", "?q=P77-1"],
    "/catalog/v1/variants/{variant_id}/prices": [""],
    "/catalog/v1/categories": ["", "?below={category_id}"],
    "/catalog/v1/categories/{category_id}": [""],
    "/catalog/v1/channels": [""],
    "/catalog/v1/channels/{channel_id}": [""],
    "/catalog/v1/imports": [""],
    "/catalog/v1/imports/{import_id}": [""],
    "/catalog/v1/imports/{import_id}/errors": [""],
    "/catalog/v1/imports/{import_id}/stock": [""],
}


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncGenerator[Shop]:
    """A shop with thousands of products."""
    async with open_shop(import_folder=tmp_path) as shop:
        await fill_catalogue({"catalog": shop.url}, range(PRODUCTS))
        yield shop


@pytest.mark.timeout(300)
async def test_the_catalogue_reads_no_table_whole(shop: Shop) -> None:
    scopes = ("catalog:read", "catalog:write")
    async with watched(shop.service, *scopes) as (watch, staff):
        watch.doing = "importing"
        brought = await shop.bring_in(a_csv(a_first_row(), a_first_row("jug", "Jug")))
        names = {
            "product_id": made("product", 77),
            "other_id": made("product", 78),
            "variant_id": variant_id(77),
            "slug": title(77).lower().replace(" ", "-"),
            "category_id": made("category", 0),
            "channel_id": "default",
            "import_id": brought["id"],
        }
        await read_everything(
            shop.service, watch, staff, READS, names, apart={EXPORT, CATEGORY_BY_SLUG}
        )
        assert (await staff.get(CATEGORY_BY_SLUG.format(slug="kitchen"))).status_code == 200
        watch.doing = "creating, changing and removing a product"
        made_one = await shop.create(a_product("Red Mug", sizes=("S", "M")))
        path = f"/catalog/v1/products/{made_one['id']}"
        changed = await staff.patch(path, json={"title": "Red Cup"}, headers={"If-Match": "*"})
        assert changed.status_code == 200, changed.text
        priced = await staff.put(
            f"/catalog/v1/variants/{made_one['terms']['variants'][0]['id']}/prices",
            json=[{"price": {"amount": 500, "currency": "EUR"}}],
        )
        assert priced.status_code == 200, priced.text
        assert (await staff.delete(path)).status_code == 204
        watch.doing = "hearing of stock"
        await shop.hand.hear(stock_changed(variant_id(5), 3), stock_changed(variant_id(6), 0))
        watch.doing = "changing a category and a channel"
        category = f"/catalog/v1/categories/{made('category', 1)}"
        _ = await staff.patch(category, json={"name": "Chairs"}, headers={"If-Match": "*"})
        await poll_everything(shop.service, watch)
