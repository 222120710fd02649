"""Every kind of receiver on servers of this machine, for a demo to tell."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from agent.demo import profiles
from tests.notify.mail_server import MailServer
from tests.notify.stubs import PagerDutyStub, SlackApiStub, SlackStub, Stub
from tests.support.alertmanager import Alertmanager, UnavailableError


class Servers(NamedTuple):
    """Everyone who can be told; `am` is a real Alertmanager, where this machine has one."""

    chat: SlackStub
    bot: SlackApiStub
    pager: PagerDutyStub
    hook: Stub
    mail: MailServer
    am: Alertmanager | None

    def settings(self) -> dict[str, Any]:
        """As an operator writes them."""
        receivers: dict[str, dict[str, Any]] = {
            "chat": {"type": "slack", "webhook_url": self.chat.url},
            "bot": {"type": "slack", "token": "xoxb-SECRET", "channel": "#search", "url": self.bot.base},
            "pager": {"type": "pagerduty", "routing_key": "k" * 32, "url": self.pager.base},
            "hook": {"type": "webhook", "url": self.hook.url, "secret": "whsec"},
            "mail": {
                "type": "email",
                "host": self.mail.host,
                "port": self.mail.port,
                "tls": "none",
                "from": "b@x.org",
                "to": ["ann@x.org"],
            },
        }
        if self.am:
            receivers["am"] = {"type": "alertmanager", "urls": [self.am.url]}
        return {
            "notify": {
                "external_url": "https://babelwatch.example",
                "group_wait": "0s",
                "group_interval": "1s",
                "receivers": receivers,
                "routes": [{"match": {"service": profiles.SERVICE}, "receivers": [*receivers]}],  # not the shop's
            }
        }


@contextmanager
def listening(folder: Path) -> Iterator[Servers]:
    """All of them, running."""
    with ExitStack() as stack:
        enter = stack.enter_context
        am = _alertmanager(folder)
        found = (enter(SlackStub()), enter(SlackApiStub()), enter(PagerDutyStub()), enter(Stub()), enter(MailServer()))
        yield Servers(*found, enter(am) if am else None)


def _alertmanager(folder: Path) -> Alertmanager | None:
    try:
        return Alertmanager(folder)
    except UnavailableError:
        return None
