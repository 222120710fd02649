"""What every channel promises: the same tests over the in-memory twin and over Slack on a local server."""

from dataclasses import dataclass
from typing import Protocol

import pytest

from agent.notify import retry
from agent.notify.base import Notifier, TransportError
from agent.notify.memory import MemoryNotifier
from agent.notify.render import Renderer
from tests.notify.conftest import Answer, SlackStub
from tests.notify.examples import KOREAN, QUICK, incident


class Channel(Protocol):
    """A notifier with its far end."""

    @property
    def notifier(self) -> Notifier:
        """What is tested."""

    def fail(self, *, permanent: bool) -> None:
        """Let the next delivery fail."""

    def titles(self) -> list[str]:
        """What arrived."""


@dataclass
class MemoryChannel:
    """The twin."""

    notifier: MemoryNotifier

    def fail(self, *, permanent: bool) -> None:
        """Queue a failure."""
        self.notifier.failures.append(TransportError("told to fail", permanent=permanent))

    def titles(self) -> list[str]:
        """The titles it kept."""
        return [message.title for message in self.notifier.messages]


class SlackChannel:
    """The real one."""

    def __init__(self, stub: SlackStub) -> None:
        self.stub = stub
        self.notifier = stub.notifier()

    def fail(self, *, permanent: bool) -> None:
        """Queue an answer."""
        self.stub.answers.append(Answer(404 if permanent else 500, ""))

    def titles(self) -> list[str]:
        """The headers that arrived."""
        return [body["blocks"][0]["text"]["text"] for body in self.stub.arrived]


@pytest.fixture(params=["memory", "slack"])
def channel(request: pytest.FixtureRequest) -> Channel:
    """Each channel in turn."""
    if request.param == "memory":
        return MemoryChannel(MemoryNotifier("chat"))
    return SlackChannel(request.getfixturevalue("slack"))


def deliver(channel: Channel) -> None:
    """Send the Korean incident."""
    channel.notifier.send(Renderer().render(KOREAN, channel.notifier.escape))


def test_it_has_the_receivers_name(channel: Channel) -> None:
    """The name is the one from the configuration."""
    assert channel.notifier.name == "chat"


def test_a_message_arrives_once(channel: Channel) -> None:
    """One send is one message."""
    deliver(channel)
    assert channel.titles() == ["Warning: retrieval got worse in Korean (ko) · help · prod"]


@pytest.mark.parametrize("permanent", [True, False])
def test_a_failure_says_whether_to_try_again(channel: Channel, permanent: bool) -> None:  # noqa: FBT001  a table's column
    """The error is a `TransportError`, nothing arrived, and the next send works."""
    channel.fail(permanent=permanent)
    with pytest.raises(TransportError) as caught:
        deliver(channel)
    assert caught.value.permanent is permanent
    assert channel.titles() == []
    deliver(channel)
    assert len(channel.titles()) == 1


def test_it_works_with_retries(channel: Channel) -> None:
    """Two transient failures, one arrival."""
    channel.fail(permanent=False)
    channel.fail(permanent=False)
    retry.send(channel.notifier, Renderer().render(KOREAN, channel.notifier.escape), QUICK)
    assert len(channel.titles()) == 1


def test_escaping_keeps_ordinary_words(channel: Channel) -> None:
    """Text of any script without special characters is left alone."""
    for text in ("help", "검색", "kb-en/42", "ភាសាខ្មែរ", ""):
        assert channel.notifier.escape(text) == text


def test_any_name_can_be_sent(channel: Channel) -> None:
    """A hostile name is delivered like another."""
    hostile = incident(service="<!channel>{{7*7}}\u202e\n" + "x" * 10_000)
    channel.notifier.send(Renderer().render(hostile, channel.notifier.escape))
    assert len(channel.titles()) == 1
