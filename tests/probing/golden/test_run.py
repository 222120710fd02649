"""A golden run from the opening to what is kept: resumed, failing, marked."""

import json
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.clock import FakeClock
from agent.errors import Misconfigured, Mistake, Unreachable
from agent.probing import kept
from agent.probing.base import BadAnswer, Hit, Question
from agent.probing.golden.dataset import Dataset
from agent.probing.golden.marks import Marked
from agent.probing.golden.memory import MemoryRetriever
from agent.probing.golden.partial import opened
from agent.probing.golden.run import IN_A_ROW, SETTLE, Means, Plan, run, spread
from agent.probing.golden.sending import Load
from agent.probing.kept import OpenRun
from agent.probing.scores import scores_of
from agent.store.base import Entry
from agent.store.memory import MemoryJournal
from tests.probing.golden.builders import LOAD, NOW, dataset, query

SET = dataset(*(query(f"{language}{n}", language) for language in ("en", "de") for n in range(30)))
FOUND = {each.text: [*each.relevant] for each in SET.queries}


class Slow(MemoryRetriever):
    """Each search takes this long, by the clock of the test."""

    def __init__(self, clock: FakeClock, seconds: float = 0.0) -> None:
        super().__init__(FOUND)
        self._clock, self._seconds = clock, seconds

    def search(self, question: Question) -> list[Hit]:
        """Answer after a while."""
        self._clock.sleep(self._seconds)
        return super().search(question)


class Bench:
    """A journal, a clock and a folder; `written` are the rows in the order in which they were."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "support.part.jsonl"
        self.clock = FakeClock(NOW)
        self.journal = MemoryJournal()
        self.written: list[Entry] = []
        self.progress: list[tuple[int, int]] = []

    def keep(self, rows: Any) -> None:
        """Into the journal."""
        self.written += rows
        self.journal.write(rows)

    def run(
        self, search: MemoryRetriever, found: Dataset = SET, name: str = "r1", settle: float = 0.0, load: Load = LOAD
    ) -> dict[str, Any]:
        """One run to its end."""
        means = Means(search, self.keep, self.clock, lambda done, total: self.progress.append((done, total)))
        with opened(self.file, found.fingerprint(), self.clock.now()) as partial:
            return run(Plan(name, "support", found, (), load, settle), means, partial).result

    def openings(self) -> list[OpenRun]:
        """Each time that a run was told to be open."""
        rows = [entry for entry in self.written if entry.kind == kept.OPEN]
        journals = [MemoryJournal() for _ in rows]
        for row, journal in zip(rows, journals, strict=True):
            journal.write([row])
        return [kept.open_runs(journal)[0] for journal in journals]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A place to run."""
    return Bench(tmp_path)


def test_what_is_printed_is_kept(bench: Bench) -> None:
    """One row of the run, its scores at the same time cut to milliseconds, and no file left; the text of no query stands anywhere."""
    told = bench.run(MemoryRetriever(FOUND))
    [one] = kept.golden_runs(bench.journal)
    assert (one.result, one.id, one.name, one.languages) == (told, "r1", "support", ())
    assert kept.named(bench.journal, "support") == one
    assert (told["queries"], told["failed"], told["dataset"]) == (60, 0, "memory")
    assert [(row["language"], row["n"], row["ndcg_at_10"]) for row in told["languages"]] == [("de", 30, 1.0), ("en", 30, 1.0)]
    assert one.at.microsecond % 1000 == 0
    assert told["at"] == one.at.isoformat(timespec="milliseconds")
    assert sum(len(scores.queries) for scores in scores_of(bench.journal, "r1", one.at).values()) == 60
    assert not bench.file.exists()
    assert bench.progress[-1] == (60, 60)
    assert "text of" not in json.dumps([dict(entry.body) for entry in bench.written], default=str)
    assert json.loads(json.dumps(told)) == told


def test_a_run_is_open_before_its_first_query_and_a_little_after_its_last(bench: Bench) -> None:
    """An agent has its time to learn of it; the end is told as it was."""
    search = Slow(bench.clock, 1.0)
    bench.run(search, settle=SETTLE)
    first, *_, last = bench.openings()
    assert first.at == NOW
    assert first.until == NOW + timedelta(seconds=SETTLE + 60 / LOAD.rate, minutes=10)
    ended = bench.clock.now()
    assert NOW + timedelta(seconds=SETTLE + 60) <= ended
    assert last == OpenRun("r1", "support", NOW, ended + timedelta(minutes=2), first.key, first.queries)
    [only] = kept.open_runs(bench.journal)
    assert only == last
    assert len(first.key) == 32
    assert bench.written[0].kind == kept.OPEN


def test_a_run_that_lasts_longer_stays_open(bench: Bench) -> None:
    """A search of a minute each makes an hour of it: at each moment all queries are marked as far ahead as the next look."""

    class Looking(Slow):
        def search(self, question: Question) -> list[Hit]:
            while len(bench.progress) < len(self.asked):
                time.sleep(0.001)  # this clock stands still where a real one would not
            marked = Marked(kept.open_runs(bench.journal))
            assert marked.has(int(bench.clock.now().timestamp() * 1000), question.text)
            return super().search(question)

    bench.run(Looking(bench.clock, 60.0))
    assert 3 <= len(bench.openings()) < 20


def test_the_marks_are_those_of_its_queries(bench: Bench) -> None:
    """All of them and nobody else's, and under another key each time."""
    bench.run(MemoryRetriever(FOUND))
    [only] = kept.open_runs(bench.journal)
    marked, now = Marked([only]), int(NOW.timestamp() * 1000)
    assert all(marked.has(now, each.text) for each in SET.queries)
    assert not marked.has(now, "a user's question")
    bench.run(MemoryRetriever(FOUND), name="r2")
    assert len({each.key for each in kept.open_runs(bench.journal)}) == 2


def test_a_run_that_was_cut_off_goes_on(bench: Bench) -> None:
    """Whatever stops it: only what was not answered is asked again, and the figures are those of all."""

    class Torn(MemoryRetriever):
        def search(self, question: Question) -> list[Hit]:
            if len(self.asked) == 25:
                raise KeyboardInterrupt
            return super().search(question)

    first, second = Torn(FOUND), MemoryRetriever(FOUND)
    with pytest.raises(KeyboardInterrupt):
        bench.run(first)
    assert timedelta(minutes=2) <= bench.openings()[-1].until - NOW <= timedelta(minutes=2, seconds=1)
    assert "text of" not in bench.file.read_text(encoding="utf-8")
    told = bench.run(second, name="r2")
    assert len(second.asked) == 35
    assert {question.text for question in [*first.asked, *second.asked]} == set(FOUND)
    assert [(row["n"], row["recall_at_10"]) for row in told["languages"]] == [(30, 1.0), (30, 1.0)]


def test_a_run_that_could_not_be_kept_asks_nothing_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that is away at the end costs no search."""

    def away(rows: list[Entry]) -> None:
        if rows[-1].kind == kept.GOLDEN:
            raise Unreachable("no store")

    with monkeypatch.context() as patch:
        patch.setattr(bench, "keep", away)
        with pytest.raises(Unreachable, match="no store"):
            bench.run(MemoryRetriever(FOUND))
    search = MemoryRetriever({})
    assert bench.run(search)["languages"][0]["recall_at_10"] == 1.0
    assert search.asked == []


def test_a_run_whose_opening_cannot_be_told_asks_nothing(bench: Bench) -> None:
    """Its queries would count as users'."""
    search = MemoryRetriever(FOUND)

    def away(rows: Sequence[Entry]) -> None:
        raise Unreachable("no store")

    with opened(bench.file, "x", NOW) as partial, pytest.raises(Unreachable, match="no store"):
        run(Plan("r1", "support", SET, (), LOAD, 0.0), Means(search, away, bench.clock, print), partial)
    assert search.asked == []


def test_failed_queries_are_counted_and_named(bench: Bench) -> None:
    """Never as zero: the figures are those of the others; all that failed are asked again by the next run."""
    search = MemoryRetriever(FOUND)
    search.failures.append(BadAnswer("the search answers no list"))
    told = bench.run(search, load=LOAD._replace(concurrency=2))
    assert told["failed"] == 1
    assert [row["n"] for row in told["languages"]] in ([29, 30], [30, 29])
    assert all(row["recall_at_10"] == 1.0 for row in told["languages"])
    named = next(text for text in told["warnings"] if text.startswith("failed"))
    assert named == "failed, and count neither as found nor as missed, since the search answers no list (1): en0"


def test_a_search_that_is_gone_stops_the_run(bench: Bench) -> None:
    """After ten failures in a row, with what to do next; nothing is kept of it but the answers."""
    search = MemoryRetriever(FOUND)

    class Gone(MemoryRetriever):
        def search(self, question: Question) -> list[Hit]:
            time.sleep(0.005)
            if len(self.asked) >= 20:
                self.failures.append(Unreachable("no answer from the search"))
            return super().search(question)

    gone = Gone(FOUND)
    with pytest.raises(Unreachable) as told:
        bench.run(gone)
    assert str(told.value) == ("no answer from the search; 20 of 60 queries are answered: the same command goes on from there")
    assert len(gone.asked) <= 35
    assert kept.golden_runs(bench.journal) == []
    assert len(bench.run(search)["languages"]) == 2
    assert len(search.asked) == 40


def test_a_search_that_never_answers_is_told_after_the_first_round(bench: Bench) -> None:
    """Nobody waits for ten queries, each asked again for minutes, to learn of a wrong `results`."""

    class Never(MemoryRetriever):
        def search(self, question: Question) -> list[Hit]:
            time.sleep(0.005)
            self.failures.append(BadAnswer("the search answers no list"))
            return super().search(question)

    never = Never({})
    with pytest.raises(BadAnswer, match="no list"):
        bench.run(never)
    assert len(never.asked) <= 5


def test_a_first_round_is_never_longer_than_ten_failures(bench: Bench) -> None:
    """Many at once have no more patience than one: ten failures in a row stop the run, whether anything was answered or not."""

    class Slow(MemoryRetriever):
        def search(self, question: Question) -> list[Hit]:
            found = super().search(question)
            time.sleep(0.5)  # whatever is answered comes after all failures
            return found

    slow = Slow(FOUND)
    slow.failures.extend([BadAnswer("the search answers no list")] * IN_A_ROW)
    with pytest.raises(BadAnswer, match="no list"):
        bench.run(slow, load=LOAD._replace(concurrency=IN_A_ROW + 10))


def test_a_few_that_are_left_and_fail_end_the_run(bench: Bench) -> None:
    """What was answered before says that the search is there: a query that fails for good does not keep a run from ending."""
    first = MemoryRetriever(FOUND)
    with opened(bench.file, SET.fingerprint(), NOW) as partial:
        for each in SET.queries[:-1]:
            partial.add(each.id, first.search(Question(each.text, each.language, 100)))
    search = MemoryRetriever(FOUND)
    search.failures.append(Unreachable("the search answers 500"))
    told = bench.run(search)
    assert (told["failed"], len(search.asked)) == (1, 1)
    assert [(row["n"], row["recall_at_10"]) for row in told["languages"]] == [(29, 1.0), (30, 1.0)]


def test_settings_that_are_wrong_stop_the_run(bench: Bench) -> None:
    """A small set whose every query is refused, too: the mistake is told, not a table of nothing."""
    search = MemoryRetriever(FOUND)
    search.failures.extend([Misconfigured([Mistake("the search", "", "answers 404")])] * 3)
    with pytest.raises(Misconfigured, match="the search: answers 404"):
        bench.run(search, dataset(*SET.queries[:3]))


def test_a_search_that_fails_in_one_language_is_told_by_the_others(bench: Bench) -> None:
    """The very thing to be found: every German query fails, the English figures stand, German has none and says why."""

    class NoGerman(MemoryRetriever):
        def search(self, question: Question) -> list[Hit]:
            if question.language == "de":
                raise Unreachable("the search answers 500")
            return super().search(question)

    german, english = bench.run(NoGerman(FOUND))["languages"]
    assert (german["ndcg_at_10"], german["reason"]) == (None, "30 of 30 queries failed, more than 5%")
    assert (english["ndcg_at_10"], english["failed"]) == (1.0, 0)


def test_languages_are_mixed_evenly() -> None:
    """No language has a stretch of its own, whatever their order and sizes; each query is there once."""
    queries = [query(f"{language}{n}", language) for language, many in (("en", 60), ("ko", 20), ("lo", 4)) for n in range(many)]
    mixed = spread(queries)
    assert sorted(mixed) == sorted(queries)
    longest = max(len(run) for run in "".join("x" if each.language == "en" else " " for each in mixed).split())
    assert longest <= 4


def test_the_load_is_the_settings(bench: Bench) -> None:
    """As many results are asked for as the endpoint is set to, and what lies beyond is not measured."""
    search = MemoryRetriever(FOUND)
    means = Means(search, bench.keep, bench.clock, lambda *_: None)
    with opened(bench.file, "x", NOW) as partial:
        told = run(Plan("r1", "s", SET, ("de",), Load(20, 100.0, 2), 0.0), means, partial).result
    assert {question.k for question in search.asked} == {20}
    assert (told["languages"][0]["recall_at_10"], told["languages"][0]["recall_at_100"]) == (1.0, None)
    assert kept.golden_runs(bench.journal)[0].languages == ("de",)
