"""The back door: what inventory hears, and the verb that each fact leads to."""

from inventory.model.hold import PlacedOrder, WantedLine
from inventory.model.ids import LineId, OrderId, ProductId, VariantId
from inventory.model.item import Item
from inventory.usecases.follow_products import HeardProduct, follow_products
from inventory.usecases.release_orders import release_orders
from inventory.usecases.reserve_orders import reserve_orders
from inventory.usecases.ship_orders import ship_orders
from wareflow_events.consumer import ConsumerGroup, Heard, on_run
from wareflow_events.schemas.catalog import ProductChanged, ProductRemoved, ProductState, Variant
from wareflow_events.schemas.orders import OrderCancelled, OrderFulfilled, OrderPlaced
from wareflow_events.transaction import Transaction


async def _products_changed(tx: Transaction, heard: list[Heard[ProductChanged]]) -> None:
    products = [_product(one.event, removed=False) for one in heard]
    await follow_products(tx, products=products)


async def _products_removed(tx: Transaction, heard: list[Heard[ProductRemoved]]) -> None:
    products = [_product(one.event, removed=True) for one in heard]
    await follow_products(tx, products=products)


async def _orders_placed(tx: Transaction, heard: list[Heard[OrderPlaced]]) -> None:
    await reserve_orders(tx, orders=[_placed(one.event) for one in heard])


async def _orders_cancelled(tx: Transaction, heard: list[Heard[OrderCancelled]]) -> None:
    await release_orders(tx, order_ids=[OrderId(one.event.order_id) for one in heard])


async def _orders_fulfilled(tx: Transaction, heard: list[Heard[OrderFulfilled]]) -> None:
    numbers = {OrderId(one.event.order_id): one.event.number for one in heard}
    await ship_orders(tx, numbers=numbers)


def _product(product: ProductState, *, removed: bool) -> HeardProduct:
    return HeardProduct(
        product_id=ProductId(product.product_id),
        version=product.version,
        items=[_item(product, variant, removed=removed) for variant in product.variants],
    )


def _item(product: ProductState, variant: Variant, *, removed: bool) -> Item:
    several = len(product.variants) > 1
    return Item(
        variant_id=VariantId(variant.variant_id),
        product_id=ProductId(product.product_id),
        product_version=product.version,
        sku=variant.sku,
        title=f"{product.title} – {variant.title}" if several else product.title,
        tracked=variant.tracked,
        backorder=variant.backorder,
        removed=removed,
    )


def _placed(order: OrderPlaced) -> PlacedOrder:
    return PlacedOrder(
        order_id=OrderId(order.order_id),
        placed_at=order.placed_at,
        lines=[
            WantedLine(LineId(line.line_id), VariantId(line.variant_id), line.quantity)
            for line in order.lines
        ],
    )


HANDLERS: tuple[ConsumerGroup, ...] = (
    # Not declared derived, though its items are a copy: it gives variants their first level and
    # tells of it, which is more than a rebuild may do.
    ConsumerGroup(
        name="inventory.catalogue",
        handlers=(
            on_run(ProductChanged, _products_changed),
            on_run(ProductRemoved, _products_removed),
        ),
    ),
    ConsumerGroup(
        name="inventory.orders",
        handlers=(
            on_run(OrderPlaced, _orders_placed),
            on_run(OrderCancelled, _orders_cancelled),
            on_run(OrderFulfilled, _orders_fulfilled),
        ),
    ),
)
"""The whole list of what inventory hears."""
