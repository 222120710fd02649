"""One POST: what is tried again, what is not, and that no secret is said on any way."""

import logging
import traceback
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.clock import FakeClock
from agent.notify.base import TransportError
from agent.notify.post import Poster
from tests.notify.conftest import Tls
from tests.notify.stubs import CLOSED, SECRET, SILENT, Answer, Stub
from tests.support.ports import free_port

NOW = datetime(2026, 11, 16, 8, 30, tzinfo=UTC)


def failure(poster: Poster, url: str) -> TransportError:
    """What a post ends with."""
    with pytest.raises(TransportError) as caught:
        poster.post(url, {})
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return caught.value


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        ("1.5", 1.5),
        ("Mon, 16 Nov 2026 08:31:30 GMT", 90.0),
        ("Mon, 16 Nov 2026 08:31:30 -0000", 90.0),
        ("Mon, 16 Nov 2026 08:29:00 GMT", 0.0),
        ("soon", None),
        ("Mon, 99 Nov 2026 08:29:00 GMT", None),
        ("-1", None),
        ("nan", None),
        ("", None),
    ],
)
def test_retry_after_is_read(header: str, seconds: float | None, hook: Stub) -> None:
    """As seconds or as a date; nonsense is nothing."""
    hook.answers.append(Answer(429, "", (("Retry-After", header),)))
    assert failure(Poster(to="it", clock=FakeClock(NOW)), hook.url).retry_after == seconds


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(400, True), (401, True), (404, True), (302, True), (408, False), (429, False), (500, False), (503, False)],
)
def test_which_answers_are_worth_another_try(status: int, permanent: bool, hook: Stub) -> None:  # noqa: FBT001  a table's column
    """Only what may pass by itself; a redirect is not followed, since it may lead a secret astray."""
    hook.answers.append(Answer(status, "some_code", (("Location", hook.url), ("Retry-After", "5"))))
    error = failure(Poster(to="it"), hook.url)
    assert (error.permanent, error.retry_after) == (permanent, None if permanent else 5.0)
    assert str(error) == f"it answered {status} (some_code)"
    assert hook.tries == 1


@pytest.mark.parametrize(("how", "said"), [(SILENT, "ReadTimeout"), (CLOSED, "RemoteProtocolError")])
def test_no_answer_is_worth_another_try(how: int, said: str, hook: Stub) -> None:
    """Silence and a closed connection."""
    hook.answers.append(Answer(how))
    error = failure(Poster(to="it", timeout=0.1), hook.url)
    assert (error.permanent, str(error)) == (False, f"no answer from it ({said})")


def test_nobody_there_is_worth_another_try() -> None:
    """A refused connection."""
    assert not failure(Poster(to="it"), f"http://127.0.0.1:{free_port()}/{SECRET}").permanent


def test_an_authority_of_ones_own(tls: Tls) -> None:
    """Its file makes the certificate good."""
    with Stub(tls.server) as stub:
        assert Poster(to="it", ca_file=tls.ca_file).post(stub.url, {"a": 1}).is_success
        assert stub.arrived == [{"a": 1}]


def test_a_certificate_that_nobody_vouches_for(tls: Tls) -> None:
    """It is told as such, nothing was sent, and it is tried again, since it may be mended without us."""
    with Stub(tls.server) as stub:
        error = failure(Poster(to="it"), stub.url)
        assert "its TLS certificate cannot be verified" in str(error)
        assert not error.permanent
        assert stub.requests == []


def test_a_certificate_of_another_host(tls: Tls) -> None:
    """A known authority is not enough."""
    with Stub(tls.server) as stub:
        error = failure(Poster(to="it", ca_file=tls.ca_file), stub.url.replace("localhost", "127.0.0.1"))
        assert "mismatch" in str(error)


def test_a_server_without_tls(hook: Stub) -> None:
    """It is told what failed."""
    error = failure(Poster(to="it"), hook.url.replace("http:", "https:"))
    assert str(error).startswith("no answer from it (TLS failed: ")
    assert not error.permanent


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_of_certificates_that_cannot_be_used(content: str | None, tmp_path: Path, hook: Stub) -> None:
    """A file that is being renewed is no reason to drop a message."""
    ca_file = tmp_path / "ca.pem"
    if content:
        ca_file.write_text(content, "utf-8")
    error = failure(Poster(to="it", ca_file=ca_file), hook.url)
    assert not error.permanent
    assert "certificates for it" in str(error)


def test_a_proxy_is_asked_with_its_password(hook: Stub) -> None:
    """What is sent through it arrives with the whole address."""
    proxy = hook.base.replace("http://", "http://ann:hunter2@")
    Poster(to="it", proxy=proxy).post("http://far.example/a", {"a": 1})
    (request,) = hook.requests
    assert request.path == "http://far.example/a"
    assert request.headers["proxy-authorization"] == "Basic YW5uOmh1bnRlcjI="
    assert "hunter2" not in repr(Poster(to="it", proxy=proxy))


def test_the_proxy_of_the_environment_counts(hook: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless one is set."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", hook.base)
    Poster(to="it").post("http://far.example/a", {})
    assert hook.requests[0].path == "http://far.example/a"


PROXIES = [
    f"http://ann:{SECRET.replace('/', '')}@127.0.0.1:1",
    "http://ann:SECRET@[",
    "ftp://SECRET",
    "socks5://ann:SECRET@127.0.0.1:1",
]


@pytest.mark.parametrize("proxy", PROXIES)
@pytest.mark.parametrize("url", ["http://a.example", "https://a.example"])
def test_a_proxys_password_is_not_said(url: str, proxy: str, caplog: pytest.LogCaptureFixture) -> None:
    """Also where it cannot be reached, or its address is none."""
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "httpcore"):
        error = failure(Poster(to="it", proxy=proxy), url)
    said = "".join(traceback.format_exception(error)) + caplog.text + str([record.__dict__ for record in caplog.records])
    assert "SECRET" not in said


ODD_URLS = [f"SECRET{SECRET}", f"ftp://x/{SECRET}", f"http://x:port{SECRET}/", f"http://\x00{SECRET}", ""]


@pytest.mark.parametrize("url", ODD_URLS)
def test_a_wrong_url_is_not_repeated(url: str) -> None:
    """A mistyped URL may hold the secret all the same; it is a permanent error."""
    error = failure(Poster(to="it"), url)
    assert error.permanent
    assert str(error).startswith("the URL of it is not one")


@pytest.mark.parametrize("token", ["SECRETü", "SECRET\nX: y"])
def test_a_token_that_is_no_header_is_not_repeated(token: str, hook: Stub) -> None:
    """A token pasted with a line's end or from prose."""
    with pytest.raises(TransportError, match="does not fit into a header") as caught:
        Poster(to="it").post(hook.url, {}, {"Authorization": f"Bearer {token}"})
    assert "SECRET" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.permanent


def test_half_a_surrogate_pair_is_sent_as_a_question_mark(hook: Stub) -> None:
    """JSON in UTF-8 cannot hold it."""
    Poster(to="it").post(hook.url, {"a": "b\ud800"})
    assert hook.arrived == [{"a": "b?"}]
    assert hook.requests[0].headers["user-agent"].startswith("babelwatch/")
