-- Orders :from to :until of two lines each, all of them paid; carts, lines, contacts and events.
CREATE TEMP TABLE past ON COMMIT DROP AS
SELECT n, pg_temp.made('order', n) AS id, pg_temp.made('cart', n) AS cart_id,
       pg_temp.made('customer', n / 3) AS customer_id, pg_temp.made_at(n) AS at,
       2000 + n % 50 * 100 AS price, 'https://example.com/' AS site
FROM generate_series(:from, :until - 1) AS n;

CREATE TEMP TABLE past_line ON COMMIT DROP AS
SELECT past.*, line, pg_temp.made('line', n * 2 + line) AS line_id,
       (n * 7 + line * 13) % :products AS product
FROM past, generate_series(0, 1) AS line;

INSERT INTO cart (id, token_hash, version, status, channel, locale, customer_id, guest, order_id,
                  items, attribution, metadata, test, created_at, updated_at)
SELECT cart_id, decode(md5(n::text), 'hex'), 4, 'ordered', 'default', 'en-GB', customer_id, true, id,
       jsonb_build_array(jsonb_build_object('line_id', line_id, 'quantity', 1)), '{}', '{}', false,
       at, at
FROM past_line WHERE line = 0;

INSERT INTO orders (id, number, version, cart_id, customer_id, guest, channel, locale, currency,
                    livemode, test, status, payment_status, fulfilment_status, missing,
                    prices_include_tax, subtotal, discount, shipping, tax, total, discounts,
                    shipping_lines, captured, refund_due, refunded, refunds, ship_to, attribution,
                    metadata, forget_contact, placed_at, reserve_by, pay_within, pay_by,
                    reserved_at, confirmed_at, fulfilled_at)
SELECT id, 'P-' || n, 4, cart_id, customer_id, true, 'default', 'en-GB', 'EUR',
       false, false, 'confirmed', 'paid', 'fulfilled', '[]',
       true, 2 * price, 0, 490, 0, 2 * price + 490, '[]',
       '[]', 2 * price + 490, 0, 0, '{}', '{"country": "DE", "postal_prefix": "10"}', '{}',
       '{}', false, at, at + interval '10 minutes', 1800, at + interval '30 minutes',
       at, at + interval '1 minute', at + interval '1 day'
FROM past;

INSERT INTO order_line (order_id, position, line_id, variant_id, product_id, product_version, sku,
                        title, variant_title, options, weight_grams, requires_shipping, currency,
                        quantity, unit_price, discounts, discount, tax_lines, tax, added_tax, total,
                        cancelled, fulfilled, returned, refunded)
SELECT id, line, line_id, pg_temp.made('variant', product * 8 + 1),
       pg_temp.made('product', product), 1, 'P' || product || '-1',
       'Product ' || product, '', '{}', 300, true, 'EUR',
       1, price, '[]', 0, '[]', 0, 0, price,
       0, 1, 0, 0
FROM past_line;

INSERT INTO order_contact (order_id, customer_id, email, shipping_address)
SELECT id, customer_id, 'customer' || n / 3 || '@example.com',
       '{"name": "Grace Hopper", "line1": "Hauptstr. 1", "city": "Berlin", "postal_code": "10115",
         "country": "DE"}'
FROM past;

INSERT INTO order_event (order_id, seq, type, data, at)
SELECT id, seq, what, '{"status": "confirmed"}', at + seq * interval '10 seconds'
FROM past, unnest(ARRAY['placed', 'awaiting_payment', 'confirmed', 'fulfilled'])
    WITH ORDINALITY AS told (what, seq);
