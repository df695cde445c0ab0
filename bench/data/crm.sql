-- Customers of orders :from to :until, three orders each, with their timelines and mails.
CREATE TEMP TABLE past ON COMMIT DROP AS
SELECT n, pg_temp.made('order', n) AS order_id, pg_temp.made('customer', n / 3) AS customer_id,
       pg_temp.made_at(n) AS at
FROM generate_series(:from, :until - 1) AS n;

INSERT INTO customer (customer_id, kind, version, locale, email, email_key, name, name_key, tags,
                      metadata, created_at, updated_at)
SELECT customer_id, 'guest', 1, 'en-GB', 'customer' || min(n) / 3 || '@example.com',
       'customer' || min(n) / 3 || '@example.com', 'Customer ' || min(n) / 3,
       'customer ' || min(n) / 3, '[]', '{}', min(at), min(at)
FROM past GROUP BY customer_id
ON CONFLICT DO NOTHING;

-- Every third customer was a guest before, under another id.
INSERT INTO customer_alias (guest_id, customer_id, merged_at)
SELECT pg_temp.made('guest', n), customer_id, at FROM past WHERE n % 9 = 0;

INSERT INTO customer_order (order_id, customer_id, number, currency, total, test, placed_at,
                            confirmed_at)
SELECT order_id, customer_id, 'P-' || n, 'EUR', 4490, false, at, at FROM past;

INSERT INTO timeline_entry (event_id, at, type, customer_id, order_id, data)
SELECT pg_temp.made(what, n), at, what, customer_id, order_id, '{}'
FROM past, unnest(ARRAY['wareflow.orders.order.placed.v1', 'wareflow.orders.order.confirmed.v1'])
    AS what;

INSERT INTO mail (mail_id, customer_id, "to", subject, body, created_at, next_attempt_at, attempts,
                  sent_at)
SELECT pg_temp.made('mail', n), customer_id, 'customer' || n / 3 || '@example.com', 'Your order',
       'Thank you', at, at, 1, at
FROM past;
