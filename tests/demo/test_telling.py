"""The demo with every kind of receiver on servers of this machine: each hears of the fire and of its end once, where it belongs."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from agent.alerting.incident import fingerprint
from agent.demo import profiles
from tests.acceptance.command import PATIENCE_S, babelwatch
from tests.demo.test_play import Demo
from tests.notify.mail_server import MailServer
from tests.notify.stubs import PagerDutyStub, SlackApiStub, SlackStub, Stub
from tests.support.alertmanager import Alertmanager, UnavailableError
from tests.support.broker import free_port

SPANISH = fingerprint(profiles.SERVICE, profiles.ENVIRONMENT, "es", "change")


class Servers(NamedTuple):
    """Everyone who can be told."""

    chat: SlackStub
    bot: SlackApiStub
    pager: PagerDutyStub
    hook: Stub
    mail: MailServer
    am: Alertmanager

    def settings(self) -> dict[str, Any]:
        """As an operator writes them."""
        receivers = {
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
            "am": {"type": "alertmanager", "urls": [self.am.url]},
        }
        return {
            "notify": {
                "external_url": "https://babelwatch.example",
                "group_wait": "0s",
                "group_interval": "1s",
                "receivers": receivers,
                "routes": [{"match": {"service": profiles.SERVICE}, "receivers": list(receivers)}],  # not the shop's
            }
        }


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    """All of them, running."""
    folder = tmp_path / "alertmanager"
    folder.mkdir()
    try:
        alertmanager = Alertmanager(folder)
    except UnavailableError as reason:
        pytest.skip(str(reason))
    with ExitStack() as stack:
        found = Servers(SlackStub(), SlackApiStub(), PagerDutyStub(), Stub(), MailServer(), alertmanager)
        for one in found:
            stack.enter_context(one)
        yield found


def soon(holds: Callable[[], bool], what: str) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def test_each_receiver_hears_of_the_fire_and_of_its_end_once(servers: Servers, tmp_path: Path) -> None:
    """Slack twice, PagerDuty, a webhook, mail and a real Alertmanager; threads, keys and references join the two."""
    config, folder = tmp_path / "babelwatch.yaml", tmp_path / "demo"
    folder.mkdir()
    config.write_text(json.dumps(servers.settings()), encoding="utf-8")
    demo = Demo(folder, tmp_path / "errors", free_port(), "--config", str(config))
    try:
        soon(lambda: len(servers.mail.mails) == 1 and bool(servers.am.alerts()), "the fire")
        soon(lambda: all((servers.chat.arrived, servers.bot.messages, servers.pager.arrived, servers.hook.arrived)), "the fire")
        (store,) = folder.glob("babelwatch-demo-*")
        assert babelwatch("alerts", "close", SPANISH, "--verdict", "real", "--note", "mended", "--store", store).status == 0
        soon(lambda: len(servers.mail.mails) == 2 and len(servers.chat.arrived) == 2 and len(servers.bot.messages) == 2, "its end")
        soon(lambda: len(servers.hook.arrived) == 2 and not [one for one in servers.am.alerts() if _fires(one)], "its end")
        soon(lambda: len(_events(servers)) == 2, "its end")
        time.sleep(3)
    finally:
        demo.process.send_signal(signal.SIGINT)
        assert demo.ended() == 0, demo.errors()
    (tmp_path / "told.json").write_text(
        json.dumps(
            {name: getattr(servers, name).arrived for name in ("chat", "bot", "pager", "hook")}, ensure_ascii=False, indent=1
        )
    )
    _look(servers)


def _fires(alert: dict[str, Any]) -> bool:
    return str(alert["status"]["state"]) == "active"


def _events(servers: Servers) -> list[Any]:
    return [one for one in servers.pager.arrived if "event_action" in one]


def _look(servers: Servers) -> None:
    first, last = servers.chat.arrived
    assert "points of recall in Spanish (es)" in first["text"]
    assert last["text"].startswith("Resolved")
    root, reply = servers.bot.messages.values()
    assert (root["text"].startswith("Resolved"), "thread_ts" in root) == (True, False)
    assert reply["thread_ts"] in servers.bot.messages
    assert [(one["event_action"], one["dedup_key"]) for one in _events(servers)] == [("trigger", SPANISH), ("resolve", SPANISH)]
    deployed = [one["payload"]["custom_details"] for one in servers.pager.arrived if "event_action" not in one]
    assert [each is not None for each in deployed] == [True, True]  # one of each service
    fire, end = servers.mail.mails
    assert end["References"] == fire["Message-ID"]
    assert [one["status"] for one in servers.hook.arrived] == ["firing", "resolved"]
    assert len({one["groupKey"] for one in servers.hook.arrived}) == 1
    assert "SECRET" not in json.dumps([servers.hook.arrived, servers.pager.arrived])
