"""`python -m catalog api|worker|migrate`."""

from catalog.main import build
from wareflow_kit.service import run

run(build)
