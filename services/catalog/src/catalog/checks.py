"""What must always hold in catalog, as SQL that finds what breaks it."""

from wareflow_kit.checks import Check

CHECKS = (
    Check(
        "No two prices of a variant hold at the same time in a channel and currency",
        """
        SELECT a.variant_id, a.channel, a.currency, a.valid_from, b.valid_from
        FROM price a JOIN price b ON b.variant_id = a.variant_id AND b.channel = a.channel
            AND b.currency = a.currency AND b.id > a.id
        WHERE tstzrange(a.valid_from, a.valid_to) && tstzrange(b.valid_from, b.valid_to)
        """,
    ),
    Check(
        "Every product has a variant, and as many values on each as it has options",
        """
        SELECT p.id FROM product p WHERE NOT EXISTS (
            SELECT 1 FROM variant v WHERE v.product_id = p.id)
        UNION ALL
        SELECT v.product_id FROM variant v WHERE cardinality(v.option_values) <> (
            SELECT count(*) FROM product_option o WHERE o.product_id = v.product_id)
        """,
    ),
    Check(
        "Every product can be listed in every channel and found by its own words",
        """
        SELECT p.id, c.id FROM product p CROSS JOIN channel c
        WHERE NOT EXISTS (
            SELECT 1 FROM listing l WHERE l.product_id = p.id AND l.channel = c.id)
        UNION ALL
        SELECT p.id, '' FROM product p WHERE NOT EXISTS (
            SELECT 1 FROM search_document d WHERE d.product_id = p.id AND d.locale = '')
        """,
    ),
    Check(
        "Lists show the prices that hold, once none has begun or ended a minute ago",
        """
        SELECT l.product_id, l.channel, l.price_min, now_is.price_min
        FROM listing l CROSS JOIN LATERAL (
            SELECT min(pr.amount) AS price_min FROM variant v JOIN price pr ON pr.variant_id = v.id
            WHERE v.product_id = l.product_id AND pr.channel = l.channel
              AND pr.currency = l.currency
              AND tstzrange(pr.valid_from, pr.valid_to) @> now()
        ) now_is
        WHERE l.price_min IS DISTINCT FROM now_is.price_min
          AND coalesce(l.refresh_at, 'infinity') > now() - interval '1 minute'
          AND NOT EXISTS (
            SELECT 1 FROM variant v JOIN price pr ON pr.variant_id = v.id
            WHERE v.product_id = l.product_id AND pr.channel = l.channel
              AND (pr.valid_from BETWEEN now() - interval '1 minute' AND now()
                OR pr.valid_to BETWEEN now() - interval '1 minute' AND now()))
        """,
    ),
    Check(
        "Lists show as in stock what can be bought",
        """
        SELECT l.product_id, l.channel, l.in_stock FROM listing l
        WHERE l.price_min IS NOT NULL AND l.refresh_at IS NULL AND l.in_stock <> EXISTS (
            SELECT 1 FROM variant v LEFT JOIN stock st ON st.variant_id = v.id
            WHERE v.product_id = l.product_id
              AND EXISTS (SELECT 1 FROM price pr WHERE pr.variant_id = v.id
                          AND pr.channel = l.channel AND pr.currency = l.currency
                          AND pr.valid_to IS NULL)
              AND (NOT v.tracked OR CASE WHEN st.variant_id IS NULL THEN v.backorder
                                         ELSE st.available > 0 END))
        """,
    ),
    Check(
        "Every product that changed its category's address was told anew",
        "SELECT product_id FROM retell",
    ),
    Check(
        "No product was changed more often than it was told",
        """
        SELECT p.id, p.version, s.sequence FROM product p
        LEFT JOIN event_stream s ON s.topic = 'wareflow.catalog.product' AND s.key = p.id::text
        WHERE s.sequence IS DISTINCT FROM p.version
        """,
    ),
)
