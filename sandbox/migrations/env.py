"""Alembic's door into the sandbox's migrations."""

from wareflow_kit.migrations import run
from wareflow_sandbox.model import Base

run(Base.metadata)
