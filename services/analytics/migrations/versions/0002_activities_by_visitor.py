"""activities by visitor"""

from alembic import op
revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('activity_by_visitor', 'activity', ['visitor_id'], unique=False)


def downgrade() -> None:
    op.drop_index('activity_by_visitor', table_name='activity')
