"""customers by tag"""

from alembic import op
revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('customer_by_tag', 'customer', ['tags'], unique=False, postgresql_using='gin')


def downgrade() -> None:
    op.drop_index('customer_by_tag', table_name='customer', postgresql_using='gin')
