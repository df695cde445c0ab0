"""`python -m inventory api|worker|migrate`."""

from inventory.main import build
from wareflow_kit.service import run

run(build)
