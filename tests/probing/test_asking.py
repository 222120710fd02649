"""One question: what is tried again and when, what is a mistake, and that nothing that was asked gets out."""

import logging
import random
import ssl
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from agent.clock import FakeClock, SystemClock
from agent.errors import BabelwatchError, Misconfigured, RetryLater, Unreachable
from agent.probing.asking import Asker, Service, bearer
from agent.probing.base import BadAnswer
from tests.probing.server import CLOSED, SILENT, Answer, Server, dripping, said
from tests.support.ports import free_port

NOW = datetime(2026, 11, 16, 8, 30, tzinfo=UTC)
SECRET = "hunter2"
QUERY = "wo ist mein Paket"


class Waits(FakeClock):
    """A clock on which waiting takes no time, and that keeps how long it was asked to."""

    def __init__(self) -> None:
        super().__init__(NOW)
        self.all: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Note it, and move on."""
        self.all.append(seconds)
        super().sleep(seconds)


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that answers `{"n": 1}`."""
    with Server(lambda _: said({"n": 1})) as running:
        yield running


@pytest.fixture
def waits() -> Waits:
    """A clock of the test's own."""
    return Waits()


def ask(url: str, clock: FakeClock | SystemClock | None = None, /, **given: Any) -> Any:
    """One question with a query in it, and what is answered."""
    body = {"q": "{query}"}
    asker = Asker(Service(**{"to": "it", "url": url, "body": body, "headers": bearer(SECRET)} | given), clock or Waits())
    try:
        return asker.ask({"query": QUERY}, lambda answer: answer)
    finally:
        asker.close()


def failure(url: str, clock: FakeClock | SystemClock | None = None, /, **given: Any) -> BabelwatchError:
    """What a question ends with: nothing hangs on it that has the secret or the query."""
    with pytest.raises(BabelwatchError) as caught:
        ask(url, clock, **given)
    error = caught.value
    assert (error.__cause__, error.__context__) == (None, None)
    assert not any(each in "".join(traceback.format_exception(error)) for each in (SECRET, "Paket"))
    return error


def test_what_is_asked_and_answered(server: Server) -> None:
    """The template is filled, headers and the agent's name go along, JSON comes back."""
    assert ask(server.url + "/search") == {"n": 1}
    (request,) = server.requests
    assert (request.method, request.path, request.body) == ("POST", "/search", {"q": QUERY})
    assert request.headers["authorization"] == f"Bearer {SECRET}"
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert request.headers["user-agent"].startswith("babelwatch/")


def test_a_get_has_its_words_in_the_address(server: Server) -> None:
    """Escaped, and without a body."""
    ask(server.url + "/search?q={query}", method="GET")
    assert [(each.method, each.path) for each in server.requests] == [("GET", "/search?q=wo%20ist%20mein%20Paket")]


def test_headers_of_one_question(server: Server) -> None:
    """They go with that question only."""
    asker = Asker(Service(to="it", url=server.url))
    asker.ask({}, lambda answer: answer, {"X-Babelwatch-Run": "r1"})
    asker.ask({}, lambda answer: answer)
    asker.close()
    assert [each.headers.get("x-babelwatch-run") for each in server.requests] == ["r1", None]


def test_half_a_character_is_no_crash(server: Server) -> None:
    """A lone surrogate, which JSON files may hold, is asked as a question mark, in a body and in an address."""
    asker = Asker(Service(to="it", url=server.url + "/{query}", body={"q": "{query}"}))
    asker.ask({"query": "a\ud800"}, lambda answer: answer)
    asker.close()
    assert [(each.path, each.body) for each in server.requests] == [("/a%3F", {"q": "a?"})]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_asked_again(status: int, server: Server) -> None:
    """The second answer counts."""
    server.answers.append(Answer(status, length=2))
    assert ask(server.url) == {"n": 1}
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "answer",
    [
        Answer(CLOSED),
        Answer(SILENT),
        Answer(200, (b"<html>busy</html>",)),
        Answer(200, (b"",), length=0),
        Answer(200, (b'{"n": 1',)),
        Answer(200, (b'{"n": 2}',), length=100),
        Answer(200, (b"[" * 100_000,)),
        Answer(200, (b"\xff\xfe\xff",)),
        Answer(200, (b"not gzip",), (("Content-Encoding", "gzip"),)),
    ],
    ids=["closed", "silent", "a page", "nothing", "half", "cut off", "nested without end", "no text", "not packed as it says"],
)
def test_what_is_no_answer_is_asked_again(answer: Answer, server: Server) -> None:
    """Whatever way an answer is broken, the next one counts."""
    server.answers.append(answer)
    assert ask(server.url, timeout=1.0) == {"n": 1}
    assert len(server.requests) == 2


def test_an_endpoint_that_fails_half_of_the_time(server: Server, waits: Waits) -> None:
    """Two hundred questions are all answered, each with its own answer."""
    chance = random.Random(8)
    server.usual = lambda request: said({"q": request.body["q"]}) if chance.random() < 0.5 else Answer(500, length=2)
    asker = Asker(Service(to="it", url=server.url, body={"q": "{query}"}, attempts=12), waits)
    answered = [asker.ask({"query": f"q{number}"}, lambda answer: answer["q"]) for number in range(200)]
    asker.close()
    assert answered == [f"q{number}" for number in range(200)]
    assert 150 < len(waits.all) < 250


def test_what_its_reader_refuses_is_asked_again(server: Server) -> None:
    """An answer that is none for the question counts as no answer."""
    server.answers.extend([said({"n": "none"}), said({"n": 3})])

    def read(answer: dict[str, Any]) -> int:
        if not isinstance(answer["n"], int):
            raise BadAnswer("it answers no number")
        return answer["n"]

    asker = Asker(Service(to="it", url=server.url), Waits())
    assert asker.ask({}, read) == 3
    asker.close()


def test_it_gives_up(server: Server, waits: Waits) -> None:
    """After the last attempt the last error is told."""
    server.usual = lambda _: Answer(503, length=2)
    error = failure(server.url, waits, attempts=3)
    assert (type(error).__mro__[1], str(error)) == (Unreachable, "it answers 503")
    assert (len(server.requests), len(waits.all)) == (3, 2)


def test_an_answer_that_stays_bad_is_told(server: Server) -> None:
    """As what it is, and as something that may pass."""
    server.usual = lambda _: Answer(200, (b"<html>",))
    error = failure(server.url, attempts=2)
    assert isinstance(error, RetryLater)
    assert str(error) == "it answers what is no JSON"


def test_nobody_there() -> None:
    """A refused connection is tried as often as any."""
    error = failure(f"http://127.0.0.1:{free_port()}/{SECRET}", attempts=2)
    assert (type(error), str(error)) == (Unreachable, "no answer from it (ConnectError)")


def test_waits_grow(server: Server, waits: Waits) -> None:
    """They double up to half a minute, each with a chance part."""
    server.usual = lambda _: Answer(500, length=2)
    failure(server.url, waits, attempts=8)
    assert all(least <= each <= min(least + 1, 30) for least, each in zip((1, 2, 4, 8, 16, 30, 30), waits.all, strict=True))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("Mon, 16 Nov 2026 08:30:20 GMT", 20.0), ("3600", 60.0), ("soon", 0.0), ("nan", 0.0), ("-5", 0.0)],
)
def test_the_wait_that_was_asked_for(header: str, seconds: float, server: Server, waits: Waits) -> None:
    """`Retry-After` in seconds or as a date, at most a minute; nonsense is nothing."""
    server.answers.append(Answer(429, headers=(("Retry-After", header),), length=2))
    assert ask(server.url, waits, wait=0.0) == {"n": 1}
    assert waits.all == [seconds]


def test_a_long_wait_is_told(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever looks at a run that stands still can read why; short waits are not worth a line."""
    server.answers.extend([Answer(429, headers=(("Retry-After", "20"),), length=2), Answer(500, length=2)])
    with caplog.at_level(logging.INFO, "agent"):
        ask(server.url)
    assert [record.getMessage() for record in caplog.records if record.name.startswith("agent")] == [
        "it answers 429: asked again in 20 s (attempt 2)"
    ]


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (400, "it: answers 400: look at its url, body and headers"),
        (401, "it: answers 401: look at its token or headers"),
        (403, "it: answers 403: look at its token or headers"),
        (404, "it: answers 404: look at its url"),
        (405, "it: answers 405: look at its url and method"),
        (413, "it: answers 413: ask for less at once"),
        (422, "it: answers 422: look at its url, body and headers"),
        (302, "it: answers 302, a redirect, which is not followed: look at its url and headers"),
    ],
)
def test_a_refusal_is_a_mistake_of_the_settings(status: int, text: str, server: Server) -> None:
    """It is asked once; a redirect leads nobody to another address with our token."""
    server.answers.append(Answer(status, headers=(("Location", f"{server.url}/{SECRET}"),), length=2))
    error = failure(server.url)
    assert (type(error), str(error), len(server.requests)) == (Misconfigured, text, 1)


def test_the_code_of_an_error_is_told_and_its_message_is_not(server: Server) -> None:
    """A code helps to find the mistake; a message may repeat what was asked."""
    server.answers.append(said({"error": {"message": f"no {QUERY} here", "code": None, "type": "model_not_found"}}, 404))
    assert str(failure(server.url)) == "it: answers 404 (model_not_found): look at its url"
    server.answers.append(said({"error": {"code": QUERY}}, 404))
    assert str(failure(server.url)) == "it: answers 404: look at its url"


def test_an_answer_that_never_ends(server: Server) -> None:
    """It is not waited for longer than an answer may take, on a clock that moves."""
    server.answers.append(Answer(200, dripping()))
    assert ask(server.url, SystemClock(), timeout=0.2, wait=0.0) == {"n": 1}
    server.answers.append(Answer(200, dripping()))
    assert str(failure(server.url, SystemClock(), timeout=0.2, attempts=1)) == "the answer of it does not end within 0.2 seconds"


def test_a_slow_answer_is_waited_for(server: Server) -> None:
    """As long as the settings say."""
    server.answers.append(said({"n": 2})._replace(after=0.3))
    assert ask(server.url, timeout=5.0) == {"n": 2}


def test_a_huge_answer_is_not_read_to_its_end(server: Server) -> None:
    """Memory is bounded, and asking the same again would not make it smaller."""
    server.answers.append(Answer(200, dripping(b" " * 100_000, every=0.0)))
    error = failure(server.url, largest=1 << 20)
    assert (str(error), len(server.requests)) == ("it: answers more than 1 MB: ask for less at once", 1)


@pytest.mark.parametrize("headers", [{"X-Key": "ключ"}, {"X-Key": f"{SECRET}\nX-Other: 1"}, {"X Key": "1"}])
def test_what_cannot_be_a_header(headers: dict[str, str], server: Server) -> None:
    """A token with a line break, or of other letters, is a mistake and not sent."""
    assert isinstance(failure(server.url, headers=headers), Misconfigured)
    assert server.requests == []


def test_an_authority_of_ones_own(tmp_path: Path) -> None:
    """Its file makes the certificate good; without it the error names the certificate."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with Server(lambda _: said({"n": 1}), context) as server:
        assert ask(server.url, ca_file=tmp_path / "ca.pem") == {"n": 1}
        assert "its TLS certificate cannot be verified" in str(failure(server.url, attempts=1))


def test_authorities_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that is missing, or holds no certificate, is named."""
    (tmp_path / "none.pem").write_text("none", encoding="utf-8")
    assert "No such file" in str(failure("https://localhost", ca_file=tmp_path / "away.pem"))
    assert "none.pem: cannot be read as certificates of it" in str(failure("https://localhost", ca_file=tmp_path / "none.pem"))


def test_nothing_that_was_asked_is_logged(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the query in an address, nor the token, nor where a redirect leads, even at the level DEBUG."""
    caplog.set_level(logging.DEBUG)
    server.answers.append(Answer(302, headers=(("Location", f"{server.url}/{SECRET}"),), length=2))
    failure(server.url + "?q={query}", method="GET")
    ask(server.url + "?q={query}", method="GET")
    assert caplog.records
    assert not any(each in caplog.text for each in (SECRET, "Paket"))


def test_connections_stay_open(server: Server) -> None:
    """Many questions shake hands once; a connection that was closed meanwhile is opened again."""
    asker = Asker(Service(to="it", url=server.url), Waits())
    assert [asker.ask({}, lambda answer: answer["n"]) for _ in range(3)] == [1, 1, 1]
    assert server.connections == 1
    server.answers.append(Answer(CLOSED))
    assert asker.ask({}, lambda answer: answer["n"]) == 1
    assert server.connections == 2
    asker.close()
