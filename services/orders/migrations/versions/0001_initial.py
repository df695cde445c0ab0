"""All tables of orders."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence('order_number', start=100_001)))
    op.create_table('audit_entry',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('issuer', sa.Text(), nullable=False),
    sa.Column('actor', sa.Text(), nullable=False),
    sa.Column('action', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(collation='C'), nullable=False),
    sa.Column('before', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('after', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('trace_id', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('audit_entry_pkey'))
    )
    op.create_index(op.f('audit_entry_subject_id_idx'), 'audit_entry', ['subject', 'id'], unique=False)
    op.create_table('cart',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('token_hash', sa.LargeBinary(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('locale', sa.Text(), nullable=False),
    sa.Column('customer_id', sa.Uuid(), nullable=True),
    sa.Column('guest', sa.Boolean(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=True),
    sa.Column('merged_into', sa.Uuid(), nullable=True),
    sa.Column('items', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('email', sa.Text(), nullable=True),
    sa.Column('shipping_address', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('billing_address', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('shipping_method', sa.Text(), nullable=True),
    sa.Column('attribution', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('metadata', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('test', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(status = 'merged') = (merged_into IS NOT NULL)", name=op.f('cart_merged_has_target')),
    sa.CheckConstraint("(status = 'ordered') = (order_id IS NOT NULL)", name=op.f('cart_ordered_has_one')),
    sa.CheckConstraint("status IN ('open', 'ordered', 'merged', 'expired')", name=op.f('cart_status_is_known')),
    sa.CheckConstraint('customer_id IS NOT NULL OR NOT guest', name=op.f('cart_guest_has_an_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('cart_pkey'))
    )
    op.create_index('cart_customer_idx', 'cart', ['customer_id', 'updated_at'], unique=False, postgresql_where=sa.text('customer_id IS NOT NULL'))
    op.create_index('cart_expires_idx', 'cart', ['expires_at'], unique=False, postgresql_where=sa.text('expires_at IS NOT NULL'))
    op.create_table('channel_copy',
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('locale', sa.Text(), nullable=False),
    sa.Column('countries', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.Column('prices_include_tax', sa.Boolean(), nullable=False),
    sa.Column('time_zone', sa.Text(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('channel', name=op.f('channel_copy_pkey'))
    )
    op.create_table('consumer',
    sa.Column('id', sa.SmallInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('generation', sa.SmallInteger(), server_default='0', nullable=False),
    sa.Column('paused', sa.Boolean(), server_default='false', nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('consumer_pkey')),
    sa.UniqueConstraint('name', name=op.f('consumer_name_key'))
    )
    op.create_table('consumer_offset',
    sa.Column('consumer_id', sa.SmallInteger(), nullable=False),
    sa.Column('topic', sa.Text(), nullable=False),
    sa.Column('partition', sa.Integer(), nullable=False),
    sa.Column('next', sa.BigInteger(), nullable=False),
    sa.Column('replay_until', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('moved_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('consumer_id', 'topic', 'partition', name=op.f('consumer_offset_pkey')),
    postgresql_with={'fillfactor': '50'}
    )
    op.create_table('dead_letter',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('consumer', sa.Text(), nullable=False),
    sa.Column('event_id', sa.Uuid(), nullable=False),
    sa.Column('topic', sa.Text(), nullable=False),
    sa.Column('partition', sa.Integer(), nullable=False),
    sa.Column('offset', sa.BigInteger(), nullable=False),
    sa.Column('key', sa.LargeBinary(), nullable=False),
    sa.Column('type', sa.Text(), nullable=True),
    sa.Column('headers', sa.LargeBinary(), nullable=False),
    sa.Column('value', sa.LargeBinary(), nullable=False),
    sa.Column('error', sa.Text(), nullable=False),
    sa.Column('attempts', sa.Integer(), server_default='1', nullable=False),
    sa.Column('died_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('dead_letter_pkey')),
    sa.UniqueConstraint('consumer', 'event_id', name='one_dead_letter_per_event')
    )
    op.create_index('dead_letter_by_key', 'dead_letter', ['consumer', 'topic', 'key', 'id'], unique=False)
    op.create_table('erased_id',
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('erased_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('subject_id', name=op.f('erased_id_pkey'))
    )
    op.create_table('event_stream',
    sa.Column('topic', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('topic', 'key', name=op.f('event_stream_pkey')),
    postgresql_with={'fillfactor': '70'}
    )
    op.create_table('idempotency_key',
    sa.Column('who', sa.Text(collation='C'), nullable=False),
    sa.Column('route', sa.Text(collation='C'), nullable=False),
    sa.Column('key', sa.Text(collation='C'), nullable=False),
    sa.Column('body_hash', sa.LargeBinary(), nullable=False),
    sa.Column('made', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('who', 'route', 'key', name=op.f('idempotency_key_pkey'))
    )
    op.create_index(op.f('idempotency_key_created_at_idx'), 'idempotency_key', ['created_at'], unique=False)
    op.create_table('inbox',
    sa.Column('consumer_id', sa.SmallInteger(), nullable=False),
    sa.Column('generation', sa.SmallInteger(), nullable=False),
    sa.Column('event_id', sa.Uuid(), nullable=False),
    sa.PrimaryKeyConstraint('consumer_id', 'generation', 'event_id', name=op.f('inbox_pkey'))
    )
    op.create_table('orders',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Text(), server_default=sa.text("'W-' || nextval('order_number')"), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('cart_id', sa.Uuid(), nullable=False),
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('guest', sa.Boolean(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('locale', sa.Text(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('livemode', sa.Boolean(), nullable=False),
    sa.Column('test', sa.Boolean(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('payment_status', sa.Text(), nullable=False),
    sa.Column('fulfilment_status', sa.Text(), nullable=False),
    sa.Column('closing_reason', sa.Text(), nullable=True),
    sa.Column('cancel_reason', sa.Text(), nullable=True),
    sa.Column('missing', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('prices_include_tax', sa.Boolean(), nullable=False),
    sa.Column('subtotal', sa.BigInteger(), nullable=False),
    sa.Column('discount', sa.BigInteger(), nullable=False),
    sa.Column('shipping', sa.BigInteger(), nullable=False),
    sa.Column('tax', sa.BigInteger(), nullable=False),
    sa.Column('total', sa.BigInteger(), nullable=False),
    sa.Column('discounts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('shipping_lines', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('captured', sa.BigInteger(), nullable=False),
    sa.Column('refund_due', sa.BigInteger(), nullable=False),
    sa.Column('refunded', sa.BigInteger(), nullable=False),
    sa.Column('refunds', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('ship_to', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('attribution', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('metadata', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('forget_contact', sa.Boolean(), nullable=False),
    sa.Column('placed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('reserve_by', sa.DateTime(timezone=True), nullable=False),
    sa.Column('pay_within', sa.BigInteger(), nullable=False),
    sa.Column('pay_by', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reserved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('cancelled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('fulfilled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('carrier', sa.Text(), nullable=True),
    sa.Column('tracking_number', sa.Text(), nullable=True),
    sa.CheckConstraint("(status = 'cancelled') = (cancelled_at IS NOT NULL) AND (status = 'cancelled') = (cancel_reason IS NOT NULL)", name=op.f('orders_cancelled_says_when_and_why')),
    sa.CheckConstraint("fulfilment_status <> 'fulfilled' OR status = 'confirmed'", name=op.f('orders_only_confirmed_is_fulfilled')),
    sa.CheckConstraint("fulfilment_status IN ('unfulfilled', 'fulfilled')", name=op.f('orders_fulfilment_is_known')),
    sa.CheckConstraint("payment_status IN ('not_due', 'due', 'declined', 'paid', 'voided', 'refunding', 'partly_refunded', 'refunded', 'refund_failed')", name=op.f('orders_payment_status_is_known')),
    sa.CheckConstraint("status <> 'closing' OR closing_reason IS NOT NULL", name=op.f('orders_closing_has_a_reason')),
    sa.CheckConstraint("status <> 'confirmed' OR captured = total AND reserved_at IS NOT NULL", name=op.f('orders_confirmed_is_held_and_paid')),
    sa.CheckConstraint("status <> 'confirmed' OR confirmed_at IS NOT NULL", name=op.f('orders_confirmed_says_when')),
    sa.CheckConstraint("status IN ('placed', 'awaiting_payment', 'closing', 'confirmed', 'cancelled')", name=op.f('orders_status_is_known')),
    sa.CheckConstraint("status NOT IN ('awaiting_payment', 'closing') OR pay_by IS NOT NULL", name=op.f('orders_payment_has_a_deadline')),
    sa.CheckConstraint('captured IN (0, total)', name=op.f('orders_captured_whole_or_not')),
    sa.CheckConstraint('discount <= subtotal + shipping', name=op.f('orders_discount_within_price')),
    sa.CheckConstraint('refund_due BETWEEN 0 AND captured', name=op.f('orders_refund_due_within_captured')),
    sa.CheckConstraint('refunded BETWEEN 0 AND captured', name=op.f('orders_refunded_within_captured')),
    sa.CheckConstraint('subtotal >= 0 AND discount >= 0 AND shipping >= 0 AND tax >= 0', name=op.f('orders_amounts_not_negative')),
    sa.CheckConstraint('total = subtotal - discount + shipping + CASE WHEN prices_include_tax THEN 0 ELSE tax END', name=op.f('orders_total_adds_up')),
    sa.PrimaryKeyConstraint('id', name=op.f('orders_pkey'))
    )
    op.create_index('one_live_order_per_cart', 'orders', ['cart_id'], unique=True, postgresql_where=sa.text("status <> 'cancelled'"))
    op.create_index('orders_customer_idx', 'orders', ['customer_id', 'id'], unique=False)
    op.create_index('orders_number_key', 'orders', ['number'], unique=True)
    op.create_index('orders_pay_by_idx', 'orders', ['pay_by'], unique=False, postgresql_where=sa.text("status = 'awaiting_payment'"))
    op.create_index('orders_payment_status_idx', 'orders', ['payment_status', 'id'], unique=False)
    op.create_index('orders_reserve_by_idx', 'orders', ['reserve_by'], unique=False, postgresql_where=sa.text("status = 'placed'"))
    op.create_index('orders_status_idx', 'orders', ['status', 'id'], unique=False)
    op.create_table('outbox',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True, cache=1), nullable=False),
    sa.Column('event_id', sa.Uuid(), nullable=False),
    sa.Column('topic', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('time', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=True),
    sa.Column('traceparent', sa.Text(), nullable=True),
    sa.Column('data', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('outbox_pkey')),
    postgresql_with={'autovacuum_vacuum_scale_factor': '0', 'autovacuum_vacuum_threshold': '1000'}
    )
    op.create_table('parked_key',
    sa.Column('consumer', sa.Text(), nullable=False),
    sa.Column('topic', sa.Text(), nullable=False),
    sa.Column('key', sa.LargeBinary(), nullable=False),
    sa.Column('parked_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('consumer', 'topic', 'key', name=op.f('parked_key_pkey'))
    )
    op.create_table('price_copy',
    sa.Column('variant_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('compare_at', sa.BigInteger(), nullable=True),
    sa.Column('valid_from', sa.DateTime(timezone=True), nullable=True),
    sa.Column('valid_to', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('variant_id', 'position', name=op.f('price_copy_pkey'))
    )
    op.create_table('product_copy',
    sa.Column('product_id', sa.Uuid(), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('channels', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.PrimaryKeyConstraint('product_id', name=op.f('product_copy_pkey'))
    )
    op.create_table('stock_copy',
    sa.Column('variant_id', sa.Uuid(), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('tracked', sa.Boolean(), nullable=False),
    sa.Column('available', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('variant_id', name=op.f('stock_copy_pkey'))
    )
    op.create_table('variant_copy',
    sa.Column('variant_id', sa.Uuid(), nullable=False),
    sa.Column('product_id', sa.Uuid(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('sku', sa.Text(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('options', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('image_url', sa.Text(), nullable=True),
    sa.Column('taxable', sa.Boolean(), nullable=False),
    sa.Column('tax_code', sa.Text(), nullable=True),
    sa.Column('weight_grams', sa.BigInteger(), nullable=False),
    sa.Column('requires_shipping', sa.Boolean(), nullable=False),
    sa.Column('tracked', sa.Boolean(), nullable=False),
    sa.Column('backorder', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('variant_id', name=op.f('variant_copy_pkey'))
    )
    op.create_index(op.f('variant_copy_product_id_idx'), 'variant_copy', ['product_id'], unique=False)
    op.create_table('order_contact',
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('email', sa.Text(), nullable=True),
    sa.Column('shipping_address', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('billing_address', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('order_contact_order_id_fkey'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('order_id', name=op.f('order_contact_pkey'))
    )
    op.create_index(op.f('order_contact_customer_id_idx'), 'order_contact', ['customer_id'], unique=False)
    op.create_index('order_contact_email_idx', 'order_contact', [sa.literal_column('lower(email)')], unique=False)
    op.create_table('order_event',
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('seq', sa.BigInteger(), nullable=False),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('data', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('order_event_order_id_fkey'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('order_id', 'seq', name=op.f('order_event_pkey'))
    )
    op.create_table('order_line',
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('line_id', sa.Uuid(), nullable=False),
    sa.Column('variant_id', sa.Uuid(), nullable=False),
    sa.Column('product_id', sa.Uuid(), nullable=False),
    sa.Column('product_version', sa.BigInteger(), nullable=False),
    sa.Column('sku', sa.Text(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('variant_title', sa.Text(), nullable=False),
    sa.Column('options', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('image_url', sa.Text(), nullable=True),
    sa.Column('tax_code', sa.Text(), nullable=True),
    sa.Column('weight_grams', sa.BigInteger(), nullable=False),
    sa.Column('requires_shipping', sa.Boolean(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.Column('unit_price', sa.BigInteger(), nullable=False),
    sa.Column('discounts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('discount', sa.BigInteger(), nullable=False),
    sa.Column('tax_lines', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('tax', sa.BigInteger(), nullable=False),
    sa.Column('added_tax', sa.BigInteger(), nullable=False),
    sa.Column('total', sa.BigInteger(), nullable=False),
    sa.Column('cancelled', sa.BigInteger(), nullable=False),
    sa.Column('fulfilled', sa.BigInteger(), nullable=False),
    sa.Column('returned', sa.BigInteger(), nullable=False),
    sa.Column('refunded', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('cancelled >= 0 AND fulfilled >= 0 AND cancelled + fulfilled <= quantity', name=op.f('order_line_each_unit_ends_once')),
    sa.CheckConstraint('discount <= quantity * unit_price', name=op.f('order_line_discount_within_price')),
    sa.CheckConstraint('quantity > 0', name=op.f('order_line_something_was_bought')),
    sa.CheckConstraint('refunded BETWEEN 0 AND quantity', name=op.f('order_line_refunded_within_ordered')),
    sa.CheckConstraint('returned BETWEEN 0 AND fulfilled', name=op.f('order_line_returned_within_fulfilled')),
    sa.CheckConstraint('total = quantity * unit_price - discount + added_tax AND added_tax IN (0, tax)', name=op.f('order_line_total_adds_up')),
    sa.CheckConstraint('unit_price >= 0 AND discount >= 0 AND tax >= 0', name=op.f('order_line_amounts_not_negative')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('order_line_order_id_fkey'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('order_id', 'position', name=op.f('order_line_pkey')),
    sa.UniqueConstraint('line_id', name=op.f('order_line_line_id_key'))
    )


def downgrade() -> None:
    op.drop_table('order_line')
    op.drop_table('order_event')
    op.drop_index('order_contact_email_idx', table_name='order_contact')
    op.drop_index(op.f('order_contact_customer_id_idx'), table_name='order_contact')
    op.drop_table('order_contact')
    op.drop_index(op.f('variant_copy_product_id_idx'), table_name='variant_copy')
    op.drop_table('variant_copy')
    op.drop_table('stock_copy')
    op.drop_table('product_copy')
    op.drop_table('price_copy')
    op.drop_table('parked_key')
    op.drop_table('outbox')
    op.drop_index('orders_status_idx', table_name='orders')
    op.drop_index('orders_reserve_by_idx', table_name='orders', postgresql_where=sa.text("status = 'placed'"))
    op.drop_index('orders_payment_status_idx', table_name='orders')
    op.drop_index('orders_pay_by_idx', table_name='orders', postgresql_where=sa.text("status = 'awaiting_payment'"))
    op.drop_index('orders_number_key', table_name='orders')
    op.drop_index('orders_customer_idx', table_name='orders')
    op.drop_index('one_live_order_per_cart', table_name='orders', postgresql_where=sa.text("status <> 'cancelled'"))
    op.drop_table('orders')
    op.drop_table('inbox')
    op.drop_index(op.f('idempotency_key_created_at_idx'), table_name='idempotency_key')
    op.drop_table('idempotency_key')
    op.drop_table('event_stream')
    op.drop_table('erased_id')
    op.drop_index('dead_letter_by_key', table_name='dead_letter')
    op.drop_table('dead_letter')
    op.drop_table('consumer_offset')
    op.drop_table('consumer')
    op.drop_table('channel_copy')
    op.drop_index('cart_expires_idx', table_name='cart', postgresql_where=sa.text('expires_at IS NOT NULL'))
    op.drop_index('cart_customer_idx', table_name='cart', postgresql_where=sa.text('customer_id IS NOT NULL'))
    op.drop_table('cart')
    op.drop_index(op.f('audit_entry_subject_id_idx'), table_name='audit_entry')
    op.drop_table('audit_entry')
    op.execute(sa.schema.DropSequence(sa.Sequence('order_number')))
