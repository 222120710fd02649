"""The open batch of a partition: what it holds in memory is known."""

from agent.aggregate.aggregator import Aggregator
from agent.aggregate.cardinality import Admission
from agent.aggregate.documents import DocumentLanguages
from agent.decode.dead_letter import DeadLetter, Reason
from agent.records import RawMessage
from agent.runtime.batch import MAX_LETTER_BYTES, Batch
from agent.source.dedup import RecentIds
from tests.decode.builders import NATIVE
from tests.runtime.rig import NOW, P0


def test_a_batch_is_full_by_values_and_keys() -> None:
    """A letter without a value may have a key of any length, and that is kept as well."""
    batch = Batch(P0, "id/0", None, 0, NOW, Aggregator(10, DocumentLanguages(), Admission()), NATIVE, RecentIds())
    batch.sort_out([], [DeadLetter(RawMessage(P0, 0, b"{", None), Reason.NOT_JSON, "")], list)
    assert not batch.full()
    batch.sort_out([], [DeadLetter(RawMessage(P0, 1, b"", bytes(MAX_LETTER_BYTES)), Reason.EMPTY, "")], list)
    assert batch.full()
