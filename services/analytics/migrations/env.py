"""Alembic's door into this service's migrations; importing the projections fills the metadata."""

from analytics.projections import TABLES
from wareflow_kit.migrations import run

run(TABLES[0].metadata)
