"""The sandbox as a process of its own."""

import asyncio
import os
import signal
import socket
import sys

import httpx

from wareflow_kit.testing import shared_server
from wareflow_sandbox.testing import eventually, open_shop


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


async def test_it_makes_its_database_answers_and_ends_when_told() -> None:
    port = _free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "wareflow_sandbox",
        env={
            **os.environ,
            "WAREFLOW_SANDBOX_DATABASE_URL": shared_server().url("sandbox_of_a_process"),
            "WAREFLOW_SANDBOX_PORT": str(port),
            "WAREFLOW_SANDBOX_SECRET_KEY": "sk_test_other",
        },
    )
    try:
        url = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(trust_env=False) as http:

            async def ready() -> bool | None:
                try:
                    answer = await http.get(f"{url}/health/ready")
                except httpx.TransportError:
                    return None
                return answer.is_success or None

            _ = await eventually(ready, timeout=60, every=0.1)
        async with open_shop(f"{url}/sandbox", key="sk_test_other") as shop:
            assert (await shop.paid()).status == "succeeded"
    finally:
        process.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(process.wait(), 30)
    assert code == 0


async def test_wrong_settings_stop_the_start_and_say_which() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "wareflow_sandbox",
        env={
            **os.environ,
            "WAREFLOW_SANDBOX_DATABASE_URL": "postgresql://nowhere/sandbox",
            "WAREFLOW_SANDBOX_FAULTS": '[{"fault": "explode"}]',
        },
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 1
    assert "explode" in said.decode()
