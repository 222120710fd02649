"""Real retrieval logs with labels: the figures are the truth's, and scores alone never say that a language got worse."""

import gzip
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from agent.alerting.incident import Incident
from agent.decode.dead_letter import Reason
from agent.notify.base import Thread
from agent.notify.render import Renderer
from agent.notify.sample import notifications
from agent.notify.slack_blocks import payload
from tests.acceptance.command import Answer, babelwatch, write_log
from tests.notify.examples import NOW

LOGS = ("xquad-paragraphs-v1.jsonl.gz", "xquad-paragraphs-v2.jsonl.gz")
A_LANGUAGE = 1_190  # questions, the same in both logs
SCORES_FALL = ("ar", "hi", "ru", "zh")
DECLARED = "source: {mapping: {query_language: true_language}}\n"
MEASURES = {
    "recall_at_k": "recall_at_10",
    "mrr_at_k": "mrr_at_10",
    "ndcg_at_k": "ndcg_at_10",
    "similarity_mean": "top1_similarity_mean",
}
WORSE = re.compile(r"\b(fell|fallen|worse|drop(ped)?|declined)\b")


class Runs:
    """Replays that go on beside each other; each has a folder, in which its store is kept."""

    def __init__(self, shared: Path, folder: Path, pool: ThreadPoolExecutor) -> None:
        self.data = shared / "data" / "xquad"
        self._folder = folder
        self._languages: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
        self._replays = {
            name: pool.submit(self._replay, name, settings, write)
            for name, (settings, write) in {
                "declared": (DECLARED, self._as_it_is),
                "own tags": ("", self._first),
                "unlabelled": (f"{DECLARED}quality: {{hit_threshold: {{default: 0.35}}}}\n", self._without_labels),
            }.items()
        }

    def _replay(self, name: str, settings: str, logs: Callable[[Path], list[Path]]) -> Answer:
        folder = self._folder / name
        folder.mkdir()
        (folder / "babelwatch.yaml").write_text(settings)
        return babelwatch("replay", *logs(folder), "--store", "store", "--json", cwd=folder)

    def _as_it_is(self, _: Path) -> list[Path]:
        return [self.data / log for log in LOGS]

    def _first(self, _: Path) -> list[Path]:
        return [self.data / LOGS[0]]

    def _without_labels(self, folder: Path) -> list[Path]:
        return [_stripped(self.data / log, folder / log, {*SCORES_FALL, "en", "es"}) for log in LOGS]

    def summary(self, name: str) -> Any:
        """What a replay printed."""
        done: Future[Answer] = self._replays[name]
        return done.result().json()

    def languages(self, name: str) -> dict[tuple[str, str], dict[str, Any]]:
        """The rows by version and language, from the store that the replay left."""
        if name not in self._languages:
            assert self.summary(name)["rejected"] == 0
            rows = babelwatch("languages", "--by", "version", "--store", "store", "--json", cwd=self._folder / name).json()
            self._languages[name] = {(row["index_version"], row["language"]): row for row in rows}
        return self._languages[name]

    def truth(self) -> dict[tuple[str, str], dict[str, float]]:
        """The figures computed from the full rankings."""
        truth = json.loads((self.data / "truth.json").read_text())
        return {(version, language): row for version, rows in truth.items() for language, row in rows.items()}


def _lines(log: Path) -> Iterator[bytes]:
    with gzip.open(log) as lines:
        yield from lines


def _stripped(log: Path, target: Path, languages: Collection[str]) -> Path:
    """The events of these languages without their labels."""
    with gzip.open(target, "wb", compresslevel=1) as file:
        for line in _lines(log):
            event = msgspec.json.decode(line)
            del event["relevant"]
            if event["true_language"] in languages:
                file.write(msgspec.json.encode(event) + b"\n")
    return target


@pytest.fixture(scope="module")
def runs(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """All replays, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        yield Runs(shared, tmp_path_factory.mktemp("xquad"), pool)


def test_declared_languages_have_the_figures_of_the_truth(runs: Runs) -> None:
    """Twelve languages and two versions, each measure to six digits."""
    found, truth = runs.languages("declared"), runs.truth()
    assert runs.summary("declared")["accepted"] == 24 * A_LANGUAGE
    assert found.keys() == truth.keys()
    assert len(found) == 24
    for key, true in truth.items():
        assert found[key]["queries"] == found[key]["events"] == found[key]["labelled"] == true["queries"]
        for ours, theirs in MEASURES.items():
            assert found[key][ours] == pytest.approx(true[theirs], abs=2e-6), (key, ours)
            low, high = found[key]["ci95"][ours]
            assert low < true[theirs] < high


def test_the_average_hides_what_happens_to_spanish(runs: Runs) -> None:
    """The story of the project in the product's own figures: the mean over languages rises, Spanish falls by five points."""
    recall = {key: row["recall_at_k"] for key, row in runs.languages("declared").items()}
    changes = {language: recall["paragraphs-v2", language] - recall["paragraphs-v1", language] for _, language in recall}
    assert sum(changes.values()) / len(changes) > 0.01
    assert changes["es"] == pytest.approx(-0.049, abs=0.001)
    assert changes["zh"] == pytest.approx(-0.031, abs=0.001)


def test_our_own_tags_come_within_two_points(runs: Runs) -> None:
    """Where the service declares nothing the tagger's mistakes are all that stands between the figures and the truth.

    Of one version: the questions of the other are the same.
    """
    found = runs.languages("own tags")
    truth = {key: row for key, row in runs.truth().items() if key[0] == "paragraphs-v1"}
    assert runs.summary("own tags")["accepted"] == len(truth) * A_LANGUAGE == 12 * A_LANGUAGE
    away = {key: found[key]["recall_at_k"] - true["recall_at_10"] for key, true in truth.items()}
    assert {key: round(100 * points, 2) for key, points in away.items() if abs(points) > 0.02} == {}
    counted = {key: found[key]["events"] / true["queries"] for key, true in truth.items()}
    assert {key: round(share, 3) for key, share in counted.items() if not 0.95 < share < 1.05} == {}


def test_labels_confirm_or_refute_what_scores_say(runs: Runs) -> None:
    """A language whose recall rose is nowhere said to have fallen: what fires is confirmed, or says that it is not."""
    truth = runs.truth()
    for alert in runs.summary("declared")["alerts"]:
        recall = [truth[version, alert["language"]]["recall_at_10"] for version in ("paragraphs-v1", "paragraphs-v2")]
        if alert["state"] == "firing" and alert["class"] == "change":
            assert recall[1] < recall[0], alert["summary"]


def test_scores_alone_are_called_unconfirmed(runs: Runs) -> None:
    """Without labels nothing says that a language got worse without saying that this is a score signal, unconfirmed."""
    summary = runs.summary("unlabelled")
    alerts = summary["alerts"]
    assert summary["accepted"] == 2 * 6 * A_LANGUAGE
    assert {alert["language"] for alert in alerts} == {*SCORES_FALL}, "scores did change: the test must have something to look at"
    for alert in alerts:
        assert alert["confirmed"] == "unconfirmed"
        assert alert["severity"] != "critical"
        for told in (alert["summary"], *_messages(alert)):
            assert "unconfirmed" in told or not WORSE.search(told), told


def _messages(alert: dict[str, Any]) -> Iterator[str]:
    """What a person reads of an incident: the text of the template, and all that Slack shows."""
    for state in ("firing", "resolved"):
        incident = msgspec.convert({**alert, "state": state}, Incident)
        notification = replace(notifications("chat", NOW)[state], incidents=(incident,))
        message = Renderer().message(notification, Thread("1", incident.fingerprint), (incident,), str)
        yield f"{message.title}\n{message.text}"
        yield payload(message)["text"]
        yield json.dumps(payload(message), ensure_ascii=False)


# Bad input.


def _cut(event: dict[str, Any], rng: random.Random) -> bytes:
    whole = json.dumps(event).encode()
    return whole[: rng.randrange(1, len(whole))]


def _broken_text(event: dict[str, Any], _: random.Random) -> bytes:
    return json.dumps(event).encode().replace(b'"query": "', b'"query": "\xff', 1)


def _changed(**fields: Any) -> Callable[[dict[str, Any], random.Random], bytes]:
    return lambda event, _: json.dumps({**event, **fields}).encode()


def _without(field: str) -> Callable[[dict[str, Any], random.Random], bytes]:
    return lambda event, _: json.dumps({name: value for name, value in event.items() if name != field}).encode()


def _verbatim(line: bytes) -> Callable[[dict[str, Any], random.Random], bytes]:
    return lambda _event, _rng: line


MANGLERS: dict[Callable[[dict[str, Any], random.Random], bytes], set[Reason]] = {
    _cut: {Reason.NOT_JSON},
    _broken_text: {Reason.NOT_JSON, Reason.NOT_UTF8},
    _verbatim(b'"text"'): {Reason.NOT_AN_OBJECT},
    _verbatim(b"[1, 2]"): {Reason.NOT_AN_OBJECT},
    _verbatim(b"{}"): {Reason.MISSING_FIELD},
    _verbatim(b"\x00\x01\x02"): {Reason.NOT_JSON},
    _verbatim(b"[" * 50_000): {Reason.NOT_AN_OBJECT, Reason.TOO_DEEP},
    _verbatim(b'{"a":' * 50_000): {Reason.TOO_DEEP, Reason.NOT_JSON},
    _without("event_id"): {Reason.MISSING_FIELD},
    _without("timestamp"): {Reason.MISSING_FIELD},
    _changed(event_id=""): {Reason.BAD_EVENT_ID},
    _changed(event_id=7): {Reason.BAD_EVENT_ID},
    _changed(event_id="x" * 129): {Reason.BAD_EVENT_ID},
    _changed(timestamp="last Tuesday"): {Reason.BAD_TIMESTAMP},
    _changed(timestamp="1999-12-31T23:59:59Z"): {Reason.TOO_OLD},
    _changed(timestamp="2999-01-01T00:00:00Z"): {Reason.IN_FUTURE},
    _changed(timestamp=None): {Reason.BAD_TIMESTAMP},
    _changed(results={"doc_id": "a"}): {Reason.WRONG_TYPE},
    _changed(results=[{"score": 1.0}]): {Reason.MISSING_FIELD},
    _changed(results=[{"doc_id": "a", "score": "high"}]): {Reason.WRONG_TYPE},
    _changed(query=["a"]): {Reason.WRONG_TYPE},
    _changed(score_kind="magic"): {Reason.UNKNOWN_VALUE},
    _changed(sample_rate=0): {Reason.OUT_OF_RANGE},
    _changed(top_k=10**30): {Reason.OUT_OF_RANGE, Reason.WRONG_TYPE},
}


def _mangled(good: list[bytes], rng: random.Random) -> Iterator[tuple[bytes, set[Reason]]]:
    """A bad record for each good one, in turn of each kind, with the reasons that it may be rejected for."""
    for number, (mangle, reasons) in zip(range(len(good)), cycle(MANGLERS.items()), strict=False):
        event = {**msgspec.json.decode(rng.choice(good)), "event_id": f"bad-{number}"}
        yield mangle(event, rng), reasons


def test_bad_records_cost_no_good_one(shared: Path, tmp_path: Path) -> None:
    """Twelve hundred mangled records among as many good ones: each good one counts, each bad one has its reason, exit status 0."""
    rng = random.Random(7)
    good = [line.rstrip(b"\n") for line in islice(_lines(shared / "data" / "xquad" / LOGS[0]), 1_200)]
    lines: list[tuple[bytes, set[Reason]]] = [*((line, set()) for line in good), *_mangled(good, rng)]
    rng.shuffle(lines)
    log = write_log(tmp_path / "mangled.jsonl", (line for line, _ in lines))
    told = babelwatch("replay", log, "--store", "store", "--json", cwd=tmp_path)
    assert "Traceback" not in told.err
    summary = told.json()
    assert (summary["messages"], summary["accepted"], summary["rejected"]) == (2_400, 1_200, 1_200)
    assert sum(row["events"] for row in summary["languages"]) == 1_200
    letters = [json.loads(line) for line in (tmp_path / "store" / "dead-letters.jsonl").read_text().splitlines()]
    assert Counter(letter["reason"] for letter in letters) == summary["reasons"]
    assert {letter["offset"]: letter["reason"] for letter in letters if letter["reason"] not in lines[letter["offset"]][1]} == {}
