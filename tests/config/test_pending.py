"""Settings whose part is not built yet."""

import pytest

from agent.config.pending import WITHOUT_EFFECT, without_effect
from agent.config.settings import Settings

SET = {
    "notify": {
        "external_url": "https://babelwatch.example",
        "group_wait": "0s",
        "group_interval": "1m",
        "repeat_interval": {"critical": "1h"},
        "templates": "templates",
        "trace_url": "https://traces.example/{trace_id}",
    },
    "privacy": {"samples": True},
}


def test_defaults_are_not_told() -> None:
    """Who sets nothing hears nothing."""
    assert without_effect(Settings()) == []


def test_all_that_are_set_are_told() -> None:
    """Each setting without effect is named when it is set."""
    assert without_effect(Settings.model_validate(SET)) == list(WITHOUT_EFFECT)


@pytest.mark.parametrize("key", WITHOUT_EFFECT)
def test_its_meaning_says_so(key: str) -> None:
    """The line of meaning in `config show` says that the setting has no effect yet."""
    section, name = key.split(".")
    described = Settings.model_fields[section].annotation.model_fields[name].description  # type: ignore[union-attr]
    assert str(described).endswith("; no effect yet")
