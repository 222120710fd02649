"""E-mail over SMTP: text and HTML, in one thread from the fire to the end.

`Message-ID` is made of the message's id, so that the same message sent again is one that mail programs know, and what
follows names the first of its thread. Some recipients refused are logged, all refused are a failure. smtplib's errors may
hold what was sent, so an error is made first and raised outside of `except`, with codes and without the server's prose.
https://docs.python.org/3/library/smtplib.html
https://www.rfc-editor.org/rfc/rfc5322#section-3.6.4
"""

import logging
import re
import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from hashlib import blake2b
from pathlib import Path
from typing import Final, Literal

from agent.notify.base import Message, Receipt, TransportError
from agent.notify.bulletin import Bulletin
from agent.notify.mail_html import html_of
from agent.notify.post import TIMEOUT, tls_trouble
from agent.notify.text import one_line

Tls = Literal["starttls", "implicit", "none"]

IMPLICIT_PORT: Final = 465
SUBJECT: Final = 200
_ENHANCED: Final = re.compile(rb"\s*([245]\.\d{1,3}\.\d{1,3})\b")
_WORST_TRANSIENT: Final = 499

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, repr=False)
class MailNotifier:
    """Sends one mail to all of `to`; without `tls` it is implicit on port 465 and STARTTLS on any other."""

    name: str
    host: str
    from_: str
    to: Sequence[str]
    port: int = 587
    tls: Tls | None = None
    ca_file: Path | None = None
    username: str | None = None
    password: str | None = None
    timeout: float = TIMEOUT

    def __repr__(self) -> str:
        return f"MailNotifier({self.name!r}, {self.host}:{self.port})"

    def escape(self, text: str) -> str:
        """Text stays as it is; the HTML part escapes when it is laid out."""
        return text

    def send(self, message: Message) -> Receipt:
        """Deliver to whoever is not refused, or raise `TransportError`."""
        failure = self._delivered(mail_of(message, self.from_, self.to))
        if failure is not None:
            raise failure
        return {}

    def send_report(self, message: Message) -> None:
        """Send a report: its text, and its HTML twice, to be read in the mail and to be kept."""
        self.send(message)

    def preview(self, message: Message) -> str:
        """The headers and the text; the other part says the same as HTML."""
        mail = mail_of(message, self.from_, self.to)
        return "".join(f"{name}: {value}\n" for name, value in mail.items()) + "\n" + text_of(message)

    def _delivered(self, mail: EmailMessage) -> TransportError | None:
        try:
            refused = self._handed_over(mail)
        except smtplib.SMTPRecipientsRefused as error:
            return _all_refused([code for code, _ in error.recipients.values()])
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            return _failure(error)
        if refused:
            logger.warning("%s: the mail server refused %s and took the others", self.name, ", ".join(sorted(refused)))
        return None

    def _handed_over(self, mail: EmailMessage) -> dict[str, tuple[int, bytes]]:
        """Whom the server refused; it must have taken the mail for somebody."""
        server = self._connected()
        try:
            if self._how() == "starttls":
                server.starttls(context=self._context())
            if self.username is not None:
                server.login(self.username, self.password or "")
            return server.send_message(mail, parseaddr(self.from_)[1], [parseaddr(each)[1] for each in self.to])
        finally:
            _leave(server)

    def _connected(self) -> smtplib.SMTP:
        if self._how() == "implicit":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=self._context())
        return smtplib.SMTP(self.host, self.port, timeout=self.timeout)

    def _how(self) -> Tls:
        return self.tls or ("implicit" if self.port == IMPLICIT_PORT else "starttls")

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca_file)


def mail_of(message: Message, from_: str, to: Sequence[str]) -> EmailMessage:
    """The message as a mail."""
    mail = EmailMessage(policy=SMTP)
    domain = parseaddr(from_)[1].rpartition("@")[2]
    mail["From"], mail["To"] = from_, ", ".join(to)
    mail["Subject"] = _utf8(one_line(message.title, SUBJECT)) or "babelwatch"
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = message_id(message.id, domain)
    if not message.begins:
        mail["In-Reply-To"] = mail["References"] = message_id(message.thread.id, domain)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(_utf8(text_of(message)))
    mail.add_alternative(_utf8(message.bulletin.html if message.bulletin else html_of(message)), subtype="html")
    if message.bulletin:  # mail programs drop drawings and styles, and cut what is long: the file is whole
        mail.add_attachment(_utf8(message.bulletin.html), subtype="html", filename=_file_of(message.bulletin))
    return mail


def _file_of(bulletin: Bulletin) -> str:
    return f"babelwatch-{bulletin.week.replace('/', '_').replace(':', '')}.html"


def text_of(message: Message) -> str:
    """Title, text, short facts, links."""
    facts = "\n".join(f"{label}: {value}" for label, value in message.fields)
    links = "\n".join(f"{label}: {url}" for label, url in message.links)
    return "\n\n".join(part for part in (message.title, message.text, facts, links) if part) + "\n"


def message_id(of: str, domain: str) -> str:
    """The same for the same message, whatever its own id holds."""
    digest = blake2b(of.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return f"<babelwatch.{digest}@{domain}>"


def _leave(server: smtplib.SMTP) -> None:
    """A mail that was taken stays taken, however the server says good-bye."""
    with suppress(smtplib.SMTPException, OSError):
        server.quit()
    server.close()


def _all_refused(codes: Sequence[int]) -> TransportError:
    permanent = all(code > _WORST_TRANSIENT for code in codes)
    return TransportError(f"the mail server refused all recipients ({_listed(codes)})", permanent=permanent)


def _listed(codes: Sequence[int]) -> str:
    return ", ".join(map(str, sorted(set(codes))))


def _failure(error: Exception) -> TransportError:
    """4xx and what has to do with the connection is tried again; 5xx, and what the server or SMTP cannot do, is not."""
    if isinstance(error, smtplib.SMTPResponseException):
        permanent = error.smtp_code > _WORST_TRANSIENT
        return TransportError(f"the mail server answered {error.smtp_code}{_enhanced(error.smtp_error)}", permanent=permanent)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return TransportError("the mail server does not offer what is needed: STARTTLS, a log-in or UTF-8", permanent=True)
    if isinstance(error, UnicodeError):
        return TransportError("the mail, its sender or the log-in holds characters that SMTP cannot carry", permanent=True)
    return TransportError(f"no answer from the mail server ({tls_trouble(error) or type(error).__name__})", permanent=False)


def _enhanced(said: bytes | str) -> str:
    """A status such as 5.7.1; the prose after it may repeat what was sent."""
    found = _ENHANCED.match(said.encode() if isinstance(said, str) else said)
    return f" ({found[1].decode()})" if found else ""


def _utf8(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
