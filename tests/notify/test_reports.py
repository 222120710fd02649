"""The weekly report on the wire: the same promises over the twin and over each channel that takes reports, on a local server."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import partial
from typing import Any

import pytest

from agent.notify import posting
from agent.notify.base import Message, Notifier, Reports, Thread, TransportError
from agent.notify.bulletin import Bulletin, bulletin_of, entry_of
from agent.notify.page import Places
from agent.notify.render import Renderer
from agent.notify.slack_blocks import payload
from agent.notify.text import clean_lines
from agent.notify.webhook import body_of
from tests.notify.examples import NOW
from tests.notify.mail_server import MailServer
from tests.notify.stubs import SlackStub, Stub
from tests.notify.test_contract import CHANNELS, NAMES, Channel, said_by
from tests.notify.test_mail import mailer, part
from tests.notify.test_slack import check
from tests.notify.test_webhook import real

TAKERS = ("memory", "slack webhook", "slack bot", "webhook", "email")
URL = "https://babelwatch.example"
LANGUAGES = "Languages:\n- Korean (ko): 71.2 % (68.0 to 74.1), -8.4 points\n- German (de): 92.0 % (91.0 to 92.9)"
TITLE = "Worse: Korean (ko) fell 8.4 points; 11 of 12 languages show no clear change"
BULLETIN = Bulletin(
    "2026-W46",
    TITLE,
    f"{TITLE}\nWeek 2026-W46 (9 to 15 November 2026, UTC).\n\n{LANGUAGES}\n\nWork on next: Korean & <Lao>.",
    "<!doctype html><html lang=en><title>W46</title><h1>Worse: Korean</h1><svg><path d='M0 0'/></svg></html>",
)


def report(bulletin: Bulletin = BULLETIN, escape: Callable[[str], str] = str, url: str | None = URL) -> Message:
    """The message that a courier hands over."""
    note = posting.report("chat", bulletin.week, NOW, NOW)
    return Renderer(places=Places(url)).report(note, Thread(note.thread, note.key), bulletin, escape)


def sent(notifier: Notifier, bulletin: Bulletin = BULLETIN) -> None:
    """Send it as a courier does."""
    assert isinstance(notifier, Reports)
    notifier.send_report(report(bulletin, notifier.escape))


@pytest.fixture(params=TAKERS)
def channel(request: pytest.FixtureRequest) -> Channel:
    """Each channel that takes reports, in turn."""
    return CHANNELS[request.param](request)


@pytest.mark.parametrize("name", CHANNELS)
def test_pagers_take_no_reports(name: str, request: pytest.FixtureRequest) -> None:
    """And all others do."""
    assert isinstance(CHANNELS[name](request).notifier, Reports) == (name in TAKERS)


def test_a_report_arrives_once(channel: Channel) -> None:
    """With its verdict."""
    sent(channel.notifier)
    (arrived,) = channel.arrived()
    assert "8.4 points" in json.dumps(_read(arrived), default=str)


@pytest.mark.parametrize("permanent", [True, False])
def test_a_failure_says_whether_to_try_again(channel: Channel, permanent: bool) -> None:  # noqa: FBT001  a table's column
    """As with any message; then the next try delivers."""
    channel.fail(permanent)
    with pytest.raises(TransportError) as caught:
        sent(channel.notifier)
    assert caught.value.permanent is permanent
    assert channel.arrived() == []
    sent(channel.notifier)
    assert len(channel.arrived()) == 1


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_hostile_names_are_delivered_and_do_nothing(channel: Channel, name: str) -> None:
    """A title, a text and a page whose every string a log wrote."""
    sent(channel.notifier, Bulletin("2026-W46", f"Worse: {name}", f"{name}\n\n{name}  1\n{name}  2", f"<p>{name}"))
    (arrived,) = channel.arrived()
    assert "9876536" not in json.dumps(_read(arrived), default=str)


def test_a_flood_is_taken(channel: Channel) -> None:
    """A report of two hundred languages with long names, and a page of half a megabyte."""
    lines = "\n".join(f"{'&' * 90}  {n}  {n}" for n in range(200))
    sent(channel.notifier, BULLETIN._replace(text=f"{lines}\n\n{lines}", html="<p>ü</p>" * 60_000))
    assert len(channel.arrived()) == 1


def test_a_report_without_pages_names_no_address(channel: Channel) -> None:
    """Where no `external_url` is set."""
    notifier = channel.notifier
    assert isinstance(notifier, Reports)
    notifier.send_report(report(url=None))
    assert "http" not in json.dumps(_read(channel.arrived()[0]), default=str)


def _read(arrived: Any) -> Any:
    """A mail by its parts."""
    return (
        [piece.get_content() for piece in arrived.walk() if not piece.is_multipart()]
        if isinstance(arrived, EmailMessage)
        else arrived
    )


def test_the_link_leads_to_the_page_of_the_week() -> None:
    """A range that is no week has none."""
    assert [link.url for link in report(url=f"{URL}/").links] == [f"{URL}/reports/2026-W46"]
    assert report(BULLETIN._replace(week="2026-11-01/2026-11-08")).links == ()
    assert report(BULLETIN._replace(week="2026-W46\n")).links == ()


def test_lines_stay_lines() -> None:
    """What forges lines or turns the reading direction goes; indents stay."""
    assert clean_lines("\n  a   b \n\u202ec\x1b[2J\u2028d\r\n") == "  a   b\nc[2J\nd"


def test_it_is_kept_and_read_as_it_was() -> None:
    """In a row of its week, of the time when it was due."""
    row = entry_of(BULLETIN, datetime(2026, 11, 16, 7, tzinfo=UTC))
    assert (row.kind, row.id, row.at.hour) == ("report", "2026-W46", 7)
    assert bulletin_of(json.loads(json.dumps(row.body))) == BULLETIN


def test_slack_shows_the_text_below_the_verdict(slack: SlackStub) -> None:
    """The verdict is the header, and not said again; Slack's characters are words, and the link is last."""
    body = payload(report(escape=slack.notifier().escape))
    check(body)
    header, first, languages, last, link = (block["text"]["text"] for block in body["blocks"])
    assert (header, first) == (BULLETIN.title, "Week 2026-W46 (9 to 15 November 2026, UTC).")
    assert (languages, last) == (LANGUAGES, "Work on next: Korean &amp; &lt;Lao&gt;.")
    assert link == f"<{URL}/reports/2026-W46|Report>"


def test_slack_takes_many_lines_in_whole_ones(slack: SlackStub) -> None:
    """A text without blank lines is parted between lines, in all Slack's limits, and the link is never cut."""
    lines = [f"- language {n}: {'<' * (n % 40)} worse" for n in range(150)]
    body = payload(report(BULLETIN._replace(text="\n".join(lines)), slack.notifier().escape))
    check(body)
    *sections, link = [block["text"]["text"] for block in body["blocks"][1:]]
    escaped = [slack.notifier().escape(line) for line in lines]
    shown = [line for section in sections for line in section.splitlines()]
    assert len(sections) >= 3
    whole = [line for line in shown if not line.endswith("…")]
    assert len(shown) - len(whole) == 1
    assert whole == [line for line in escaped if line in whole]
    assert link.endswith("|Report>")


def test_a_mail_holds_the_page_to_read_and_to_keep(mail_server: MailServer) -> None:
    """Text, the page as the other form of it, and the page as a file; the subject is the verdict."""
    notifier = mailer(mail_server)
    notifier.send_report(report(BULLETIN._replace(html=BULLETIN.html + "ü" * 2000)))
    (mail,) = mail_server.mails
    assert (mail["Subject"].strip(), mail["In-Reply-To"]) == (BULLETIN.title, None)
    plain = part(mail, "plain").replace("\r\n", "\n")
    assert plain.startswith(f"{TITLE}\n\nWeek 2026-W46")
    assert LANGUAGES in plain
    assert f"Report: {URL}/reports/2026-W46" in plain
    assert part(mail, "html").startswith(BULLETIN.html)
    (file,) = mail.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("babelwatch-2026-W46.html", part(mail, "html"))


def test_a_file_of_another_range_has_a_plain_name(mail_server: MailServer) -> None:
    """No folder, and no drive."""
    mailer(mail_server).send_report(report(BULLETIN._replace(week="2026-11-01T00:00/2026-11-08T00:00")))
    (file,) = mail_server.mails[0].iter_attachments()
    assert file.get_filename() == "babelwatch-2026-11-01T0000_2026-11-08T0000.html"


def test_the_same_report_again_is_known(mail_server: MailServer, hook: Stub, request: pytest.FixtureRequest) -> None:
    """By its Message-ID, and by its webhook-id."""
    for _ in range(2):
        mailer(mail_server).send_report(report())
        sent(CHANNELS["webhook"](request).notifier)
    assert len({mail["Message-ID"] for mail in mail_server.mails}) == 1
    assert len(hook.requests) == 2
    assert len({one.headers["webhook-id"] for one in hook.requests}) == 1


def test_a_webhook_tells_a_report_from_alerts() -> None:
    """Alertmanager's names with no alert in them, and two more."""
    body = body_of(report(), "hook")
    assert (body["version"], body["alerts"], body["status"], body["truncatedAlerts"]) == ("4", [], "resolved", 0)
    assert (body["kind"], body["notification_reason"], body["groupKey"]) == ("report", "report", '{}:{report="2026-W46"}')
    assert body["externalURL"] == URL
    assert body["report"] == {**BULLETIN._asdict(), "url": f"{URL}/reports/2026-W46"}
    assert body.keys() - {"kind", "report"} == real("firing").keys()


@pytest.mark.parametrize("name", TAKERS[1:])
def test_no_secret_is_said(name: str, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> None:
    """When the channel refuses a report."""
    channel = CHANNELS[name](request)
    channel.fail(True)  # noqa: FBT003  the one argument of a callback
    said = said_by(channel.notifier, caplog, partial(sent, channel.notifier))
    assert "SECRET" not in said
