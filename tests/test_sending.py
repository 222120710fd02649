"""`report --send`: to each receiver now, and what became of it, over real servers."""

from collections.abc import Iterator

import pytest

from agent.config.settings import Settings
from agent.errors import Misconfigured, Unreachable
from agent.notify.bulletin import Bulletin
from agent.sending import send_report
from tests.notify.mail_server import MailServer
from tests.notify.stubs import Answer, SlackStub

BULLETIN = Bulletin("2026-W46", "Worse: Korean (ko)", "Korean fell.", "<!doctype html>")


@pytest.fixture
def slack() -> Iterator[SlackStub]:
    """An incoming webhook."""
    with SlackStub() as stub:
        yield stub


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """A mail server without encryption."""
    with MailServer() as server:
        yield server


def settings(slack: SlackStub, mail_server: MailServer, *receivers: str) -> Settings:
    """A chat and a mailbox, of which these are sent reports."""
    mail = {
        "type": "email",
        "host": mail_server.host,
        "port": mail_server.port,
        "tls": "none",
        "from": "b@a.org",
        "to": ["c@a.org"],
    }
    return Settings.model_validate(
        {
            "notify": {"receivers": {"chat": {"type": "slack", "webhook_url": slack.url}, "mail": mail}},
            "report": {"receivers": receivers},
        }
    )


def test_all_receivers_are_sent_it(slack: SlackStub, mail_server: MailServer, capsys: pytest.CaptureFixture[str]) -> None:
    """As often as a person asks; what became of each is said beside the report, and not in it."""
    for _ in range(2):
        send_report(settings(slack, mail_server, "mail", "chat"), BULLETIN)
    assert (len(slack.arrived), len(mail_server.mails)) == (2, 2)
    assert len({mail["Message-ID"] for mail in mail_server.mails}) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert [line.split() for line in said.err.splitlines() if "sent" in line] == [["mail", "sent"], ["chat", "sent"]] * 2


def test_only_those_of_the_report_are_sent_it(slack: SlackStub, mail_server: MailServer) -> None:
    """Other receivers hear of alerts alone."""
    send_report(settings(slack, mail_server, "mail"), BULLETIN)
    assert (len(slack.requests), len(mail_server.mails)) == (0, 1)


def test_who_did_not_take_it_is_named(slack: SlackStub, mail_server: MailServer, capsys: pytest.CaptureFixture[str]) -> None:
    """The others have it, and the command ends as one that could not reach somebody."""
    slack.answers.append(Answer(404, "channel_not_found"))
    with pytest.raises(Unreachable, match=r"^the report did not reach chat$"):
        send_report(settings(slack, mail_server, "chat", "mail"), BULLETIN)
    assert len(mail_server.mails) == 1
    assert "Slack answered 404 (channel_not_found)" in " ".join(capsys.readouterr().err.split())


def test_a_receiver_that_is_slow_to_wake_is_tried_again(slack: SlackStub, mail_server: MailServer) -> None:
    """As `notify test` does."""
    slack.answers.append(Answer(503, ""))
    send_report(settings(slack, mail_server, "chat"), BULLETIN)
    assert (slack.tries, len(slack.arrived)) == (2, 1)


def test_sending_to_nobody_is_a_mistake(slack: SlackStub, mail_server: MailServer) -> None:
    """It says which setting is missing."""
    with pytest.raises(Misconfigured, match=r"^report.receivers: expected who is sent the report, found nobody$"):
        send_report(settings(slack, mail_server), BULLETIN)
