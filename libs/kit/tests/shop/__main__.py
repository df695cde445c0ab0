"""`python -m shop api|worker|migrate`."""

from shop.main import build
from wareflow_kit.service import run

run(build)
