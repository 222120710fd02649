"""What became of the messages: each is in exactly one count."""

from agent.decode.native import NativeDecoder
from agent.records import RawMessage, Tag
from agent.runtime.tally import Tally
from tests.runtime.rig import NOW, P0, event


def tally_of(*values: bytes) -> Tally:
    """The counts of these messages."""
    messages = [RawMessage(P0, n, value) for n, value in enumerate(values)]
    accepted, rejected = NativeDecoder().decode_all(messages, int(NOW.timestamp() * 1000))
    tally = Tally(messages=len(messages))
    tally.add_accepted(accepted)
    tally.add_rejected(rejected)
    return tally


def test_an_empty_tally_spans_no_time() -> None:
    """No event, no first and last: null in the JSON, not 1970."""
    tally = tally_of(b"{")
    assert (tally.accepted, tally.rejected, tally.first, tally.last) == (0, 1, None, None)


def test_events_span_the_time_of_the_events() -> None:
    """First and last are event times, in whatever order they came."""
    tally = tally_of(
        event(1, timestamp=1_700_000_005_000), event(2, timestamp=1_700_000_001_000), event(3, timestamp=1_700_000_003_000)
    )
    assert (tally.accepted, tally.first, tally.last) == (3, 1_700_000_001_000, 1_700_000_005_000)


def test_tags_are_counted_by_what_they_leave_open() -> None:
    """Two of three declared languages agree with the text; a fourth text tells nothing."""
    tally = Tally()
    tags = [Tag("de", 1.0, "declared", agrees=agrees) for agrees in (True, True, False, None)]
    tally.add_tags([*tags, Tag("und", 0.0, "none", reason="no_letters")])
    tally.merge(tally)
    assert tally.tags == {"no_letters": 2}
    assert (tally.declared, tally.declared_agrees) == (6, 4)


def test_merging_adds_counts_and_widens_the_span() -> None:
    """Batches of several partitions become one answer."""
    total = Tally()
    total.merge(tally_of(b"", event(1, timestamp=1_700_000_005_000)))
    total.merge(tally_of(b"{", b"{", event(1, timestamp=1_700_000_001_000)))
    total.merge(Tally(messages=3, duplicates=1, excluded=2, late=4))
    assert (total.messages, total.accepted, total.rejected, total.duplicates, total.excluded, total.late) == (8, 2, 3, 1, 2, 4)
    assert total.reasons == {"empty": 1, "not_json": 2}
    assert (total.first, total.last) == (1_700_000_001_000, 1_700_000_005_000)


def test_merging_leaves_the_other_as_it_was() -> None:
    """A batch's tally is told to the metrics as well."""
    total, part = tally_of(event(1)), tally_of(event(2), b"{")
    total.merge(part)
    assert part == tally_of(event(2), b"{")
