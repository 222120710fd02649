"""Mail as a mail server takes it and a mail program reads it."""

import logging
import re
import smtplib
import socket
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.notify.base import Field, Link, TransportError
from agent.notify.mail import MailNotifier, mail_of
from tests.notify.conftest import Tls
from tests.notify.examples import KOREAN, NOW, ended, followed, message
from tests.notify.mail_server import PASSWORD, MailServer
from tests.notify.test_contract import said_by

SENDER = "babelwatch <watch@example.org>"
PLAIN = "ignore::DeprecationWarning:aiosmtpd"  # of its own log-in


def mailer(server: MailServer, **changes: Any) -> MailNotifier:
    """A notifier that sends there."""
    usual: dict[str, Any] = {
        "name": "mail",
        "host": server.host,
        "port": server.port,
        "tls": "none",
        "from_": SENDER,
        "to": ["a@example.org"],
    }
    return MailNotifier(**(usual | changes))


def part(mail: EmailMessage, kind: str) -> str:
    """The text or the HTML of a mail."""
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content())


class Tags(HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep it."""
        self.text += data


def test_a_mail_has_text_and_html(mail_server: MailServer) -> None:
    """Both say the same; the headers are what mail programs sort by."""
    mailer(mail_server, to=["A <a@example.org>", "c@example.org"]).send(message())
    (mail,) = mail_server.mails
    assert mail.get_content_type() == "multipart/alternative"
    assert (mail["Subject"], mail["From"], mail["To"]) == (message().title, SENDER, "A <a@example.org>, c@example.org")
    assert (mail["Auto-Submitted"], mail["Date"].datetime) == ("auto-generated", NOW)
    assert mail_server.recipients == [["a@example.org", "c@example.org"]]
    for said in (part(mail, "plain"), Tags(part(mail, "html")).text):
        assert KOREAN.summary in said
        assert "What to do: roll back v42." in said
        assert re.search(r"Severity:?\s*warning", said)
    assert "Runbook: https://wiki.example/babelwatch" in part(mail, "plain")
    assert "https://wiki.example/babelwatch" in [attrs.get("href") for _, attrs in Tags(part(mail, "html")).tags]


def test_a_thread_is_one_in_mail_programs(mail_server: MailServer) -> None:
    """Later messages name the first one, and nothing of it has to be remembered."""
    notifier = mailer(mail_server)
    for each in (message(), followed({}), ended({})):
        notifier.send(each)
    first, later, end = mail_server.mails
    assert first["In-Reply-To"] is None
    assert [mail["References"] for mail in (later, end)] == [first["Message-ID"]] * 2
    assert [mail["In-Reply-To"] for mail in (later, end)] == [first["Message-ID"]] * 2
    assert len({mail["Message-ID"] for mail in mail_server.mails}) == 3
    assert re.fullmatch(r"<babelwatch\.[0-9a-f]{32}@example\.org>", first["Message-ID"])


def test_the_same_message_again_is_known(mail_server: MailServer) -> None:
    """Its Message-ID does not change from try to try."""
    for _ in range(2):
        mailer(mail_server).send(message())
    one, other = mail_server.mails
    assert one["Message-ID"] == other["Message-ID"]


@pytest.mark.parametrize("sender", ["Çağrı 監視 <w@example.org>", '"Watch, Ann" <w@example.org>', "w@example.org"])
def test_a_sender_may_have_a_name_in_any_script(sender: str, mail_server: MailServer) -> None:
    """The envelope has the address alone."""
    mailer(mail_server, from_=sender, to=["検索 <a@example.org>", '"B, c" <c@example.org>']).send(message())
    (mail,) = mail_server.mails
    assert mail["From"].addresses[0].addr_spec == "w@example.org"
    assert [each.display_name for each in mail["To"].addresses] == ["検索", "B, c"]
    assert mail_server.recipients == [["a@example.org", "c@example.org"]]


def test_what_a_log_says_is_text(mail_server: MailServer) -> None:
    """No element, no header and no address comes out of it."""
    bad = '<script>alert(1)</script>"><img src=x>\r\nBcc: evil@example.org\r\n\r\n.\r\n'
    links = (Link(bad, 'https://x.example/"><script>'), Link("js", "javascript:alert(1)"))
    mailer(mail_server).send(message(title=bad, text=bad, fields=(Field(bad, bad),), links=links))
    (mail,) = mail_server.mails
    page = Tags(part(mail, "html"))
    assert {tag for tag, _ in page.tags} == {"html", "head", "meta", "title", "body", "div", "h1", "p", "br", "table", "tr", "td"}
    assert mail["Bcc"] is None
    assert mail_server.recipients == [["a@example.org"]]
    assert "alert(1)" in mail["Subject"]


@pytest.mark.filterwarnings(PLAIN, "ignore:Requiring AUTH:UserWarning")
@pytest.mark.parametrize("implicit", [False, True])
def test_encryption_and_log_in(implicit: bool, tls: Tls) -> None:  # noqa: FBT001  a table's column
    """STARTTLS or TLS from the first byte, with a name and a password."""
    with MailServer(tls.server, implicit=implicit, log_in=True) as server:
        how = "implicit" if implicit else "starttls"
        mailer(server, tls=how, ca_file=tls.ca_file, username="ann", password=PASSWORD).send(message())
        assert len(server.mails) == 1


def test_encryption_follows_from_the_port() -> None:
    """Who says nothing gets some."""
    usual: dict[str, Any] = {"name": "mail", "host": "a", "from_": SENDER, "to": ["a@b"]}
    found = {port: MailNotifier(port=port, **usual)._how() for port in (25, 465, 587, 2525)}
    assert found == {25: "starttls", 465: "implicit", 587: "starttls", 2525: "starttls"}


@pytest.mark.filterwarnings(PLAIN)
def test_a_wrong_password_is_permanent_and_not_told(tls: Tls, caplog: pytest.LogCaptureFixture) -> None:
    """The code is told, the password neither in the error nor in what we log."""
    with MailServer(tls.server, log_in=True) as server:
        notifier = mailer(server, tls=None, ca_file=tls.ca_file, username="ann", password="xSECRET")
        with caplog.filtering(_Ours()):
            said = said_by(notifier, caplog)
        with pytest.raises(TransportError, match=r"^the mail server answered 535 \(5\.7\.8\)$") as caught:
            notifier.send(message())
    assert caught.value.permanent
    assert "SECRET" not in said


class _Ours(logging.Filter):
    """Not what the server of the tests logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        """By its name."""
        return not record.name.startswith(("mail.", "asyncio"))


def test_a_server_without_starttls_gets_nothing(mail_server: MailServer) -> None:
    """No mail goes in clear because somebody left out a line of the greeting."""
    with pytest.raises(TransportError, match="STARTTLS") as caught:
        mailer(mail_server, tls="starttls").send(message())
    assert caught.value.permanent
    assert mail_server.mails == []


@pytest.mark.parametrize("implicit", [False, True])
def test_a_certificate_that_nobody_vouches_for(implicit: bool, tls: Tls) -> None:  # noqa: FBT001  a table's column
    """It is told as such, and tried again."""
    how = "implicit" if implicit else "starttls"
    unverified = pytest.raises(TransportError, match="certificate cannot be verified")
    with MailServer(tls.server, implicit=implicit) as server, unverified as caught:
        mailer(server, tls=how).send(message())
    assert not caught.value.permanent


@pytest.mark.parametrize("implicit", [False, True])
def test_a_certificate_that_has_expired(implicit: bool, tls: Tls) -> None:  # noqa: FBT001  a table's column
    """It is told as such, and what was not sent is, once the server has its heir."""
    how = "implicit" if implicit else "starttls"
    with MailServer(tls.expired, implicit=implicit) as server:
        with pytest.raises(TransportError, match="certificate has expired") as caught:
            mailer(server, tls=how, ca_file=tls.ca_file).send(message())
        assert not caught.value.permanent
        assert server.mails == []
    with MailServer(tls.server, implicit=implicit) as server:
        mailer(server, tls=how, ca_file=tls.ca_file).send(message())
        assert len(server.mails) == 1


@pytest.mark.parametrize(("answer", "permanent"), [("451 4.3.0 later", False), ("550 5.7.1 SECRET", True), ("552 too big", True)])
def test_what_a_server_refuses(answer: str, permanent: bool, mail_server: MailServer) -> None:  # noqa: FBT001  a table's column
    """4xx is tried again, 5xx is not; the server's prose stays out."""
    mail_server.answers.append(answer)
    with pytest.raises(TransportError, match=answer[:3]) as caught:
        mailer(mail_server).send(message())
    assert caught.value.permanent is permanent
    assert "SECRET" not in str(caught.value)
    assert caught.value.__context__ is None


def test_some_recipients_are_refused(mail_server: MailServer, caplog: pytest.LogCaptureFixture) -> None:
    """The others get it, and the log names who does not: trying again would be a second mail to the others."""
    mail_server.refused["gone@example.org"] = "550 5.1.1 unknown"
    mailer(mail_server, to=["a@example.org", "gone@example.org"]).send(message())
    assert mail_server.recipients == [["a@example.org"]]
    assert "refused gone@example.org" in caplog.text


@pytest.mark.parametrize(
    ("codes", "permanent"), [(["550 no", "550 no"], True), (["450 later", "550 no"], False), (["450 later", "450 later"], False)]
)
def test_all_recipients_are_refused(codes: list[str], permanent: bool, mail_server: MailServer) -> None:  # noqa: FBT001  a table's column
    """Another try is worth it while one of them may be taken later."""
    mail_server.refused = dict(zip(["a@example.org", "c@example.org"], codes, strict=True))
    with pytest.raises(TransportError, match="all recipients") as caught:
        mailer(mail_server, to=["a@example.org", "c@example.org"]).send(message())
    assert caught.value.permanent is permanent


def test_nobody_there_and_nobody_answering() -> None:
    """Both are transient."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        notifier = MailNotifier(name="mail", host="127.0.0.1", port=port, from_=SENDER, to=["a@b"], timeout=0.05)
        with pytest.raises(TransportError, match="SMTPServerDisconnected") as slow:
            notifier.send(message())
    with pytest.raises(TransportError, match="ConnectionRefusedError") as away:
        notifier.send(message())
    assert (slow.value.permanent, away.value.permanent) == (False, False)


def test_a_log_in_that_smtp_cannot_carry(tls: Tls) -> None:
    """A name or password beyond ASCII is more than smtplib knows, and its error would hold the password."""
    with MailServer(tls.server, log_in=True) as server:
        notifier = mailer(server, tls="starttls", ca_file=tls.ca_file, username="ann", password="geheimü")
        with pytest.raises(TransportError, match="characters") as caught:
            notifier.send(message())
    assert caught.value.permanent
    assert caught.value.__context__ is None


class Impolite(smtplib.SMTP):
    """A server's odd good-bye."""

    def quit(self) -> tuple[int, bytes]:
        """Fail."""
        raise smtplib.SMTPResponseException(500, "what?")


def test_a_mail_that_was_taken_stays_taken(mail_server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error after the server has the mail would send it twice."""
    monkeypatch.setattr(smtplib, "SMTP", Impolite)
    mailer(mail_server).send(message())
    assert len(mail_server.mails) == 1


ANYTHING = st.text(st.characters(codec=None), max_size=300)


@given(title=ANYTHING, text=ANYTHING, label=ANYTHING, url=ANYTHING)
def test_any_message_is_a_mail(title: str, text: str, label: str, url: str) -> None:
    """Whatever the strings, the headers are single lines of a length that servers take, and the subject is short."""
    made = mail_of(message(title=title, text=text, fields=(Field(label, text),), links=(Link(label, url),)), SENDER, ["a@b"])
    head, _, _ = made.as_bytes().partition(b"\r\n\r\n")
    assert all(len(line) <= 998 for line in head.split(b"\r\n"))
    assert 1 <= len(str(made["Subject"])) <= 200
    assert len(made.get_all("To", [])) == 1


def test_the_page_is_whole_by_itself() -> None:
    """Nothing is fetched, and it says that it bears a dark background."""
    page = part(mail_of(message(), SENDER, ["a@b"]), "html")
    assert "color-scheme" in page
    assert not re.search(r"src=|@import|url\(", page)
