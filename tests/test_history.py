"""`rules backtest` and `rules drill` as a person or a script meets them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.command import babelwatch, event, write_log
from tests.alerting.traffic import DAY, START
from tests.backtest.builders import days_before, traffic, write

RESULT = {"incidents", "weeks", "languages", "notifications"}
LABEL = {"language": "de", "start": "2026-01-08T00:00:00Z", "end": "2026-01-08T06:00:00Z", "kind": "drop"}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three quiet days, then four hours on an index version that costs German 20 points; Korean stays."""
    rows = [
        *days_before(3, (10, 9, 10, 9)),
        *traffic(START, 240, (10, 7, 10, 7), version="v42"),
        *days_before(3, (5, 4, 5, 4), "ko"),
        *traffic(START, 240, (5, 4, 5, 4), "ko", "v42"),
    ]
    return write(tmp_path_factory.mktemp("history") / "minutes.csv.gz", sorted(rows, key=lambda row: row.minute))


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """What truly happened there."""
    file = tmp_path / "labels.json"
    file.write_text(json.dumps([LABEL]), encoding="utf-8")
    return file


def test_a_backtest_of_a_table_is_scored(broken: Path, labels: Path) -> None:
    """One JSON document with the fields of the contract: the fall is detected, and nothing else."""
    told = babelwatch("rules", "backtest", "--minutes", broken, "--labels", labels, "--json").json()
    assert told.keys() >= RESULT
    assert [(one["language"], one["class"], one["state"]) for one in told["incidents"]] == [("de", "change", "firing")]
    assert (told["languages"], told["notifications"], told["weeks"]) == (2, 1, pytest.approx((3 * DAY + 240) / (7 * DAY)))
    score = told["score"]
    assert (score["detected"], score["missed"], score["false"]) == (1, 0, 0)
    assert score["delay_minutes"]["median"] == score["delay_minutes"]["p90"] <= 60


def test_a_backtest_is_read_by_people_too(broken: Path) -> None:
    """A table and the rate; nothing on standard error where no terminal is."""
    answer = babelwatch("rules", "backtest", "--minutes", broken, "--from", "2026-01-08")
    assert answer.status == 0
    assert "German" in answer.out
    assert "1 incident in 0.0 weeks, 2 languages" in answer.out
    assert answer.err == ""


def test_the_worked_example_of_the_page(broken: Path, labels: Path) -> None:
    """What docs/backtest.md shows is what the command prints."""
    printed = " ".join(babelwatch("rules", "backtest", "--minutes", broken, "--labels", labels).out.split())
    page = Path(__file__).parents[1].joinpath("docs", "backtest.md").read_text(encoding="utf-8")
    example = page.split("With the label above:")[1].split("```")[1].removeprefix("text\n")
    assert len(example.splitlines()) == 6
    assert [line for line in example.splitlines() if " ".join(line.split()) not in printed] == []


def test_other_limits_are_tried_in_one_run(broken: Path, labels: Path) -> None:
    """Twelve rows, the stricter ones no sooner; the result itself stays what the rules say."""
    asked = ("--minutes", broken, "--from", "2026-01-08", "--labels", labels)
    told = babelwatch("rules", "backtest", *asked, "--what-if", "--json").json()
    delays = {(row["z"], row["threshold"]): row["score"]["delay_minutes"]["median"] for row in told["what_if"]}
    assert len(delays) == 12
    assert delays[3.5, 2] < delays[5.0, 5]
    assert delays[4.0, 3] == told["score"]["delay_minutes"]["median"]


def test_rules_and_filters_are_taken(broken: Path, tmp_path: Path) -> None:
    """Other rules than the configured ones, and one language only."""
    rules = tmp_path / "blind.yaml"
    rules.write_text("rules:\n  - {name: drop, kind: drop, threshold: 60}\n", encoding="utf-8")
    asked = ("rules", "backtest", "--minutes", broken, "--from", "2026-01-08", "--json")
    assert babelwatch(*asked, "--rules", rules).json()["incidents"] == []
    korean = babelwatch(*asked, "--language", "ko").json()
    assert (korean["incidents"], korean["languages"]) == ([], 1)


def test_a_drill_says_how_soon(broken: Path) -> None:
    """A deployment that costs 30 points is told from every start."""
    told = babelwatch("rules", "drill", "--language", "ko", "--drop", 30, "--minutes", broken, "--json").json()
    assert (told["language"], told["drop"]) == ("ko", 0.3)
    assert told["deployment"]["told"] == told["deployment"]["starts"] > 0
    assert told["deployment"]["delay_minutes"]["median"] < DAY


def test_a_store_gives_what_its_replay_gave(tmp_path: Path) -> None:
    """The same incidents at the same times as when the log was evaluated; late data is named."""
    start = datetime(2026, 1, 5, 8, tzinfo=UTC)
    records = [made(number, start + timedelta(days=number // 600, seconds=number % 600 * 3)) for number in range(1200)]
    log, late, store = tmp_path / "log.jsonl", tmp_path / "late.jsonl", tmp_path / "store"
    alerts = babelwatch("replay", write_log(log, records), "--store", store, "--json").json()["alerts"]
    told = babelwatch("rules", "backtest", "--store", store, "--json").json()
    assert [one["fired_at"] for one in told["incidents"]] == [one["fired_at"] for one in alerts] != []
    assert told["late"] == 0
    babelwatch("replay", write_log(late, [made(5000, start)]), "--store", store)
    assert babelwatch("rules", "backtest", "--store", store, "--json").json()["late"] == 1


def made(number: int, at: datetime) -> dict[str, Any]:
    """A search that finds its document, on the second day and the second version four times in five."""
    bad = number >= 600 and number % 5 == 0
    version = "v1" if number < 600 else "v2"
    return event(number, timestamp=at.isoformat(), index_version=version, relevant=["elsewhere" if bad else "doc-0"])


@pytest.mark.parametrize(
    ("asked", "status", "expected"),
    [
        (("backtest", "--minutes", "nowhere.csv"), 2, "nowhere.csv: cannot be read"),
        (("backtest", "--minutes", "TABLE", "--labels", "nowhere.json"), 2, "nowhere.json: cannot be read"),
        (
            ("backtest", "--minutes", "TABLE", "--from", "2027-01-01"),
            2,
            "--from: no minute there, there are minutes from 2026-01-05T00:00Z",
        ),
        (("backtest", "--minutes", "TABLE", "--to", "2025-01-01"), 2, "--to: no minute there"),
        (("backtest", "--minutes", "TABLE", "--from", "soon"), 2, "--from: 'soon' is no time"),
        (("backtest", "--minutes", "TABLE", "--from", "2026-01-08", "--to", "2026-01-07"), 2, "--from: must be before"),
        (("backtest", "--minutes", "TABLE", "--store", "x"), 2, "--minutes: expected without --store"),
        (("backtest", "--minutes", "TABLE", "--placebo"), 2, "--placebo: expected ten days of minutes or more"),
        (("backtest", "--minutes", "TABLE", "--placebo", "--what-if"), 2, "--placebo: expected without --labels and --what-if"),
        (("backtest", "--minutes", "TABLE", "--rules", "nowhere.yaml"), 2, "nowhere.yaml"),
        (("backtest", "--store", "nowhere"), 3, "there is no store in nowhere"),
        (("drill", "--minutes", "TABLE", "--language", "xx", "--drop", "10"), 2, "--language: expected one of de, ko, found 'xx'"),
        (("drill", "--minutes", "TABLE", "--language", "de", "--drop", "0.1"), 2, "--drop"),
    ],
)
def test_what_is_wrong_is_told(broken: Path, tmp_path: Path, asked: tuple[str, ...], status: int, expected: str) -> None:
    """With the option or the file that has to change, and no stack trace."""
    words = [str(broken) if word == "TABLE" else word for word in asked]
    assert expected in " ".join(babelwatch("rules", *words, cwd=tmp_path).refusal(status).split())
