"""What must hold in crm's tables."""

from wareflow_kit.checks import Check

CHECKS = (
    Check(
        "an erased person is not stored",
        """
        SELECT e.subject_id FROM erased_id e
        WHERE EXISTS (SELECT FROM customer c WHERE c.customer_id = e.subject_id)
           OR EXISTS (SELECT FROM account a WHERE a.customer_id = e.subject_id)
           OR EXISTS (SELECT FROM mail m WHERE m.customer_id = e.subject_id)
        """,
    ),
    Check(
        "every account is a registered customer",
        """
        SELECT a.customer_id FROM account a LEFT JOIN customer c USING (customer_id)
        WHERE c.kind IS DISTINCT FROM 'registered'
        """,
    ),
    Check(
        "a guest belongs to one account at most, and that one exists",
        """
        SELECT a.guest_id FROM customer_alias a LEFT JOIN customer c USING (customer_id)
        WHERE c.customer_id IS NULL
        """,
    ),
    Check(
        "no more goes back than was paid",
        "SELECT order_id FROM customer_order WHERE refunded > total",
    ),
)
