"""`babelwatch report` as a person or a script meets it: over a store, and beside an agent that holds it."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from agent import cli
from agent.clock import FakeClock
from agent.opening import ENGINE
from agent.report.views import StoreViews
from agent.report.writer import StoreWriter
from agent.resources import schemas_dir
from agent.runtime.health import Health
from agent.store.base import Flush
from agent.store.clickhouse import ClickHouseWindows
from agent.store.engine import embedded
from agent.store.lock import StoreLock
from agent.store.migrate import migrate
from agent.web.api import build
from agent.web.server import WebServer, listen
from tests.acceptance.command import Answer, logging_as_before
from tests.notify.stubs import Stub
from tests.report.weekly.builders import QUALITY, Store, days
from tests.report.weekly.test_weekly import CALM
from tests.runtime.rig import NOW

WEEKS = [CALM, CALM, {**CALM, "ko": (500, 0.5)}]
TITLE = "Worse: Korean −20.0 points of recall@10 · week 2026-W46"
Run = Callable[..., Answer]


@pytest.fixture
def babelwatch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Runs a command in this process, in a folder without settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["babelwatch", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return Answer(int(ended.value.code or 0), out, err)

    with logging_as_before():
        yield run


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store of three weeks, which nobody holds."""
    folder = tmp_path / "store"
    with closing(embedded(folder / ENGINE)) as engine:
        migrate(engine, schemas_dir() / "clickhouse", retention=False)
        ClickHouseWindows(engine).append(Flush("log/0", None, 1, 0, days(WEEKS)))
    return folder


def test_without_options_it_is_the_last_week_as_text(babelwatch: Run, store: Path) -> None:
    """The newest week with data that is over, the verdict in the first line."""
    told = babelwatch("report", "--store", store)
    assert (told.status, told.err) == (0, "")
    assert told.out.splitlines()[0] == TITLE


def test_it_is_written_to_a_file(babelwatch: Run, store: Path, tmp_path: Path) -> None:
    """HTML unless it is said otherwise; the title and the place are printed."""
    told = babelwatch("report", "--store", store, "--week", "2026-W46", "--out", tmp_path / "week.html")
    assert told.out == f"{TITLE}\nWritten to {tmp_path / 'week.html'}\n"
    assert (tmp_path / "week.html").read_text().startswith("<!doctype html>")
    babelwatch("report", "--store", store, "--format", "json", "--out", tmp_path / "week.json")
    assert json.loads((tmp_path / "week.json").read_text())["verdict"]["worse"] == ["ko"]


def test_json_is_one_document(babelwatch: Run, store: Path) -> None:
    """With the fields of the model; filters hold."""
    told = babelwatch("report", "--store", store, "--format", "json").json()
    assert told["week"] == "2026-W46"
    assert {row["language"] for row in told["languages"]} == {"en", "de", "ko"}
    only = babelwatch("report", "--store", store, "--format", "json", "--language", "ko").json()
    assert [row["language"] for row in only["languages"]] == ["ko"]


def test_another_range_has_the_time_before_beside_it(babelwatch: Run, store: Path) -> None:
    """Three days, compared with the three before them."""
    told = babelwatch("report", "--store", store, "--from", "2026-11-10", "--to", "2026-11-13", "--format", "json").json()
    assert (told["week"], told["before"], told["first"]) == ("2026-11-10/2026-11-13", "2026-11-07T00:00:00Z", False)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--week", "46"], "--week: '46' is no week: expected an ISO week such as 2026-W46"),
        (["--week", "2026-W46", "--from", "-7d"], "--week: expected a week, or --from and --to, not both"),
        (["--week", "2026-W30"], "--week: no query lies in 2026-W30: the store has 2026-10-26 12:00 to 2026-11-15 12:00 UTC"),
        (["--format", "pdf"], "--format: 'pdf': expected one of html, text, json"),
        (["--from", "2026-11-13", "--to", "2026-11-10"], "--from: must be before `to`"),
        (["--out", "nowhere/week.html"], "--out: nowhere/week.html cannot be written: No such file or directory"),
    ],
)
def test_what_cannot_be_is_a_sentence(babelwatch: Run, store: Path, options: list[str], said: str) -> None:
    """Exit status 2, and nothing on standard output."""
    assert babelwatch("report", "--store", store, *options).refusal(2) == f"babelwatch: {said}\n"


def test_without_a_store_there_is_no_report(babelwatch: Run, tmp_path: Path) -> None:
    """Exit status 3; a store in which nothing was counted yet is a sentence, too."""
    assert "there is no store in" in babelwatch("report", "--store", tmp_path / "none").refusal(3)
    with closing(embedded(tmp_path / "empty" / ENGINE)) as engine:
        migrate(engine, schemas_dir() / "clickhouse", retention=False)
    assert "holds no queries yet" in babelwatch("report", "--store", tmp_path / "empty").refusal(2)


def test_the_agent_that_holds_the_store_is_asked(babelwatch: Run, store: Path) -> None:
    """The same bytes as from the store itself, whichever way it is written."""
    options = [["--week", "2026-W46", "--format", name] for name in ("html", "text", "json")]
    own = [babelwatch("report", "--store", store, *each) for each in options]
    twin, clock = Store(*days(WEEKS)), FakeClock(NOW)
    views = StoreViews(twin.windows, twin.journal, lambda: QUALITY, clock)
    app = build(views, StoreWriter(twin.journal, clock), Health(NOW), clock, frozenset({"a-token"}))
    lock = StoreLock(store)
    with closing(listen("127.0.0.1", 0)) as listener, WebServer(app, listener) as server:
        assert lock.take(server.url, "a-token") is None
        asked = [babelwatch("report", "--store", store, *each) for each in options]
        lock.release()
    assert [one.status for one in asked] == [0, 0, 0]
    assert [one.out for one in asked] == [one.out for one in own]


def test_it_is_sent_when_a_person_says_so(babelwatch: Run, store: Path, tmp_path: Path) -> None:
    """Title, text and page arrive as they are printed; without a receiver that is a mistake, and nothing was sent."""
    assert "report.receivers" in babelwatch("report", "--store", store, "--out", "week.html", "--send").err
    with Stub() as hook:
        settings = {"notify": {"receivers": {"hook": {"type": "webhook", "url": hook.url}}}, "report": {"receivers": ["hook"]}}
        (tmp_path / "babelwatch.yaml").write_text(json.dumps(settings))
        assert babelwatch("report", "--store", store, "--out", "week.html", "--send").status == 0
        (arrived,) = hook.arrived
    assert (arrived["report"]["week"], arrived["report"]["title"]) == ("2026-W46", TITLE)
    assert arrived["report"]["html"] == (tmp_path / "week.html").read_text()


def test_the_zone_of_the_settings_decides_when_a_week_begins(babelwatch: Run, store: Path, tmp_path: Path) -> None:
    """In Berlin an hour before midnight in UTC."""
    (tmp_path / "babelwatch.yaml").write_text(json.dumps({"report": {"timezone": "Europe/Berlin"}}))
    assert babelwatch("report", "--store", store, "--format", "json").json()["start"] == "2026-11-08T23:00:00Z"
