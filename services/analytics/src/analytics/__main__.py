"""`python -m analytics api|worker|migrate`."""

from analytics.main import build
from wareflow_kit.service import run

run(build)
