"""The invariants of this service as SQL; each query returns the rows that break it."""

from wareflow_kit.checks import Check

CHECKS: tuple[Check, ...] = (
    Check(
        "an order has at most one payment",
        "SELECT order_id, count(*) FROM payment GROUP BY order_id HAVING count(*) > 1",
    ),
    Check(
        "no more goes back than was captured, pending refunds included",
        "SELECT id, order_id FROM payment WHERE captured < refunded + pending_refund",
    ),
    Check(
        "what a payment says of refunds is the sum of its refunds",
        """
        SELECT p.id, p.refunded, p.pending_refund FROM payment p LEFT JOIN (
            SELECT payment_id,
                   coalesce(sum(amount) FILTER (WHERE status = 'succeeded'), 0) AS refunded,
                   coalesce(sum(amount) FILTER (WHERE status IN ('due', 'pending')), 0) AS pending
            FROM refund GROUP BY payment_id
        ) r ON r.payment_id = p.id
        WHERE p.refunded <> coalesce(r.refunded, 0) OR p.pending_refund <> coalesce(r.pending, 0)
        """,
    ),
    Check(
        "every ledger group sums to zero per currency",
        """
        SELECT group_id, currency, sum(amount) FROM ledger_entry
        GROUP BY group_id, currency HAVING sum(amount) <> 0
        """,
    ),
    Check(
        "the ledger has every capture once, and no other",
        """
        SELECT p.order_id, p.captured, g.booked FROM payment p FULL JOIN (
            SELECT l.order_id, sum(e.amount) AS booked FROM ledger_group l
            JOIN ledger_entry e ON e.group_id = l.id AND e.account = 'processor'
            WHERE l.kind = 'capture' GROUP BY l.order_id
        ) g ON g.order_id = p.order_id
        WHERE coalesce(p.captured, 0) <> coalesce(g.booked, 0)
        """,
    ),
    Check(
        "what the gateway holds of a payment is what was captured less what went back",
        """
        SELECT p.order_id, p.captured, p.refunded, g.held FROM payment p LEFT JOIN (
            SELECT l.order_id, sum(e.amount) AS held FROM ledger_group l
            JOIN ledger_entry e ON e.group_id = l.id AND e.account = 'processor'
            GROUP BY l.order_id
        ) g ON g.order_id = p.order_id
        WHERE p.captured - p.refunded <> coalesce(g.held, 0)
        """,
    ),
    Check(
        "every refund that succeeded is in the ledger",
        """
        SELECT r.id, r.order_id FROM refund r
        WHERE r.status = 'succeeded' AND NOT EXISTS (
            SELECT FROM ledger_group l WHERE l.kind = 'refund' AND l.reference = r.id::text
        )
        """,
    ),
    Check(
        "every refund operation that is done made a refund that is known",
        """
        SELECT o.id, o.order_id FROM operation o LEFT JOIN refund r ON r.id = o.refund_id
        WHERE o.kind = 'refund' AND o.status = 'done' AND r.gateway_id IS DISTINCT FROM o.result
        """,
    ),
    Check(
        "every refund that is due has an operation that will make it",
        """
        SELECT r.id, r.order_id FROM refund r WHERE r.status = 'due' AND NOT EXISTS (
            SELECT FROM operation o WHERE o.refund_id = r.id AND o.next_attempt_at IS NOT NULL
        )
        """,
    ),
    Check(
        "money captured after a void goes back, or its refund is listed as refused",
        """
        SELECT p.id, p.order_id FROM payment p
        WHERE p.status = 'late' AND p.captured > p.refunded + p.pending_refund AND NOT EXISTS (
            SELECT FROM refund r WHERE r.payment_id = p.id AND r.status = 'failed'
        )
        """,
    ),
    Check(
        "every payment that is due has an operation that will open it",
        """
        SELECT p.id, p.order_id FROM payment p WHERE p.status = 'due' AND NOT EXISTS (
            SELECT FROM operation o WHERE o.payment_id = p.id AND o.kind = 'create_intent'
              AND o.next_attempt_at IS NOT NULL
        )
        """,
    ),
    Check(
        "every payment that is closing is being asked about",
        """
        SELECT p.id, p.order_id FROM payment p
        WHERE p.status = 'closing' AND p.look_at IS NULL AND NOT EXISTS (
            SELECT FROM operation o WHERE o.payment_id = p.id AND o.next_attempt_at IS NOT NULL
        )
        """,
    ),
    Check(
        "no operation waits for long past its due time",
        """
        SELECT id, order_id, kind, next_attempt_at FROM operation
        WHERE next_attempt_at < now() - interval '15 minutes'
        """,
    ),
    Check(
        "no webhook waits for long past its due time",
        """
        SELECT id, type, apply_at FROM webhook_event
        WHERE apply_at < now() - interval '15 minutes'
        """,
    ),
)
