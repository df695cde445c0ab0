"""What must hold in the database of orders, whatever happened: each a line of `wareflow verify`."""

from wareflow_kit.checks import Check

CHECKS: tuple[Check, ...] = (
    Check(
        "no order is open past its deadline (a minute is for the clock to notice)",
        """
        SELECT id, number, status, reserve_by, pay_by FROM orders
        WHERE status = 'placed' AND reserve_by < now() - interval '1 minute'
           OR status = 'awaiting_payment' AND pay_by < now() - interval '1 minute'
        """,
    ),
    Check(
        "an order that is closing ends within an hour of its deadline",
        """
        SELECT id, number, closing_reason, pay_by FROM orders
        WHERE status = 'closing' AND pay_by < now() - interval '1 hour'
        """,
    ),
    Check(
        "a cart has at most one order that is not cancelled",
        """
        SELECT cart_id, array_agg(number) FROM orders WHERE status <> 'cancelled'
        GROUP BY cart_id HAVING count(*) > 1
        """,
    ),
    Check(
        "an ordered cart and its order know each other",
        """
        SELECT c.id, c.status, c.order_id, o.id FROM cart c
        FULL JOIN (SELECT * FROM orders WHERE status <> 'cancelled' OR confirmed_at IS NOT NULL) o
          ON o.id = c.order_id
        WHERE c.status = 'ordered' AND o.id IS NULL
           OR c.id IS NULL AND o.status <> 'cancelled'
           OR c.id <> o.cart_id
        """,
    ),
    Check(
        "an order's totals are the sums of its lines",
        """
        SELECT o.id, o.number FROM orders o
        JOIN (
            SELECT order_id, sum(quantity * unit_price) AS subtotal, sum(discount) AS discount,
                   sum(tax) AS tax, sum(added_tax) AS added_tax, sum(total) AS total
            FROM order_line GROUP BY order_id
        ) l ON l.order_id = o.id
        CROSS JOIN LATERAL (
            SELECT coalesce(sum((t -> 'amount' ->> 'amount')::bigint), 0) AS tax
            FROM jsonb_array_elements(o.shipping_lines) s, jsonb_array_elements(s -> 'tax_lines') t
        ) s
        WHERE o.subtotal <> l.subtotal OR o.discount <> l.discount OR o.tax <> l.tax + s.tax
           OR l.added_tax <> CASE WHEN o.prices_include_tax THEN 0 ELSE l.tax END
           OR o.total <> l.total + o.shipping
                         + CASE WHEN o.prices_include_tax THEN 0 ELSE s.tax END
        """,
    ),
    Check(
        "every order has lines",
        """
        SELECT id, number FROM orders o
        WHERE NOT EXISTS (SELECT FROM order_line l WHERE l.order_id = o.id)
        """,
    ),
    Check(
        "what happened to an order is numbered 1..n, and the order counts along",
        """
        SELECT o.id, o.version, count(e.seq), max(e.seq) FROM orders o
        LEFT JOIN order_event e ON e.order_id = o.id
        GROUP BY o.id HAVING count(e.seq) <> o.version OR coalesce(max(e.seq), 0) <> o.version
        """,
    ),
    Check(
        "a confirmed order is held and paid",
        """
        SELECT id, number, captured, total, reserved_at FROM orders
        WHERE status = 'confirmed' AND (captured <> total OR reserved_at IS NULL)
        """,
    ),
    Check(
        "what went back for an order is the sum of its refunds",
        """
        SELECT id, number, refunded, refunds FROM orders
        WHERE refunded <> (SELECT coalesce(sum(value::bigint), 0) FROM jsonb_each_text(refunds))
        """,
    ),
    Check(
        "money of a cancelled order has gone back, is on its way, or is listed as refused",
        """
        SELECT id, number, payment_status, captured, refunded FROM orders
        WHERE status = 'cancelled' AND captured > refunded
          AND payment_status NOT IN ('refunding', 'refund_failed')
        """,
    ),
    Check(
        "nothing is known of whom an order was for, once they were erased and it has ended",
        """
        SELECT o.id, o.number FROM orders o JOIN order_contact c ON c.order_id = o.id
        JOIN erased_id e ON e.subject_id = o.customer_id
        WHERE c.email IS NOT NULL OR c.billing_address IS NOT NULL
           OR o.status = 'cancelled' OR o.fulfilment_status = 'fulfilled'
        """,
    ),
    Check(
        "no cart keeps an erased customer's contact data",
        """
        SELECT c.id FROM cart c JOIN erased_id e ON e.subject_id = c.customer_id
        WHERE c.email IS NOT NULL OR c.shipping_address IS NOT NULL
           OR c.billing_address IS NOT NULL
        """,
    ),
)
