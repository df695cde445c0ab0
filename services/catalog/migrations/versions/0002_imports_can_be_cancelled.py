"""imports can be cancelled"""

import sqlalchemy as sa
from alembic import op
revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f('product_import_status_known'), 'product_import', type_='check')
    op.create_check_constraint(
        op.f('product_import_status_known'),
        'product_import',
        "status IN ('running', 'finished', 'failed', 'cancelled')",
    )


def downgrade() -> None:
    op.execute(sa.text("UPDATE product_import SET status = 'failed' WHERE status = 'cancelled'"))
    op.drop_constraint(op.f('product_import_status_known'), 'product_import', type_='check')
    op.create_check_constraint(
        op.f('product_import_status_known'),
        'product_import',
        "status IN ('running', 'finished', 'failed')",
    )
