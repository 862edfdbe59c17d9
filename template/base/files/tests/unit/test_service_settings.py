"""Settings from the environment."""

from pathlib import Path

import pytest

from project_package.service.settings import (
    Settings,
    SettingsError,
    from_environment,
    unknown,
)


def test_an_empty_environment_gives_the_defaults() -> None:
    assert from_environment({}) == Settings()


def test_values_have_the_types_of_their_settings() -> None:
    settings = from_environment(
        {
            "SERVICE_PORT": "80",
            "SERVICE_MODEL_DIR": "elsewhere",
            "SERVICE_DRAIN_SECONDS": "0.5",
            "SERVICE_LOG_REQUESTS": "false",
        }
    )

    assert settings.port == 80
    assert settings.model_dir == Path("elsewhere")
    assert settings.drain_seconds == 0.5
    assert settings.log_requests is False


@pytest.mark.parametrize(
    ("name", "value"),
    [("SERVICE_PORT", "http"), ("SERVICE_MAX_ROWS", "0"), ("SERVICE_LOG_LEVEL", "chatty")],
)
def test_a_wrong_value_is_refused_with_the_name_of_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        from_environment({name: value})


def test_a_typing_mistake_is_found() -> None:
    environment = {"SERVICE_PROT": "80", "SERVICE_PORT": "80", "HOME": "/"}

    assert unknown(environment) == ["SERVICE_PROT"]


def test_the_token_does_not_show() -> None:
    assert "sesame" not in repr(Settings(token="open sesame"))  # noqa: S106
