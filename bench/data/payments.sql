-- Payments of orders :from to :until: captured, with operation, webhooks and ledger.
CREATE TEMP TABLE past ON COMMIT DROP AS
SELECT n, pg_temp.made('order', n) AS order_id, pg_temp.made('payment', n) AS id,
       pg_temp.made_at(n) AS at,
       2 * (2000 + n % 50 * 100) + 490 AS amount
FROM generate_series(:from, :until - 1) AS n;

INSERT INTO payment (id, order_id, number, customer_id, amount, currency, livemode, test, status,
                     intent_id, captured, method, brand, country, pay_by, created_at, captured_at,
                     updated_at)
SELECT id, order_id, 'P-' || n, pg_temp.made('customer', n / 3), amount, 'EUR', false, false,
       'captured', 'pi_past_' || n, amount, 'card', 'visa', 'DE', at + interval '30 minutes', at,
       at, at
FROM past;

INSERT INTO operation (id, order_id, payment_id, kind, cause, amount, currency, livemode, status,
                       key, attempts, first_sent_at, last_sent_at, result, created_at, finished_at)
SELECT pg_temp.made('operation', n), order_id, id, 'create_intent', 'order', amount, 'EUR', false,
       'done', pg_temp.made('operation', n), 1, at, at, 'pi_past_' || n, at, at
FROM past;

INSERT INTO refund (id, order_id, payment_id, amount, currency, reason, status, gateway_id,
                    created_at, updated_at)
SELECT pg_temp.made('refund', n), order_id, id, 100, 'EUR', 'requested', 'succeeded',
       're_past_' || n, at, at
FROM past;

UPDATE payment SET refunded = 100 WHERE id IN (SELECT id FROM past);

INSERT INTO webhook_event (id, type, livemode, subject, subject_id, payload, created_at,
                           received_at, applied_at, attempts)
SELECT 'evt_past_' || n, 'payment_intent.succeeded', false, 'intent', 'pi_past_' || n, '{}', at, at,
       at, 1
FROM past;

INSERT INTO ledger_group (id, kind, reference, order_id, livemode, occurred_at, posted_at)
SELECT pg_temp.made(kind, n), kind,
       CASE kind WHEN 'capture' THEN 'pi_past_' || n ELSE pg_temp.made('refund', n)::text END,
       order_id, false, at, at
FROM past, unnest(ARRAY['capture', 'refund']) AS kind;

INSERT INTO ledger_entry (group_id, line, account, amount, currency, livemode)
SELECT pg_temp.made(kind, n), line, account, sign * CASE kind WHEN 'refund' THEN 100 ELSE amount END,
       'EUR', false
FROM past, (VALUES ('capture', 1, 'processor', 1), ('capture', 2, 'receivable', -1),
                   ('refund', 1, 'refunds', 1), ('refund', 2, 'processor', -1))
    AS posted (kind, line, account, sign);
