"""What the chart refuses to write into a ConfigMap: every key that the agent has for a secret, and nothing beside them."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from agent.config.settings import SECRETS, TABLES_OF_SECRETS
from tests.helm.rendering import Render

HIDDEN: Final = "change-me-to-something"
WITH_HEADERS: Final = {"url": "https://search.example", "headers": {"X-Api-Key": HIDDEN}}
SAID: Final[Mapping[str, tuple[Mapping[str, Any], str]]] = {
    "config.web.token": ({"web": {"token": HIDDEN}}, "token.existingSecret"),
    "config.source.kafka.security.password": ({"source": {"kafka": {"security": {"password": HIDDEN}}}}, "password_file"),
    "config.store.clickhouse.password": ({"store": {"clickhouse": {"password": HIDDEN}}}, "password_file"),
    "config.probes.0.embedder.token": ({"probes": [{"embedder": {"type": "openai", "token": HIDDEN}}]}, "token_file"),
    "config.golden.1.endpoint.token": ({"golden": [{}, {"endpoint": {"token": HIDDEN}}]}, "token_file"),
    "config.probes.0.endpoint.headers.X-Api-Key": (
        {"probes": [{"endpoint": WITH_HEADERS}]},
        "BABELWATCH_PROBES__0__ENDPOINT__HEADERS in env",
    ),
    "config.probes.0.embedder.headers.X-Api-Key": (
        {"probes": [{"embedder": WITH_HEADERS}]},
        "BABELWATCH_PROBES__0__EMBEDDER__HEADERS in env",
    ),
    **{
        f"config.notify.receivers.hook.{key}": (
            {"notify": {"receivers": {"hook": {"type": "webhook", key: HIDDEN}}}},
            f"{key}_file",
        )
        for key in SECRETS
    },
}
HARMLESS: Final[Mapping[str, Mapping[str, Any]]] = {
    "addresses": {
        "store": {"clickhouse": {"url": "https://clickhouse:8443"}},
        "notify": {"receivers": {"manager": {"type": "alertmanager", "url": "https://alertmanager:9093"}}},
        "probes": [{"endpoint": {"url": "https://search.example"}}],
    },
    "files": {"notify": {"receivers": {"hook": {"type": "webhook", **{f"{key}_file": "/run/secrets/x" for key in SECRETS}}}}},
    "names of your own": {
        "notify": {"receivers": {"token": {"type": "slack", "webhook_url_file": "/run/secrets/x"}, "headers": {"type": "email"}}},
        "source": {"document_language": {"collections": {"proxy": "en"}}},
        "golden": [{"endpoint": {"body": {"query": "{query}", "token": "{k}"}}}],
    },
    "nothing": {"web": {"token": ""}, "store": {"clickhouse": {"url": "https://clickhouse:8443", "password": None}}},
}


@pytest.mark.parametrize("key", SAID)
def test_a_secret_in_the_clear_is_refused(render: Render, key: str) -> None:
    """With the key and the way out, and without the secret."""
    config, way_out = SAID[key]
    refusal = render(config=config).refusal
    assert f"{key}: expected no secret, since a ConfigMap is no place for one: {way_out}" in refusal
    assert HIDDEN not in refusal


def test_every_table_of_secrets_is_among_them() -> None:
    """As the settings list them."""
    assert {key.split(".")[-2] for key in SAID if "X-Api-Key" in key} == {*TABLES_OF_SECRETS}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_no_secret_is_taken(render: Render, name: str) -> None:
    """Addresses, names of files, what you may name yourself, and what is empty."""
    assert render(config=HARMLESS[name]).kinds()
