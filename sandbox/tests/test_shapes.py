"""Our objects have the keys and the types of Stripe's own examples."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from wareflow_sandbox.testing import Running, Shop

EXAMPLES: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "data" / "stripe_objects.json").read_text()
)["resources"]

LEFT_OUT = {
    # Lists inside a charge come only when they are expanded, in today's versions of the API.
    "charge": {"refunds", "source"},
}
UNLIKE = {
    # What the sandbox has no use for is null where the examples show something made up.
    "charge": {"receipt_url", "shipping", "transfer_data"},
    "payment_intent": {
        "last_payment_error",
        "next_action",
        "payment_method_configuration_details",
        "processing",
        "shipping",
        "transfer_data",
    },
}


async def _seen(running: Running, path: str) -> dict[str, Any]:
    headers = {"Authorization": "Bearer sk_test_sandbox"}
    async with httpx.AsyncClient(headers=headers, trust_env=False) as http:
        return (await http.get(f"{running.url}/v1{path}")).json()


def _kind(value: object) -> str:
    return "number" if isinstance(value, int | float) else type(value).__name__


@pytest.fixture(scope="module")
async def objects(running: Running, shop: Shop) -> dict[str, dict[str, Any]]:
    """One of each, after a payment and a refund."""
    intent = await shop.paid(description="Order 1042", expand=["latest_charge"])
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    refund = await shop.refund(intent, amount=100)
    endpoint = await shop.client.v1.webhook_endpoints.create_async(
        {
            "url": "http://127.0.0.1:9/hook",
            "enabled_events": ["refund.created"],
            "description": "ours",
        }
    )
    seen = {
        "payment_intent": await _seen(running, f"/payment_intents/{intent.id}"),
        "charge": await _seen(running, f"/charges/{charge.id}"),
        "refund": await _seen(running, f"/refunds/{refund.id}"),
        "balance_transaction": await _seen(
            running, f"/balance_transactions/{charge.balance_transaction}"
        ),
        "payment_method": await _seen(running, f"/payment_methods/{intent.payment_method}"),
        "event": (await _seen(running, "/events?limit=1"))["data"][0],
        "webhook_endpoint": await _seen(running, f"/webhook_endpoints/{endpoint.id}"),
    }
    _ = await shop.client.v1.webhook_endpoints.delete_async(endpoint.id)
    return seen


@pytest.mark.parametrize("name", sorted(EXAMPLES))
async def test_an_object_has_the_keys_of_stripes_example(
    objects: dict[str, dict[str, Any]], name: str
) -> None:
    assert set(objects[name]) == set(EXAMPLES[name]) - LEFT_OUT.get(name, set())


@pytest.mark.parametrize("name", sorted(EXAMPLES))
async def test_a_value_has_the_type_of_stripes_example(
    objects: dict[str, dict[str, Any]], name: str
) -> None:
    example = EXAMPLES[name]
    unlike = {
        key: (_kind(value), _kind(example[key]))
        for key, value in objects[name].items()
        if value is not None and example[key] is not None and _kind(value) != _kind(example[key])
    }
    missing = {
        key
        for key, value in objects[name].items()
        if value is None and example[key] is not None and key != "canceled_at"
    }
    assert unlike == {}
    assert missing == UNLIKE.get(name, set())


async def test_the_details_of_a_card_have_stripes_keys_too(
    objects: dict[str, dict[str, Any]],
) -> None:
    ours = objects["charge"]["payment_method_details"]["card"]
    assert set(ours) == set(EXAMPLES["charge"]["payment_method_details"]["card"])
    assert set(objects["payment_method"]["card"]) == set(EXAMPLES["payment_method"]["card"])
    assert set(objects["charge"]["billing_details"]) == set(EXAMPLES["charge"]["billing_details"])
    assert set(EXAMPLES["charge"]["outcome"]) <= set(objects["charge"]["outcome"])
