"""words are sorted at once"""

from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

_INDEXES = (
    'category_path_idx',
    'search_term_grams_idx',
    'listing_facets_idx',
    'search_document_document_idx',
    'search_document_head_idx',
)


def upgrade() -> None:
    for name in _INDEXES:
        op.execute(f'ALTER INDEX {name} SET (fastupdate = off)')
        op.execute(f"SELECT gin_clean_pending_list('{name}')")


def downgrade() -> None:
    for name in _INDEXES:
        op.execute(f'ALTER INDEX {name} RESET (fastupdate)')
