-- The business rows of an order and no others, in one database.
CREATE TABLE variant (
    variant_id uuid PRIMARY KEY, sku text NOT NULL, title text NOT NULL, amount bigint NOT NULL,
    on_hand bigint NOT NULL, reserved bigint NOT NULL DEFAULT 0 CHECK (reserved <= on_hand)
) WITH (fillfactor = 70);
CREATE SEQUENCE order_number;
CREATE TABLE cart (
    id uuid PRIMARY KEY, token text NOT NULL, status text NOT NULL DEFAULT 'open',
    items jsonb NOT NULL DEFAULT '[]', email text, shipping_address jsonb, order_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE orders (
    id uuid PRIMARY KEY, number text NOT NULL, cart_id uuid NOT NULL, customer_id uuid NOT NULL,
    status text NOT NULL, payment_status text NOT NULL, currency text NOT NULL,
    subtotal bigint NOT NULL, shipping bigint NOT NULL, total bigint NOT NULL,
    placed_at timestamptz NOT NULL DEFAULT now(), confirmed_at timestamptz
);
CREATE INDEX ON orders (customer_id, id);
CREATE INDEX ON orders (status, id);
CREATE UNIQUE INDEX ON orders (number);
CREATE TABLE order_line (
    order_id uuid NOT NULL, position int NOT NULL, variant_id uuid NOT NULL, sku text NOT NULL,
    title text NOT NULL, quantity bigint NOT NULL, unit_price bigint NOT NULL,
    total bigint NOT NULL, PRIMARY KEY (order_id, position)
);
CREATE TABLE order_contact (
    order_id uuid PRIMARY KEY, customer_id uuid NOT NULL, email text, shipping_address jsonb
);
CREATE INDEX ON order_contact (lower(email));
CREATE TABLE order_event (
    order_id uuid NOT NULL, seq int NOT NULL, type text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (order_id, seq)
);
CREATE TABLE reservation (
    order_id uuid NOT NULL, position int NOT NULL, variant_id uuid NOT NULL,
    quantity bigint NOT NULL, PRIMARY KEY (order_id, position)
);
CREATE TABLE payment (
    order_id uuid PRIMARY KEY, intent_id text NOT NULL UNIQUE, client_secret text NOT NULL,
    amount bigint NOT NULL, captured bigint NOT NULL DEFAULT 0, status text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE ledger_entry (
    order_id uuid NOT NULL, line int NOT NULL, account text NOT NULL, amount bigint NOT NULL,
    PRIMARY KEY (order_id, line)
);
CREATE TABLE customer (
    customer_id uuid PRIMARY KEY, email text NOT NULL, orders int NOT NULL, spent bigint NOT NULL
);
CREATE TABLE mail (
    order_id uuid PRIMARY KEY, recipient text NOT NULL, subject text NOT NULL, body text NOT NULL
);
CREATE TABLE sale (
    order_id uuid PRIMARY KEY, confirmed_at timestamptz NOT NULL, total bigint NOT NULL,
    units bigint NOT NULL
);
CREATE INDEX ON sale (confirmed_at);
