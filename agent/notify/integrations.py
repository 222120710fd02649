"""The visible table of integrations: the `type` of a receiver and what is built from its other keys and its name."""

from collections.abc import Callable, Mapping
from typing import Final

from agent.notify.alertmanager import AlertmanagerNotifier
from agent.notify.base import Notifier
from agent.notify.mail import MailNotifier
from agent.notify.pagerduty import PagerDutyNotifier
from agent.notify.slack import SlackNotifier
from agent.notify.webhook import WebhookNotifier

INTEGRATIONS: Final[Mapping[str, Callable[..., Notifier]]] = {
    "slack": SlackNotifier,
    "pagerduty": PagerDutyNotifier,
    "alertmanager": AlertmanagerNotifier,
    "webhook": WebhookNotifier,
    "email": MailNotifier,
}
