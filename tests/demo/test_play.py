"""One demo as a newcomer starts it: a second shell beside it, receivers of every kind, its end; and another one that ends by itself."""

import json
import re
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.alerting.incident import fingerprint
from agent.demo import play, profiles, stage
from agent.demo.history import history
from agent.web.server import listen
from tests.acceptance.command import PATIENCE_S, babelwatch, logging_as_before
from tests.demo.receivers import Servers, listening
from tests.demo.running import Demo, second_shell
from tests.report.test_explain import Calculator
from tests.support import alertmanager
from tests.support.broker import free_port

SPANISH = fingerprint(profiles.SERVICE, profiles.ENVIRONMENT, "es", "change")
FIGURES = re.compile(
    r"Spanish recall@10 fell (?P<drop>[0-9.]+) points \(95 % CI (?P<low>[0-9.]+) to (?P<high>[0-9.]+); first estimate, tends high\):"
    r" [0-9.]+ % since index version 2026-11-b \([0-9,]+ labelled queries, [0-9]+ min\) against [0-9.]+ %"
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Where temporary folders are made: near the root, so that a path fits on one line of the screen."""
    with tempfile.TemporaryDirectory(prefix="test-") as near:
        yield Path(near)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Whom the demo tells."""
    with listening(tmp_path_factory.mktemp("alertmanager")) as found:
        yield found


@pytest.fixture(scope="module")
def demo(folder: Path, servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Until Ctrl-C; the tests of it go through its life, one after the other."""
    beside = tmp_path_factory.mktemp("demo")
    config = beside / "babelwatch.yaml"
    config.write_text(json.dumps(servers.settings()), encoding="utf-8")
    running = Demo(folder, beside / "errors", free_port(), "--config", str(config))
    yield running
    running.process.kill()
    running.ended()


def test_the_demo_shows_spanish_fall_while_the_mean_rises(demo: Demo) -> None:
    """The table, the alert with its figures, commands that answer beside it; a golden run that weighs a score signal."""
    demo.until("│ Spanish recall@10 fell", "/readyz")
    _check_alert(demo.printed)
    _check_screen(demo.printed[: demo.printed.rindex("the alert")])
    _check_second_shell(demo.commands(), demo.port)
    demo.until("Not confirmed: ", "this is no reason to roll back")
    assert re.search(r"Not confirmed: recall@10 .* golden set articles, 216 queries\.", demo.printed)


def _check_alert(printed: str) -> None:
    """It was told once, as a critical one, with interval, version and what to do."""
    assert len(re.findall(r"Critical: −[0-9.]+ points of recall in Spanish \(es\)", printed)) == 1
    assert len(re.findall(r"points of recall in|got worse", printed)) == 1
    told = FIGURES.search(printed)
    assert told, printed
    assert 0 < float(told["low"]) < float(told["drop"]) < float(told["high"]) < 100
    assert "Compare index version 2026-11-b with the one before it, or roll it back." in printed, printed


def _check_screen(printed: str) -> None:
    """Fourteen languages and their mean; Spanish falls and fires, the mean rises."""
    screen = printed[printed.rindex("babelwatch demo:") :]
    table = screen[screen.index("───") : screen.index("points of recall")].splitlines()[1:]
    assert len([line for line in table if line.strip()]) == 14 + 1 + 1  # languages, the mean, the legend
    [spanish] = [line for line in table if line.startswith("Spanish")]
    [mean] = [line for line in table if line.startswith("Mean of all")]
    assert re.search(r"▼ +(1[0-9]|[5-9])\.[0-9] .* firing *$", spanish)
    assert re.search(r"[0-9.]+% +[▲△] +[0-9.]+", mean)
    assert max(map(len, printed.splitlines())) <= 80 or "Spanish recall@10" in printed  # the alert's text is one long line


def _check_second_shell(commands: list[list[str]], port: int) -> None:
    """What is printed can be pasted, and a script finds the same alert."""
    *ours, curl = commands
    assert [words[1] for words in ours] == ["languages", "pairs", "alerts", "alerts", "alerts"]
    versions = second_shell(ours[0])
    pairs, alerts, as_json, explained = (babelwatch(*words[1:]) for words in ours[1:])
    assert {words[0] for words in ours} == {ours[0][0]}
    assert [answer.status for answer in (versions, pairs, alerts, as_json, explained)] == [0] * 5
    assert len(re.findall(r"^Spanish +2026-11-[ab] ", versions.out, re.MULTILINE)) == 2
    assert re.search(r"^Spanish +English ", pairs.out, re.MULTILINE)
    assert "Spanish recall@10 fell" in " ".join(alerts.out.split())
    falls = {one["language"]: one for one in as_json.json() if one["class"] == "change"}
    assert falls.keys() <= {"es", "tr"}
    assert falls["es"]["confirmed"] == "yes"
    Calculator(explained.out).check()
    assert curl == ["curl", f"http://127.0.0.1:{port}/readyz"]
    assert httpx.get(curl[1], timeout=60, trust_env=False).json() == {"status": "ok", "missing": {}}


def soon(holds: Callable[[], bool], what: str) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def test_each_receiver_hears_of_the_fire_and_of_its_end_once(demo: Demo, servers: Servers, folder: Path) -> None:
    """Slack twice, PagerDuty, a webhook, mail and a real Alertmanager; threads, keys and references join the two."""
    am = servers.am or pytest.skip(alertmanager.MISSING)
    soon(lambda: len(servers.mail.mails) == 1 and bool(am.alerts()), "the fire")
    soon(lambda: all((servers.chat.arrived, servers.bot.messages, servers.pager.arrived, servers.hook.arrived)), "the fire")
    (store,) = folder.glob("babelwatch-demo-*")
    assert babelwatch("alerts", "close", SPANISH, "--verdict", "real", "--note", "mended", "--store", store).status == 0
    soon(lambda: len(servers.mail.mails) == 2 and len(servers.chat.arrived) == 2 and len(servers.bot.messages) == 2, "its end")
    soon(lambda: len(servers.hook.arrived) == 2 and not [one for one in am.alerts() if _fires(one)], "its end")
    soon(lambda: len(_events(servers)) == 2, "its end")
    time.sleep(3)
    assert demo.process.poll() is None, demo.errors()
    _look(servers)


def _fires(alert: dict[str, Any]) -> bool:
    return str(alert["status"]["state"]) == "active"


def _events(servers: Servers) -> list[Any]:
    return [one for one in servers.pager.arrived if "event_action" in one]


def _look(servers: Servers) -> None:
    first, last = servers.chat.arrived
    assert "points of recall in Spanish (es)" in first["text"]
    assert last["text"].startswith("Resolved")
    root, reply = servers.bot.messages.values()
    assert (root["text"].startswith("Resolved"), "thread_ts" in root) == (True, False)
    assert reply["thread_ts"] in servers.bot.messages
    assert [(one["event_action"], one["dedup_key"]) for one in _events(servers)] == [("trigger", SPANISH), ("resolve", SPANISH)]
    deployed = [one["payload"]["custom_details"] for one in servers.pager.arrived if "event_action" not in one]
    assert [each is not None for each in deployed] == [True, True]  # one of each service
    fire, end = servers.mail.mails
    assert end["References"] == fire["Message-ID"]
    assert [one["status"] for one in servers.hook.arrived] == ["firing", "resolved"]
    assert len({one["groupKey"] for one in servers.hook.arrived}) == 1
    assert "SECRET" not in json.dumps([servers.hook.arrived, servers.pager.arrived])


def test_ctrl_c_ends_it_without_a_trace(demo: Demo, folder: Path) -> None:
    """Of its store nothing is left, and nobody sees where it was in its work."""
    assert list(folder.glob("babelwatch-demo-*/engine"))
    demo.process.send_signal(signal.SIGINT)
    assert demo.ended() == 0, demo.errors()
    assert list(folder.iterdir()) == []
    assert "Traceback" not in demo.errors()


def test_a_demo_ends_by_itself_and_goes_round_a_taken_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After `--duration`, also when that is over before anything was seen; another server on the port is no obstacle."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(stage, "history", partial(history, days=1))
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    with closing(listen(play.HOST, 0)) as other, logging_as_before():
        play.play(timedelta(seconds=1), other.getsockname()[1])
    for each, handler in before.items():
        signal.signal(each, handler)
    assert list(tmp_path.iterdir()) == []


def test_a_duration_rings_once() -> None:
    """Without one nothing ends the demo but a signal."""
    stop = threading.Event()
    play._ring(stop, None)
    assert not stop.is_set()
    play._ring(stop, timedelta(milliseconds=1))
    assert stop.wait(PATIENCE_S)
