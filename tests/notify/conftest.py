"""The far end of each channel, running on the loopback."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme

from tests.notify.mail_server import MailServer
from tests.notify.stubs import SECRET, AlertmanagerStub, Answer, PagerDutyStub, SlackApiStub, SlackStub, Stub

__all__ = ["SECRET", "Answer", "SlackStub"]


class Tls(NamedTuple):
    """What a server on localhost shows, the file of the authority that signed it, and what that one showed until yesterday."""

    server: ssl.SSLContext
    ca_file: Path
    expired: ssl.SSLContext


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    """A certificate that nobody trusts who has not the authority's file."""
    authority, yesterday = trustme.CA(), datetime.now(UTC) - timedelta(days=1)
    valid, expired = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(valid)
    authority.issue_cert("localhost", not_before=yesterday - timedelta(days=9), not_after=yesterday).configure_cert(expired)
    ca_file = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    return Tls(valid, ca_file, expired)


@pytest.fixture
def slack() -> Iterator[SlackStub]:
    """An incoming webhook."""
    with SlackStub() as stub:
        yield stub


@pytest.fixture
def slack_api() -> Iterator[SlackApiStub]:
    """Slack for bots."""
    with SlackApiStub() as stub:
        yield stub


@pytest.fixture
def pagerduty() -> Iterator[PagerDutyStub]:
    """The Events API."""
    with PagerDutyStub() as stub:
        yield stub


@pytest.fixture
def alertmanager() -> Iterator[AlertmanagerStub]:
    """One Alertmanager."""
    with AlertmanagerStub() as stub:
        yield stub


@pytest.fixture
def hook() -> Iterator[Stub]:
    """Whatever takes a webhook."""
    with Stub() as stub:
        yield stub


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """A mail server without encryption."""
    with MailServer() as server:
        yield server
