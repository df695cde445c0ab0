"""What services of a local shop are told."""

import os
from importlib import import_module
from pathlib import Path

import pytest

from wareflow import state
from wareflow.configuration import HINTS, Plan
from wareflow.house import SERVICES
from wareflow.state import NotRunning
from wareflow_kit.auth import Verifier


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return Plan(
        data=tmp_path,
        postgres="postgresql://wareflow:secret@127.0.0.1:5432/postgres",
        broker="postgres",
        kafka_bootstrap=None,
        services=dict.fromkeys((*SERVICES, "sandbox"), "http://127.0.0.1:8000"),
        front="http://127.0.0.1:8000",
        overrides={"orders": {"pay_within": "PT7S"}},
    )


def test_the_sandbox_tells_payments_all_that_it_acts_upon_and_nothing_else() -> None:
    webhooks = import_module("payments.gateways.stripe_webhooks")
    told: frozenset[str] = import_module("wareflow_sandbox.model.event").EVENT_TYPES
    assert {*HINTS} == (webhooks.INTENT_TYPES | webhooks.REFUND_TYPES) & told


@pytest.mark.parametrize("service", [*SERVICES, "sandbox"])
def test_a_process_is_told_the_same_as_a_part_of_this_one(
    plan: Plan, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = "wareflow_sandbox" if service == "sandbox" else service
    settings = import_module(f"{package}.settings").Settings
    within = settings(**plan.settings(service))
    for name, value in plan.environment(service).items():
        monkeypatch.setenv(name, value)
    assert settings() == within


def test_a_staff_token_is_believed(plan: Plan) -> None:
    principal = Verifier(plan.trusted()).verify(plan.staff_token())
    assert principal.kind == "staff"
    assert principal.may("payments:write")


def test_secrets_are_made_once_and_are_their_owners_only(plan: Plan) -> None:
    assert plan.webhook_secret() == plan.webhook_secret()
    _ = plan.staff_token()
    for path in plan.keys.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


def test_other_commands_find_a_running_shop(plan: Plan, tmp_path: Path) -> None:
    running = plan.running()
    state.write(tmp_path, running)
    assert state.read(tmp_path) == running
    assert (tmp_path / "running.json").stat().st_mode & 0o077 == 0
    assert running.database("wareflow_orders").endswith("/wareflow_orders")


def test_a_shop_that_has_ended_is_said_so(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(NotRunning, match="no shop runs"):
        _ = state.read(tmp_path)
    gone = os.fork()
    if gone == 0:
        os._exit(0)
    _ = os.waitpid(gone, 0)
    state.write(tmp_path, plan.running().model_copy(update={"pid": gone}))
    with pytest.raises(NotRunning, match="has ended"):
        _ = state.read(tmp_path)
