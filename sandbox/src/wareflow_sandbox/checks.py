"""The sandbox's invariants as SQL: the merchant's money adds up, whatever was retried or lost."""

from wareflow_kit.checks import Check

CHECKS = (
    Check(
        "no charge is refunded beyond what was captured",
        """
        SELECT id, amount, amount_captured, amount_refunded FROM charge
        WHERE amount_captured > amount OR amount_refunded > amount_captured
        """,
    ),
    Check(
        "a charge's refunded amount is the sum of its refunds that did not fail",
        """
        SELECT c.id, c.amount_refunded, coalesce(sum(r.amount), 0) AS refunds
        FROM charge c LEFT JOIN refund r ON r.charge = c.id AND r.status <> 'failed'
        GROUP BY c.id HAVING c.amount_refunded <> coalesce(sum(r.amount), 0)
        """,
    ),
    Check(
        "a succeeded intent, and no other, received what its latest charge captured",
        """
        SELECT i.id, i.status, i.amount_received, c.id AS charge, c.amount_captured
        FROM payment_intent i LEFT JOIN charge c ON c.id = i.latest_charge
        WHERE (i.status = 'succeeded') <> coalesce(c.captured, false)
           OR i.amount_received <> coalesce(c.amount_captured, 0)
        """,
    ),
    Check(
        "no intent was charged twice",
        """
        SELECT payment_intent, count(*) FROM charge WHERE captured
        GROUP BY payment_intent HAVING count(*) > 1
        """,
    ),
    Check(
        "a cancelled intent holds and received nothing",
        """
        SELECT i.id, c.id AS charge FROM payment_intent i
        LEFT JOIN charge c ON c.payment_intent = i.id AND c.status <> 'failed' AND NOT c.released
        WHERE i.status = 'canceled' AND (i.amount_received > 0 OR c.id IS NOT NULL)
        """,
    ),
    Check(
        "the balance is what was captured, less what was refunded and did not come back",
        """
        WITH booked AS (SELECT currency, sum(amount) AS total FROM balance_transaction GROUP BY 1),
             moved AS (
                 SELECT currency, sum(amount_captured - amount_refunded) AS total
                 FROM charge WHERE captured GROUP BY 1
             )
        SELECT currency, booked.total AS booked, moved.total AS moved
        FROM booked FULL JOIN moved USING (currency)
        WHERE coalesce(booked.total, 0) <> coalesce(moved.total, 0)
        """,
    ),
    Check(
        "every intent told its beginning, and every success exactly once",
        """
        SELECT i.id, i.status,
               count(*) FILTER (WHERE e.type = 'payment_intent.created') AS created,
               count(*) FILTER (WHERE e.type = 'payment_intent.succeeded') AS succeeded
        FROM payment_intent i LEFT JOIN event e ON e.subject_id = i.id
        GROUP BY i.id
        HAVING count(*) FILTER (WHERE e.type = 'payment_intent.created') <> 1
            OR count(*) FILTER (WHERE e.type = 'payment_intent.succeeded')
               <> (i.status = 'succeeded')::int
        """,
    ),
)
