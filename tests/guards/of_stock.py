"""The guards of stock."""

from tests.guards.guard import Guard, proofs
from tests.guards.off import altered, rewritten

from inventory.store import stocks

_HERE = "services/inventory/tests/usecases"

OF_STOCK = (
    Guard(
        "stock-check",
        "units are promised that are not there, whatever code promises them",
        altered(
            "inventory", "ALTER TABLE stock_level DROP CONSTRAINT stock_level_reserved_within_stock"
        ),
        proofs(_HERE, test_concurrency="test_the_database_itself_refuses_to_oversell"),
    ),
    Guard(
        "stock-lock",
        "two orders are promised the same units",
        rewritten(stocks, "_LOCK", " FOR UPDATE", ""),
        proofs(_HERE, test_concurrency="test_200_orders_at_once_for_50_units_never_oversell"),
    ),
    Guard(
        "stock-lock-order",
        "orders for the same variants wait for each other for ever",
        rewritten(stocks, "_LOCK", "ORDER BY variant_id", "ORDER BY random()"),
        proofs(
            _HERE,
            test_concurrency="test_orders_that_cross_over_the_same_variants"
            "_do_not_block_each_other_for_ever",
        ),
    ),
)
