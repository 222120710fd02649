"""The far end of each channel, running on the loopback."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme

from tests.notify.mail_server import MailServer
from tests.notify.stubs import SECRET, AlertmanagerStub, Answer, PagerDutyStub, SlackApiStub, SlackStub, Stub

__all__ = ["SECRET", "Answer", "SlackStub"]


class Tls(NamedTuple):
    """What a server on localhost shows, and the file of the authority that signed it."""

    server: ssl.SSLContext
    ca_file: Path


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    """A certificate that nobody trusts who has not the authority's file."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    ca_file = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    return Tls(context, ca_file)


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
