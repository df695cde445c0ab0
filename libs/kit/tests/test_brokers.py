"""The settings decide which broker it is, and how it is spoken to."""

import ssl

import pytest
from shop.settings import Settings

from wareflow_events.kafka import KafkaBroker
from wareflow_events.postgres import PostgresBroker
from wareflow_kit.brokers import kafka_security, open_broker


def kafka(**more: object) -> Settings:
    given = {"database_url": "postgresql://db/shop", "broker": "kafka", "kafka_bootstrap": "k:9092"}
    return Settings.model_validate({**given, **more})


async def test_the_settings_name_the_broker() -> None:
    postgres = Settings(database_url="postgresql://db/shop", log_url="postgresql://db/log")
    for settings, kind in ((postgres, PostgresBroker), (kafka(), KafkaBroker)):
        broker = open_broker(settings)
        assert isinstance(broker, kind)
        await broker.close()


def test_kafka_is_spoken_to_in_the_clear_unless_told_otherwise() -> None:
    assert kafka_security(kafka()) == {"security_protocol": "PLAINTEXT"}


@pytest.mark.parametrize("protocol", ["SSL", "SASL_SSL", "SASL_PLAINTEXT"])
def test_a_secured_kafka_gets_what_its_protocol_needs(protocol: str) -> None:
    security = kafka_security(
        kafka(kafka_security_protocol=protocol, kafka_username="u", kafka_password="p")
    )
    context = security.get("ssl_context")
    assert isinstance(context, ssl.SSLContext) == protocol.endswith("SSL")
    if context:
        assert context.verify_mode is ssl.CERT_REQUIRED
    assert (security.get("sasl_plain_password") == "p") == protocol.startswith("SASL")
