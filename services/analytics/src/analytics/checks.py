"""What must hold in analytics' tables."""

from wareflow_kit.checks import Check

CHECKS = (
    Check(
        "a sale's lines have its units",
        """
        SELECT s.order_id, s.units, sum(l.quantity) AS of_lines
        FROM sale s LEFT JOIN sale_line l USING (order_id)
        GROUP BY s.order_id, s.units HAVING s.units <> coalesce(sum(l.quantity), 0)
        """,
    ),
    Check(
        "no more goes back than was paid",
        """
        SELECT s.order_id, s.total, sum(r.amount) AS refunded
        FROM sale s JOIN sale_return r USING (order_id)
        GROUP BY s.order_id, s.total HAVING sum(r.amount) > s.total
        """,
    ),
)
