"""The twin's own: the rebalances that a test asks for."""

from agent.records import Partition
from agent.source.memory import MemorySource
from tests.source.builders import assigned, begin, read

ONE, TWO = Partition("log", 0), Partition("log", 1)


def test_a_revoked_partition_is_told_once_and_brings_nothing() -> None:
    """The next poll says so, the others go on, and given back it is assigned anew."""
    source = MemorySource()
    source.append(ONE, [b"a"])
    source.append(TWO, [b"b"])
    begin(source, *assigned(source, 2))
    source.revoke(ONE)
    polled = source.poll(10, 0.1)
    assert polled.assigned == frozenset()
    assert polled.revoked == {ONE}
    assert set(polled.records) == {TWO}
    assert source.poll(10, 0.1).revoked == frozenset()
    source.assign(ONE)
    assert assigned(source) == [ONE]
    begin(source, ONE)
    assert read(source, 1) == {ONE: [(0, b"a")]}


def test_a_partition_that_is_back_before_the_poll_is_only_assigned() -> None:
    """Nobody can follow a partition that is in both: lost and regained it has to be begun anew."""
    source = MemorySource()
    source.append(ONE, [b"a"])
    begin(source, *assigned(source))
    source.revoke(ONE)
    source.assign(ONE)
    polled = source.poll(10, 0.1)
    assert polled.assigned == {ONE}
    assert polled.revoked == frozenset()
    assert polled.records == {}


def test_what_is_committed_is_kept_for_the_test() -> None:
    """Positions told for lag tools can be looked at."""
    source = MemorySource()
    source.commit({ONE: 1, TWO: 2})
    source.commit({ONE: 3})
    assert source.committed == {ONE: 3, TWO: 2}
