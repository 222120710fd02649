"""The demo's world: a store that looks as if the agent had watched for two weeks, and traffic that goes on from there."""

import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest

from agent.alerting.measures import Quality, Thresholds
from agent.clock import FakeClock
from agent.decode.native import NativeDecoder
from agent.demo import profiles, stage
from agent.demo.broker import DemoBroker
from agent.records import Event, Partition, RawMessage
from agent.report.views import StoreViews
from agent.store.memory import MemoryJournal, MemoryWindows

NOW = datetime(2026, 11, 16, 14, 37, 20, tzinfo=UTC)
IN_TOPIC = NOW - stage.IN_TOPIC
UPDATE = NOW - stage.UPDATED


class Heard(DemoBroker):
    """Keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[str, bytes]] = []

    def send(self, topic: str, values: Iterable[bytes]) -> int:
        """Take messages."""
        before = len(self.sent)
        self.sent += [(topic, value) for value in values]
        return len(self.sent) - before

    def events(self) -> list[Event]:
        """What the agent will read."""
        messages = [RawMessage(Partition(topic, 0), n, value) for n, (topic, value) in enumerate(self.sent)]
        accepted, rejected = NativeDecoder().decode_all(messages, int(NOW.timestamp() * 1000))
        assert rejected == []
        return [each.event for each in accepted]


class Seconds(threading.Event):
    """Lets time pass instead of waiting, and then says stop."""

    def __init__(self, clock: FakeClock, slices: int) -> None:
        super().__init__()
        self._clock = clock
        self._slices = slices

    def wait(self, timeout: float | None = None) -> bool:
        """One slice later."""
        self._clock.advance(timedelta(seconds=timeout or 0))
        self._slices -= 1
        return self._slices < 0


def at(event: Event) -> datetime:
    """When it was searched."""
    assert isinstance(event.timestamp, datetime)
    return event.timestamp


@pytest.fixture(scope="module")
def past() -> StoreViews:
    """A reader of the store that was filled."""
    windows, journal = MemoryWindows(), MemoryJournal()
    stage.remember(windows, journal, NOW)
    assert windows.positions() == {"demo/history": 1}
    [as_of] = journal.read("as_of")
    assert as_of.at == datetime(2026, 11, 16, 14, 17, tzinfo=UTC)
    span = windows.span()
    assert span is not None
    assert span[0] == datetime(2026, 11, 2, tzinfo=UTC)
    assert span[1] + timedelta(minutes=1) == as_of.at
    return StoreViews(windows, journal, lambda: Quality(10, Thresholds(0.35, {}, {}, {}), None, ()), FakeClock(NOW))


def test_the_past_is_evaluated_up_to_where_the_topic_begins(past: StoreViews) -> None:
    """Two weeks and today, of one version, with fourteen languages and nothing open (the fixture looks at the times)."""
    rows = past.languages({"from": "-15d", "by": "version"})
    assert {row["index_version"] for row in rows} == {profiles.OLD_INDEX}
    assert {row["language"] for row in rows} == set(profiles.PROFILES)
    assert past.alerts({"all": "true"}) == []


@pytest.mark.parametrize("language", ["en", "es", "th"])
def test_the_stored_sums_read_as_the_profiles(past: StoreViews, language: str) -> None:
    """Every measure of the table has its figure."""
    [row] = past.languages({"from": "-15d", "language": language})
    profile = profiles.PROFILES[language].old
    assert row["recall_at_k"] == pytest.approx(profile.recall, abs=0.02)
    assert row["similarity_mean"] == pytest.approx(profile.similarity, abs=0.005)
    assert row["mrr_at_k"] <= row["ndcg_at_k"] <= row["recall_at_k"]
    assert row["zero_result_rate"] == pytest.approx(0.01, abs=0.003)
    assert row["queries"] == row["events"]
    assert 0 <= row["hit_rate"] <= 1


@pytest.mark.parametrize("language", ["en", "es", "th"])
def test_the_past_has_pairs(past: StoreViews, language: str) -> None:
    """Each language with that of the documents, as the live traffic has them: what found nothing is in no pair."""
    [row] = past.languages({"from": "-15d", "language": language})
    [pair] = past.pairs({"from": "-15d", "language": language})
    assert pair["document_language"] == "en"
    assert pair["events"] == pytest.approx(row["events"] * (1 - row["zero_result_rate"]), rel=0.02)
    assert [pair[name] for name in ("recall_at_k", "similarity_mean")] == [row[name] for name in ("recall_at_k", "similarity_mean")]
    assert pair["zero_result_rate"] == pair["error_rate"] == 0


def test_the_topic_has_the_last_twenty_minutes() -> None:
    """Complete events, in the order of time, the update in their midst."""
    broker = Heard()
    stage.fill(broker, NOW)
    found = broker.events()
    assert {topic for topic, _ in broker.sent} == {stage.TOPIC}
    assert len(found) == pytest.approx(20 * stage.PER_MINUTE, rel=0.05)
    assert all(before <= after for before, after in pairwise(map(at, found)))
    assert IN_TOPIC <= at(found[0]) < IN_TOPIC + timedelta(minutes=1)
    assert NOW - timedelta(minutes=1) < at(found[-1]) < NOW
    versions = {event.index_version for event in found if at(event) < UPDATE - timedelta(seconds=1)}
    assert versions == {profiles.OLD_INDEX}
    assert {event.index_version for event in found if at(event) >= UPDATE} == {profiles.NEW_INDEX}


def test_the_update_is_longer_ago_than_an_alert_needs() -> None:
    """The minutes that a fall must last are in the topic already: a newcomer does not wait for them."""
    assert timedelta(minutes=10) <= stage.UPDATED
    assert timedelta(minutes=1) <= stage.IN_TOPIC - stage.UPDATED


def test_traffic_goes_on_slice_after_slice() -> None:
    """Nothing is sent twice, nothing before its time, all on the new index; then it stops."""
    broker, clock = Heard(), FakeClock(NOW)
    stage.go_on(broker, NOW, clock, Seconds(clock, slices=60))
    found = broker.events()
    assert len({event.event_id for event in found}) == len(found)
    assert len(found) == pytest.approx(60 * stage.SLICE_S / 60 * stage.PER_MINUTE, rel=0.2)
    assert all(NOW <= at(event) < NOW + timedelta(seconds=30) for event in found)
    assert {event.index_version for event in found} == {profiles.NEW_INDEX}


def test_a_slice_that_was_late_is_sent_whole() -> None:
    """A machine that slept catches up with what it missed."""
    broker, clock = Heard(), FakeClock(NOW + timedelta(minutes=2))
    stage.go_on(broker, NOW, clock, Seconds(clock, slices=1))
    assert len(broker.events()) == pytest.approx(2 * stage.PER_MINUTE, rel=0.15)


def test_what_is_sent_is_json() -> None:
    """As any service would log it."""
    broker, clock = Heard(), FakeClock(NOW)
    stage.go_on(broker, NOW, clock, Seconds(clock, slices=2))
    assert all(msgspec.json.decode(value)["service"] == profiles.SERVICE for _, value in broker.sent)
