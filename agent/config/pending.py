"""Settings that are fixed already and whose part is not built yet: they are accepted, and whoever sets one is told."""

from typing import Any, Final

from agent.config.settings import Settings

WITHOUT_EFFECT: Final = (
    "notify.external_url",
    "notify.group_wait",
    "notify.group_interval",
    "notify.repeat_interval",
    "notify.templates",
    "notify.trace_url",
    "privacy.samples",
)


def without_effect(settings: Settings) -> list[str]:
    """The keys that were set to something else than their default and change nothing yet."""
    usual = Settings()
    return [key for key in WITHOUT_EFFECT if _value(settings, key) != _value(usual, key)]


def _value(settings: Settings, key: str) -> Any:
    section, name = key.split(".")
    return getattr(getattr(settings, section), name)
