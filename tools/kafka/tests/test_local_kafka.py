"""The local broker keeps what it acknowledged, and ends with its owner."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from tools.kafka import find_kafka, local_kafka
from tools.kafka.local_kafka import HERE, KafkaFailed, KafkaUnavailable, LocalKafka, free_ports

# aiokafka carries no types.
aiokafka: Any = import_module("aiokafka")
admin: Any = import_module("aiokafka.admin")


async def make_topic(kafka: LocalKafka, name: str) -> None:
    """A topic of one partition."""
    client = admin.AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await client.start()
    try:
        await client.create_topics([admin.NewTopic(name, num_partitions=1, replication_factor=1)])
    finally:
        await client.close()


async def send(kafka: LocalKafka, topic: str, value: bytes) -> None:
    """One record, acknowledged."""
    producer = aiokafka.AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all")
    await producer.start()
    try:
        await producer.send_and_wait(topic, value, key=b"key")
    finally:
        await producer.stop()


async def first(kafka: LocalKafka, topic: str, count: int) -> list[bytes]:
    """The values of the topic's first records."""
    consumer = aiokafka.AIOKafkaConsumer(
        topic, bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()


def until(probe: Callable[[], bool], limit: float = 30) -> None:
    """Return as soon as `probe` is true."""
    deadline = time.monotonic() + limit
    while not probe():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_open(bootstrap: str) -> bool:
    """Whether anybody listens there."""
    with contextlib.suppress(OSError):
        socket.create_connection((local_kafka.HOST, int(bootstrap.split(":")[1])), 1).close()
        return True
    return False


@pytest.mark.kafka
async def test_a_record_comes_back(kafka: LocalKafka) -> None:
    await make_topic(kafka, "round-trip")
    await send(kafka, "round-trip", b"hello")
    assert await first(kafka, "round-trip", 1) == [b"hello"]


@pytest.mark.kafka
@pytest.mark.parametrize("killed", [True, False])
async def test_an_acknowledged_record_is_there_after_a_restart(
    kafka: LocalKafka, *, killed: bool
) -> None:
    topic, before = f"restart-{killed}", kafka.bootstrap
    await make_topic(kafka, topic)
    await send(kafka, topic, b"before")
    if killed:
        kafka.kill()
        assert not kafka.running
    _ = await asyncio.to_thread(kafka.restart)
    assert kafka.bootstrap == before
    await send(kafka, topic, b"after")
    assert await first(kafka, topic, 2) == [b"before", b"after"]


@pytest.mark.kafka
async def test_a_broker_that_crashes_is_started_again(kafka: LocalKafka) -> None:
    before, first_pid = kafka.bootstrap, kafka.pid
    assert first_pid is not None
    await asyncio.to_thread(local_kafka.keep, kafka)
    assert kafka.pid == first_pid
    await make_topic(kafka, "crash")
    await send(kafka, "crash", b"before")
    os.kill(first_pid, signal.SIGKILL)
    await asyncio.to_thread(until, lambda: not kafka.running)
    await asyncio.to_thread(local_kafka.keep, kafka)
    assert kafka.bootstrap == before
    assert await first(kafka, "crash", 1) == [b"before"]


@pytest.mark.kafka
def test_the_folder_serves_another_broker_on_other_ports(kafka: LocalKafka, tmp_path: Path) -> None:
    with LocalKafka(tmp_path) as one:
        asyncio.run(make_topic(one, "kept"))
        asyncio.run(send(one, "kept", b"here"))
    with LocalKafka(tmp_path) as other:
        assert asyncio.run(first(other, "kept", 1)) == [b"here"]
        assert one.port != other.port != kafka.port


@pytest.mark.kafka
def test_a_killed_owner_takes_the_broker_and_its_folder_along(kafka: LocalKafka) -> None:
    command = (
        "import sys; from tools.kafka.local_kafka import LocalKafka;"
        "broker = LocalKafka().start(); print(broker.bootstrap, broker.data, flush=True);"
        "sys.stdin.read()"
    )
    with subprocess.Popen[str](
        [sys.executable, "-c", command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=HERE.parents[1],
    ) as owner:
        assert owner.stdout is not None
        bootstrap, data = owner.stdout.readline().split()
        assert is_open(bootstrap)
        owner.kill()
    until(lambda: not is_open(bootstrap) and not Path(data).exists())
    assert kafka.running


@pytest.mark.kafka
def test_the_command_runs_a_broker_until_it_is_interrupted(
    kafka: LocalKafka, tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    command = [sys.executable, str(HERE / "local_kafka.py"), "--data", str(tmp_path)]
    with subprocess.Popen[str](
        [*command, "--port", str(port)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == f"127.0.0.1:{port}\n"
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == 0
    assert (tmp_path / "logs" / "meta.properties").exists()
    assert not is_open(f"127.0.0.1:{port}")
    assert kafka.running


@pytest.mark.kafka
def test_a_free_port_that_was_lost_in_a_race_is_replaced(
    kafka: LocalKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    offers = iter([[kafka.port, free_ports(1)[0]], free_ports(2)])

    def offered(count: int) -> list[int]:
        return next(offers)[:count]

    monkeypatch.setattr(local_kafka, "free_ports", offered)
    with LocalKafka() as other:
        assert other.running
        assert other.port != kafka.port
    assert not other.data.exists()


@pytest.mark.kafka
def test_a_start_that_fails_leaves_nothing_behind(kafka: LocalKafka) -> None:
    refused = LocalKafka(port=kafka.port)
    with pytest.raises(KafkaFailed, match="Address already in use"):
        _ = refused.start()
    assert not refused.running
    assert not refused.data.exists()


def test_a_machine_without_java_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(KafkaUnavailable, match=r"there is no Java .needed: 17 or newer"):
        _ = local_kafka.find_java()


def test_a_java_that_is_too_old_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    java = tmp_path / "bin" / "java"
    _ = java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(KafkaUnavailable, match=r"too old.*11\.0\.2"):
        _ = local_kafka.find_java()


def test_the_jars_are_fetched_once_and_again_for_another_version(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    maven = tmp_path / "mvn"
    _ = maven.write_text(
        '#!/bin/sh\nfor each in "$@"; do case $each in -DoutputDirectory=*)'
        ' mkdir -p "${each#*=}"; echo jar > "${each#*=}/kafka.jar";; esac; done\n'
    )
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(local_kafka, "CACHE", tmp_path / "cache")
    heard: list[str] = []
    for expected in (1, 1):
        libs = local_kafka.kafka_libs(heard.append)
        assert (libs / "kafka.jar").read_text() == "jar\n"
        assert len(heard) == expected
    _ = (libs / "pom.xml").write_text("another version")
    _ = local_kafka.kafka_libs(heard.append)
    assert len(heard) == 2


def test_a_download_that_fails_says_what_maven_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    maven = tmp_path / "mvn"
    _ = maven.write_text("#!/bin/sh\necho no route to host\nexit 1\n")
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(local_kafka, "CACHE", tmp_path / "cache")
    with pytest.raises(KafkaUnavailable, match="no route to host"):
        _ = local_kafka.kafka_libs(lambda _: None)
    assert not (tmp_path / "cache" / "libs").exists()


def test_docker_and_maven_run_the_same_version() -> None:
    version = find_kafka.IMAGE.partition(":")[2]
    assert f"<version>{version}</version>" in (HERE / "pom.xml").read_text()
