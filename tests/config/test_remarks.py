"""Settings that may not do what was meant, and are said to whoever set them."""

from typing import Any

import pytest

from agent.config.remarks import WITHOUT_EFFECT, remarks
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


def secured(protocol: str, mechanism: str) -> dict[str, Any]:
    """Settings of a broker that asks who comes."""
    security = {"protocol": protocol, "sasl_mechanism": mechanism, "username": "reader", "password": "letmein"}
    return {"source": {"kafka": {"security": security}}}


def test_defaults_are_not_told() -> None:
    """Who sets nothing hears nothing."""
    assert [*remarks(Settings())] == []


def test_all_that_are_set_are_told() -> None:
    """Each setting without effect is named when it is set, and no other."""
    assert [line.split(" ")[0] for line in remarks(Settings.model_validate(SET))] == list(WITHOUT_EFFECT)


def test_a_password_that_goes_over_the_network_as_it_is_is_told() -> None:
    """Where it goes, and without what it is."""
    [line] = remarks(Settings.model_validate(secured("SASL_PLAINTEXT", "PLAIN")))
    assert line.startswith("source.kafka.security: SASL_PLAINTEXT with PLAIN sends the password as it is")
    assert "letmein" not in line


@pytest.mark.parametrize(("protocol", "mechanism"), [("SASL_SSL", "PLAIN"), ("SASL_PLAINTEXT", "SCRAM-SHA-256")])
def test_one_that_does_not_is_not_told(protocol: str, mechanism: str) -> None:
    """TLS hides it, and SCRAM does not send it."""
    assert [*remarks(Settings.model_validate(secured(protocol, mechanism)))] == []


@pytest.mark.parametrize("key", WITHOUT_EFFECT)
def test_its_meaning_says_so(key: str) -> None:
    """The line of meaning in `config show` says that the setting has no effect yet."""
    section, name = key.split(".")
    described = Settings.model_fields[section].annotation.model_fields[name].description  # type: ignore[union-attr]
    assert str(described).endswith("; no effect yet")
