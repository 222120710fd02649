"""A mail server on the loopback (aiosmtpd): it keeps what it takes, and refuses what it is told to."""

import ssl
import warnings
from collections import deque
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.ports import free_port

PASSWORD = "mailSECRETmail"


class MailServer:
    """`mails` are those that were taken; `answers` to DATA and `refused` recipients go before that."""

    def __init__(self, tls: ssl.SSLContext | None = None, *, implicit: bool = False, log_in: bool = False) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.answers: deque[str] = deque()
        self.refused: dict[str, str] = {}
        more: dict[str, Any] = {"auth_required": True, "authenticator": _authenticated} if log_in else {}
        if log_in and implicit:
            more["auth_require_tls"] = False  # it looks for STARTTLS only
        if tls is not None and implicit:
            more["ssl_context"] = tls
        elif tls is not None:
            more |= {"tls_context": tls, "require_starttls": True}
        host = "localhost" if tls else "127.0.0.1"
        self.controller = Controller(self, hostname=host, port=free_port(), server_hostname="localhost", **more)
        self.host = host

    async def handle_RCPT(  # noqa: N802  aiosmtpd calls it so
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        """Take a recipient, or not."""
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802  likewise
        """Take a mail, or not."""
        if self.answers:
            return self.answers.popleft()
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 OK"

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.controller.port

    def __enter__(self) -> Self:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.controller.stop()


def _authenticated(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
    good = isinstance(data, LoginPassword) and data.login == b"ann" and data.password == PASSWORD.encode()
    return AuthResult(success=good, handled=False)
