-- What inventory kept of orders :from to :until: holds that were shipped, and the ledger's lines.
CREATE TEMP TABLE past_line ON COMMIT DROP AS
SELECT n, line, pg_temp.made('order', n) AS id, pg_temp.made('line', n * 2 + line) AS line_id,
       pg_temp.made('variant', ((n * 7 + line * 13) % :products) * 8 + 1) AS variant_id,
       '0197f5a0-0000-7000-8000-000000000001'::uuid AS location_id, pg_temp.made_at(n) AS at
FROM generate_series(:from, :until - 1) AS n, generate_series(0, 1) AS line;

INSERT INTO order_hold (order_id, state, placed_at, decided_at, ended_at)
SELECT id, 'shipped', at, at, at + interval '1 day' FROM past_line WHERE line = 0;

INSERT INTO reservation (order_id, line_id, variant_id, location_id, quantity, state, held_at,
                         ended_at)
SELECT id, line_id, variant_id, location_id, 1, 'shipped', at, at + interval '1 day'
FROM past_line;

-- Each unit that was shipped had come in just before, so that the ledger still explains the level.
INSERT INTO movement (variant_id, location_id, quantity, on_hand_after, reason, document_id, actor,
                      at)
SELECT variant_id, location_id, quantity, on_hand + greatest(quantity, 0), reason,
       CASE reason WHEN 'ship' THEN id ELSE pg_temp.made('receipt', n * 2 + line) END, 'bench', at
FROM past_line JOIN stock_level USING (variant_id, location_id),
     (VALUES ('receive', 1), ('ship', -1)) AS moved (reason, quantity)
ORDER BY n, line, quantity DESC;
