"""The visible table of integrations: the `type` of a receiver and what is built from its other keys and its name."""

from collections.abc import Callable, Mapping
from typing import Final

from agent.notify.base import Notifier
from agent.notify.slack import SlackNotifier

INTEGRATIONS: Final[Mapping[str, Callable[..., Notifier]]] = {
    "slack": SlackNotifier,
}
