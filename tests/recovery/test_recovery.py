"""A service whose database was restored from an older copy gets back what it told since."""

import pytest
from tests.recovery.lab import Lab

from wareflow.house import SERVICES
from wareflow.state import database_name
from wareflow_events.remembered import own_topics

pytestmark = pytest.mark.timeout(600)  # the first one also tells the shop's past
# What must come back as it was, by service; times of rows that are made anew are not compared.
SAME = {
    "orders": (
        """
        SELECT id, number, cart_id, customer_id, guest, status, payment_status, fulfilment_status,
               closing_reason, cancel_reason, total, captured, refund_due, refunded, refunds::text,
               reserve_by, pay_by, carrier
        FROM orders ORDER BY id
        """,
        """
        SELECT order_id, position, line_id, variant_id, quantity, total, cancelled, fulfilled,
               discounts::text, tax_lines::text
        FROM order_line ORDER BY order_id, position
        """,
        "SELECT order_id, email, shipping_address::text FROM order_contact ORDER BY order_id",
        "SELECT id, version, status, order_id, customer_id, items::text FROM cart ORDER BY id",
        # A declined attempt is heard again too late where the order was paid after all.
        """
        SELECT order_id, type FROM order_event WHERE type <> 'payment_failed'
        ORDER BY order_id, type
        """,
    ),
    "payments": (
        """
        SELECT order_id, id, number, customer_id, amount, status, captured, refunded,
               pending_refund, pay_by, intent_id
        FROM payment ORDER BY order_id
        """,
        "SELECT id, order_id, amount, status FROM refund ORDER BY id",
        """
        SELECT g.kind, g.reference, e.account, e.amount
        FROM ledger_group g JOIN ledger_entry e ON e.group_id = g.id ORDER BY 1, 2, 3
        """,
        "SELECT id, order_id FROM operation WHERE kind = 'create_intent' ORDER BY id",
    ),
    "inventory": (
        """
        SELECT variant_id, location_id, on_hand, reserved, backorder_limit
        FROM stock_level ORDER BY 1, 2
        """,
        """
        SELECT order_id, line_id, variant_id, location_id, quantity, state
        FROM reservation ORDER BY 1, 2, 4
        """,
        "SELECT order_id, state FROM order_hold ORDER BY 1",
    ),
    "catalog": (
        """
        SELECT id, version, status, kind, slug, title, description, vendor, product_type, tags,
               seo_title, metadata::text, published_at, updated_at
        FROM product ORDER BY id
        """,
        """
        SELECT id, product_id, position, sku, barcode, option_values, weight_grams, tracked,
               backorder, cost_amount
        FROM variant ORDER BY id
        """,
        """
        SELECT variant_id, channel, currency, amount, compare_at
        FROM price WHERE valid_to IS NULL ORDER BY 1, 2, 3, 4
        """,
        "SELECT id, product_id, position, url, alt FROM media ORDER BY id",
        """
        SELECT product_id, slug, p.position
        FROM product_category p JOIN category c ON c.id = p.category_id ORDER BY 1, 2
        """,
        "SELECT id, name, currency, version FROM channel ORDER BY id",
    ),
    "crm": (
        "SELECT customer_id, kind, locale, tags FROM customer ORDER BY customer_id",
        "SELECT guest_id, customer_id FROM customer_alias ORDER BY guest_id",
        "SELECT subject_id FROM erased_id ORDER BY subject_id",
        "SELECT customer_id, email FROM customer WHERE kind = 'guest' ORDER BY customer_id",
        "SELECT order_id, number, total, refunded FROM customer_order ORDER BY order_id",
    ),
    "analytics": (
        """
        SELECT activity_id, visitor_id, customer_id, name, occurred_at, collected_at, body::text
        FROM activity ORDER BY activity_id
        """,
        "SELECT order_id, total, confirmed_at FROM sale ORDER BY order_id",
        "SELECT refund_id, order_id, amount FROM sale_return ORDER BY refund_id",
    ),
}


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_is_level_again_after_its_recovery(lab: Lab, service: str) -> None:
    assert await lab.missing() == []
    lost = await lab.restore(service)
    said = await lab.missing()
    for line in said:
        assert line.startswith(f"{service} told ")
        assert f"wareflow recover {service}" in line
    there_is = await lab.recover(service, dry_run=True)
    assert await lab.missing() == said
    came_back = await lab.recover(service)
    assert came_back > 0
    if own_topics(service):  # what has no numbers is not missed, but it comes back all the same
        assert said
        assert there_is == came_back
    assert await lab.missing() == []
    assert await lab.recover(service) == 0
    async with lab.open() as shop:
        await shop.holds()
        for statement in SAME[service]:
            was = await lab.rows(lost, statement)
            assert await lab.rows(database_name(service), statement) == was
        _ = await shop.sell()
        await shop.holds()
