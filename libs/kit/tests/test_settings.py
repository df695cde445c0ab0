"""Settings come from the environment, the service's own before the shared, and are checked."""

from typing import Any

import pytest
from pydantic import ValidationError
from shop.settings import Settings

ENOUGH: dict[str, Any] = {"database_url": "postgresql://db/shop", "log_url": "postgresql://db/log"}


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("WAREFLOW_")]:
        monkeypatch.delenv(name)


def read(**given: Any) -> Settings:
    """Settings from what is given and the environment."""
    return Settings(**given)


def test_a_services_own_variable_goes_before_the_shared_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WAREFLOW_DATABASE_URL", "postgresql://db/shared")
    monkeypatch.setenv("WAREFLOW_LOG_URL", "postgresql://db/log")
    assert read().database_url == "postgresql://db/shared"
    monkeypatch.setenv("WAREFLOW_SHOP_DATABASE_URL", "postgresql://db/own")
    assert read().database_url == "postgresql://db/own"
    assert read().log_url == "postgresql://db/log"
    monkeypatch.setenv("WAREFLOW_SHOP_GREETING", "hi")
    assert read().greeting == "hi"


def test_lists_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREFLOW_CORS_ORIGINS", '["https://a.test", "https://b.test"]')
    issuers = '[{"issuer": "https://id.test", "keys": "/etc/jwks.json", "kinds": ["staff"]}]'
    monkeypatch.setenv("WAREFLOW_TRUSTED_ISSUERS", issuers)
    settings = read(**ENOUGH)
    assert settings.cors_origins == ("https://a.test", "https://b.test")
    assert settings.trusted_issuers[0].kinds == ("staff",)


def test_settings_do_not_change() -> None:
    settings = read(**ENOUGH)
    with pytest.raises(ValidationError):
        settings.port = 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"database_url": "postgresql://db/shop"},
        {"database_url": "postgresql://db/shop", "broker": "kafka"},
        {**ENOUGH, "port": 70_000},
        {**ENOUGH, "broker": "pigeon"},
        {"log_url": "postgresql://db/log"},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _ = read(**wrong)


def test_a_password_is_not_shown() -> None:
    settings = Settings(
        database_url="postgresql://me:hush@db/shop", log_url="postgresql://me:hush@db/log"
    )
    assert "hush" not in repr(settings)
    with pytest.raises(ValidationError) as error:
        _ = read(**{**ENOUGH, "pool_size": "hush"})
    assert "hush" not in str(error.value)
