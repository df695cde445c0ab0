"""`python -m crm api|worker|migrate`."""

from crm.main import build
from wareflow_kit.service import run

run(build)
