"""Alembic's door into this service's migrations."""

from payments.model import Base
from wareflow_kit.migrations import run

run(Base.metadata)
