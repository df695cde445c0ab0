-- What analytics counted of orders :from to :until, with ten activities for each of them.
CREATE TEMP TABLE past ON COMMIT DROP AS
SELECT n, pg_temp.made('order', n) AS order_id, 'visitor-' || n AS visitor,
       pg_temp.made_at(n) AS at, 2 * (2000 + n % 50 * 100) AS gross
FROM generate_series(:from, :until - 1) AS n;

INSERT INTO activity (activity_id, visitor_id, session_id, name, occurred_at, collected_at, channel,
                      test, product_id, body)
SELECT pg_temp.made('activity', n * 10 + step), visitor, 'session-' || n,
       (ARRAY['page_view', 'view_item', 'add_to_cart'])[1 + step % 3], at, at, 'default',
       false, pg_temp.made('product', (n + step) % :products), '{"name": "page_view"}'
FROM past, generate_series(0, 9) AS step;

INSERT INTO funnel_touch (channel, test, hour, step, visitor, at)
SELECT 'default', false, date_trunc('hour', at), step, visitor, at
FROM past, unnest(ARRAY['cart', 'checkout', 'paid']) AS step;

INSERT INTO sale (order_id, channel, test, confirmed_at, country, currency, gross, discount,
                  shipping, tax, total, units)
SELECT order_id, 'default', false, at, 'DE', 'EUR', gross, 0, 490, 0, gross + 490, 2 FROM past;

INSERT INTO sale_line (line_id, order_id, channel, test, confirmed_at, product_id, variant_id, sku,
                       title, quantity, total)
SELECT pg_temp.made('line', n * 2 + line), order_id, 'default', false, at,
       pg_temp.made('product', product), pg_temp.made('variant', product * 8 + 1),
       'P' || product || '-1', 'Product ' || product, 1, gross / 2
FROM past, generate_series(0, 1) AS line,
     LATERAL (SELECT (n * 7 + line * 13) % :products AS product) AS chosen;

INSERT INTO sale_return (refund_id, order_id, refunded_at, amount)
SELECT pg_temp.made('refund', n), order_id, at, 100 FROM past WHERE n % 20 = 0;
