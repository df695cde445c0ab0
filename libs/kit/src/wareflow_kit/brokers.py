"""The broker that the settings name."""

import ssl
from typing import Any

from wareflow_events.broker import Broker
from wareflow_events.postgres import PostgresBroker
from wareflow_kit.settings import ServiceSettings
from wareflow_kit.urls import dsn


def open_broker(settings: ServiceSettings) -> Broker:
    """Connects at first use."""
    if settings.broker == "kafka":
        from wareflow_events.kafka import KafkaBroker

        assert settings.kafka_bootstrap is not None  # the settings were checked
        return KafkaBroker(
            settings.kafka_bootstrap,
            replication=settings.kafka_replication,
            min_in_sync=settings.kafka_min_in_sync,
            security=kafka_security(settings),
        )
    assert settings.log_url is not None
    return PostgresBroker(dsn(settings.log_url))


def kafka_security(settings: ServiceSettings) -> dict[str, Any]:
    """How to connect to Kafka, in aiokafka's words."""
    protocol = settings.kafka_security_protocol
    security: dict[str, Any] = {"security_protocol": protocol}
    if protocol.endswith("SSL"):
        security["ssl_context"] = ssl.create_default_context(cafile=settings.kafka_ca_file)
    if protocol.startswith("SASL"):
        security["sasl_mechanism"] = settings.kafka_sasl_mechanism
        security["sasl_plain_username"] = settings.kafka_username
        security["sasl_plain_password"] = settings.kafka_password
    return security
