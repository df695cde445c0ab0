"""A Kafka broker for tests, from wherever this machine can have one."""

import os
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib import import_module
from typing import Any, TypeVar

import pytest
from tools.kafka.local_kafka import (
    HOST,
    SETTINGS,
    KafkaUnavailable,
    LocalKafka,
    await_answer,
    free_ports,
)

IMAGE = "apache/kafka:4.3.1"

T = TypeVar("T")


@contextmanager
def docker_kafka() -> Generator[str]:
    """The bootstrap address of a broker in a container; KafkaUnavailable without Docker."""
    try:
        docker: Any = import_module("docker")
        _ = docker.from_env(timeout=5).ping()
    except Exception as why:  # noqa: BLE001 - whatever stands in the way, there is none
        raise KafkaUnavailable(f"no Docker daemon answers ({type(why).__name__})") from None
    containers: Any = import_module("testcontainers.core.container")
    port = free_ports(1)[0]
    container = containers.DockerContainer(IMAGE).with_bind_ports(9092, port)
    with container.with_envs(**container_environment(port)):
        await_answer(f"{HOST}:{port}")
        yield f"{HOST}:{port}"


def container_environment(port: int) -> dict[str, str]:
    """The image's form of the settings, for clients that reach it as 127.0.0.1:`port`."""
    listeners = {
        "controller.quorum.voters": "1@localhost:9093",
        "listeners": "PLAINTEXT://0.0.0.0:9092,CONTROLLER://localhost:9093",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
    }
    settings = {**SETTINGS, **listeners}.items()
    return {f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in settings}


@contextmanager
def find_kafka() -> Generator[str]:
    """The bootstrap address of a broker, for as long as the block lasts.

    The one that KAFKA_BOOTSTRAP names; else one in Docker; else one on the machine's Java.
    Raises KafkaUnavailable, which says what is missing for each.
    """
    if given := os.environ.get("KAFKA_BOOTSTRAP"):
        await_answer(given)
        yield given
        return
    with ExitStack() as stack:
        yield _first(stack)


def _first(stack: ExitStack) -> str:
    missing = ["KAFKA_BOOTSTRAP names no broker"]
    for way in (docker_kafka, java_kafka):
        try:
            return stack.enter_context(way())
        except KafkaUnavailable as why:
            missing.append(str(why))
    raise KafkaUnavailable("; ".join(missing))


@contextmanager
def java_kafka() -> Generator[str]:
    """The bootstrap address of a `LocalKafka` in a temporary folder."""
    with LocalKafka() as kafka:
        yield kafka.bootstrap


@contextmanager
def for_tests(opening: Callable[[], AbstractContextManager[T]]) -> Generator[T]:
    """`find_kafka` or `LocalKafka` for a fixture: without a broker its tests are skipped.

    Never under CI=true: there a missing broker is an error.
    """
    with ExitStack() as stack:
        yield _opened_or_skipped(stack, opening)


def _opened_or_skipped(stack: ExitStack, opening: Callable[[], AbstractContextManager[T]]) -> T:
    try:
        return stack.enter_context(opening())
    except KafkaUnavailable as why:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no Kafka: {why}")
