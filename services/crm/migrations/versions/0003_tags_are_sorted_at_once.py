"""tags are sorted at once"""

from alembic import op
revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute('ALTER INDEX customer_by_tag SET (fastupdate = off)')
    op.execute("SELECT gin_clean_pending_list('customer_by_tag')")


def downgrade() -> None:
    op.execute('ALTER INDEX customer_by_tag RESET (fastupdate)')
