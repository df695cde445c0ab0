"""The log in PostgreSQL keeps the brokers' contract."""

import pytest

from wareflow_events.contract import BrokerContract, ConsumerContract, Log


class TestPostgresLog(BrokerContract):
    @pytest.fixture
    def log(self, postgres_log: Log) -> Log:
        return postgres_log


class TestConsumersOnThePostgresLog(ConsumerContract):
    @pytest.fixture
    def log(self, postgres_log: Log) -> Log:
        return postgres_log
