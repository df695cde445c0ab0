"""Where a broker for tests comes from, and what is said when there is none."""

import pytest
from tools.kafka import find_kafka
from tools.kafka.local_kafka import KafkaFailed, KafkaUnavailable, LocalKafka


@pytest.fixture
def nothing_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a named broker, Docker or Java."""
    monkeypatch.delenv("KAFKA_BOOTSTRAP", raising=False)
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    monkeypatch.setenv("JAVA_HOME", "/nonexistent")


@pytest.mark.usefixtures("nothing_here")
def test_a_machine_without_any_hears_what_is_missing_for_each_way() -> None:
    with (
        pytest.raises(KafkaUnavailable, match=r"KAFKA_BOOTSTRAP.*no Docker daemon.*no Java"),
        find_kafka.find_kafka(),
    ):
        pytest.fail("there is none")


@pytest.mark.usefixtures("nothing_here")
def test_tests_are_skipped_without_a_broker_but_never_in_ci(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CI", raising=False)
    with (
        pytest.raises(pytest.skip.Exception, match="no Kafka: KAFKA_BOOTSTRAP"),
        find_kafka.for_tests(find_kafka.find_kafka),
    ):
        pytest.fail("there is none")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(KafkaUnavailable), find_kafka.for_tests(find_kafka.find_kafka):
        pytest.fail("there is none")


@pytest.mark.kafka
def test_the_broker_that_the_environment_names_is_taken(
    kafka: LocalKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP", kafka.bootstrap)
    with find_kafka.find_kafka() as bootstrap:
        assert bootstrap == kafka.bootstrap
    assert kafka.running


def test_a_named_broker_that_is_dead_is_an_error_and_no_reason_to_skip(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "127.0.0.1:1")
    monkeypatch.setattr("tools.kafka.local_kafka.START_LIMIT", 0.2)
    with (
        pytest.raises(KafkaFailed, match=r"no answer from 127\.0\.0\.1:1"),
        find_kafka.find_kafka(),
    ):
        pytest.fail("it is dead")


def test_the_image_hears_the_same_settings_in_its_own_form() -> None:
    environment = find_kafka.container_environment(40000)
    assert environment["KAFKA_ADVERTISED_LISTENERS"] == "PLAINTEXT://127.0.0.1:40000"
    assert environment["KAFKA_PROCESS_ROLES"] == "broker,controller"
    assert environment["KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR"] == "1"
