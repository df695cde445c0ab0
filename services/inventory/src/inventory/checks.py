"""The promises of inventory as SQL: each query returns the rows that break it."""

from inventory.model.item import BACKORDER_UNLIMITED
from wareflow_kit.checks import Check

CHECKS: tuple[Check, ...] = (
    Check(
        "the movements of a level add up to what is on hand",
        """
        SELECT variant_id, location_id, coalesce(l.on_hand, 0) AS on_hand, coalesce(m.sum, 0) AS sum
        FROM stock_level l
        FULL JOIN (
            SELECT variant_id, location_id, sum(quantity) FROM movement GROUP BY 1, 2
        ) m USING (variant_id, location_id)
        WHERE coalesce(l.on_hand, 0) <> coalesce(m.sum, 0)
        """,
    ),
    Check(
        "each movement goes on from where the one before it ended",
        """
        SELECT * FROM (
            SELECT id, on_hand_after, sum(quantity) OVER (
                PARTITION BY variant_id, location_id ORDER BY id
            ) AS running
            FROM movement
        ) m WHERE on_hand_after <> running
        """,
    ),
    Check(
        "what is reserved is what open reservations hold",
        """
        SELECT variant_id, location_id, coalesce(l.reserved, 0) AS reserved,
            coalesce(r.sum, 0) AS held
        FROM stock_level l
        FULL JOIN (
            SELECT variant_id, location_id, sum(quantity) FROM reservation
            WHERE state = 'reserved' AND location_id IS NOT NULL GROUP BY 1, 2
        ) r USING (variant_id, location_id)
        WHERE coalesce(l.reserved, 0) <> coalesce(r.sum, 0)
        """,
    ),
    Check(
        "no unit is promised that is neither on hand nor a backorder",
        """
        SELECT * FROM stock_level
        WHERE reserved > on_hand + backorder_limit OR on_hand < 0 OR reserved < 0
        """,
    ),
    Check(
        "a backorder limit is what the catalogue allows, or what was promised before",
        f"""
        SELECT l.*, i.backorder FROM stock_level l LEFT JOIN stock_item i USING (variant_id)
        WHERE i.variant_id IS NULL OR l.backorder_limit <> greatest(
            CASE WHEN i.backorder THEN {BACKORDER_UNLIMITED} ELSE 0 END, l.reserved - l.on_hand)
        """,  # noqa: S608  a constant of ours
    ),
    Check(
        "an order's reservations stand as the order does",
        """
        SELECT r.* FROM reservation r LEFT JOIN order_hold h USING (order_id)
        WHERE h.state IS DISTINCT FROM r.state
        """,
    ),
    Check(
        "an order that is told to be held holds something",
        """
        SELECT h.* FROM order_hold h WHERE h.state IN ('reserved', 'shipped')
        AND NOT EXISTS (SELECT FROM reservation r WHERE r.order_id = h.order_id)
        """,
    ),
    Check(
        "what was shipped for an order left the ledger, once",
        """
        SELECT * FROM (
            SELECT order_id AS document_id, variant_id, location_id, sum(quantity) AS shipped
            FROM reservation WHERE state = 'shipped' AND location_id IS NOT NULL GROUP BY 1, 2, 3
        ) r FULL JOIN (
            SELECT document_id, variant_id, location_id, -sum(quantity) AS moved
            FROM movement WHERE reason = 'ship' GROUP BY 1, 2, 3
        ) m USING (document_id, variant_id, location_id)
        WHERE coalesce(shipped, 0) <> coalesce(moved, 0)
        """,
    ),
    Check(
        "a tracked variant has a level at an active location",
        """
        SELECT i.variant_id FROM stock_item i WHERE i.product_id IS NOT NULL AND i.tracked
        AND NOT EXISTS (
            SELECT FROM stock_level l JOIN location p ON p.id = l.location_id
            WHERE l.variant_id = i.variant_id AND p.active
        )
        """,
    ),
    Check(
        "some location is active",
        "SELECT 'none' AS active WHERE NOT EXISTS (SELECT FROM location WHERE active)",
    ),
)
"""Each is a line of `wareflow verify`."""
