"""What the floor program of orders reads and writes, a statement per step."""

OPEN = "INSERT INTO cart (id, token) VALUES ($1, $2) RETURNING *"
ADD = """
UPDATE cart SET items = items || jsonb_build_array(
    jsonb_build_object('variant_id', $2::uuid, 'quantity', $3::bigint)), updated_at = now()
WHERE id = $1 AND status = 'open' RETURNING *
"""
FILL_IN = """
UPDATE cart SET email = $2, shipping_address = $3, updated_at = now()
WHERE id = $1 AND status = 'open' RETURNING *
"""
LOCK = "SELECT * FROM cart WHERE id = $1 AND status = 'open' FOR UPDATE"
LINES = """
SELECT v.variant_id, v.sku, v.title, v.amount AS unit_price, (i ->> 'quantity')::bigint AS quantity,
       v.on_hand - v.reserved AS available
FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS e (i, place)
JOIN variant v ON v.variant_id = (i ->> 'variant_id')::uuid ORDER BY place
"""
RESERVE = """
UPDATE variant v SET reserved = reserved + w.quantity
FROM unnest($1::uuid[], $2::bigint[]) AS w (id, quantity)
WHERE v.variant_id = w.id AND v.reserved + w.quantity <= v.on_hand
"""
PLACE = """
WITH placed AS (
    INSERT INTO orders (id, number, cart_id, customer_id, status, payment_status, currency,
                        subtotal, shipping, total)
    VALUES ($1, 'F-' || nextval('order_number'), $2, $3, $4, 'due', 'EUR',
            $5::bigint, 490, $5::bigint + 490)
    RETURNING *
), contact AS (
    INSERT INTO order_contact SELECT $1, $3, email, shipping_address FROM cart WHERE id = $2
), ordered AS (
    UPDATE cart SET status = 'ordered', order_id = $1, updated_at = now() WHERE id = $2
), lines AS (
    INSERT INTO order_line
    SELECT $1, place, v.variant_id, v.sku, v.title, w.quantity, v.amount, v.amount * w.quantity
    FROM unnest($6::uuid[], $7::bigint[]) WITH ORDINALITY AS w (id, quantity, place)
    JOIN variant v ON v.variant_id = w.id
), events AS (
    INSERT INTO order_event SELECT $1, seq, type
    FROM unnest(ARRAY['placed', $4]) WITH ORDINALITY AS e (type, seq)
)
SELECT * FROM placed
"""
HOLD = """
INSERT INTO reservation
SELECT $1, place, id, quantity
FROM unnest($2::uuid[], $3::bigint[]) WITH ORDINALITY AS w (id, quantity, place)
"""
DUE = """
INSERT INTO payment (order_id, intent_id, client_secret, amount, status)
VALUES ($1, $2, $3, $4, 'open')
"""
ORDER = "SELECT * FROM orders WHERE id = $1"
ORDER_LINES = "SELECT * FROM order_line WHERE order_id = $1 ORDER BY position"
PAYMENT = "SELECT * FROM payment WHERE order_id = $1"
CAPTURE = """
UPDATE payment SET status = 'captured', captured = amount WHERE intent_id = $1 AND status = 'open'
RETURNING *
"""
CONFIRM = """
WITH confirmed AS (
    UPDATE orders SET status = 'confirmed', payment_status = 'paid', confirmed_at = now()
    WHERE id = $1 RETURNING *
), event AS (
    INSERT INTO order_event VALUES ($1, 3, 'confirmed')
), entries AS (
    INSERT INTO ledger_entry VALUES ($1, 1, 'gateway', $2), ($1, 2, 'sales', -$2::bigint)
), sold AS (
    INSERT INTO sale SELECT $1, now(), $2, sum(quantity) FROM order_line WHERE order_id = $1
), met AS (
    INSERT INTO customer SELECT o.customer_id, c.email, 1, $2
    FROM confirmed o JOIN order_contact c ON c.order_id = o.id
)
INSERT INTO mail SELECT $1, email, 'Thank you', 'Your order is confirmed.'
FROM order_contact WHERE order_id = $1
"""
