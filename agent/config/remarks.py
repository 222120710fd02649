"""What may be set, and may not be what was meant: it stops nothing, and is said by `config check` and at the start."""

from collections.abc import Iterator
from typing import Any, Final

from agent.config.settings import SecuritySettings, Settings

WITHOUT_EFFECT: Final = ("privacy.samples",)
"""Settings that are fixed already and whose part is not built yet."""


def remarks(settings: Settings) -> Iterator[str]:
    """A line each: where, and what about it."""
    usual = Settings()
    for key in WITHOUT_EFFECT:
        if _value(settings, key) != _value(usual, key):
            yield f"{key} is set, and has no effect in this version"
    if _open_password(settings.source.kafka.security):
        yield "source.kafka.security: SASL_PLAINTEXT with PLAIN sends the password as it is; take SASL_SSL, or SCRAM-SHA-512"


def _open_password(security: SecuritySettings) -> bool:
    """Whether anybody on the way to the broker can read the password."""
    return security.protocol == "SASL_PLAINTEXT" and security.sasl_mechanism == "PLAIN"


def _value(settings: Settings, key: str) -> Any:
    section, name = key.split(".")
    return getattr(getattr(settings, section), name)
