"""What is said of clocks, delays and duplicates."""

from datetime import timedelta

import pytest

from agent.doctor.examined import Times
from agent.doctor.timing import of_sample
from tests.doctor.builders import NOW_MS, lines, seen

HOUR = 3_600_000


@pytest.mark.parametrize(
    ("times", "name", "status", "says"),
    [
        (Times([100, 200], NOW_MS - 1000), "clock", "ok", "ago"),
        (Times([100, 200], NOW_MS + 600_000), "clock", "warning", "10 minutes ahead"),
        (Times([100] * 20, NOW_MS), "delay", "ok", "source.lateness: 2 minutes"),
        (Times([100] * 10 + [400_000] * 10, NOW_MS), "delay", "warning", "7 minutes"),
        (Times([-300_000] * 10, NOW_MS), "delay", "warning", "set the services' clocks"),
        (Times([-2 * HOUR] * 10, NOW_MS), "delay", "warning", "local time sent as UTC"),
        (Times([5 * HOUR + 900] * 10, NOW_MS), "delay", "warning", "local time sent as UTC"),
    ],
)
def test_clocks_and_delays(times: Times, name: str, status: str, says: str) -> None:
    """Records against this machine's clock, events against their records, full hours as a zone."""
    found = {check.name: check for check in of_sample(seen(lines(3))._replace(times=times), timedelta(minutes=2), NOW_MS)}
    assert found[name].status.value == status
    assert says in found[name].sentence


def test_events_from_the_future_are_counted() -> None:
    """They are rejected, so no delay shows them."""
    found = [check.name for check in of_sample(seen(lines(3, timestamp=NOW_MS + HOUR)), timedelta(minutes=2), NOW_MS)]
    assert found == ["future"]


@pytest.mark.parametrize(("repeated", "doubled", "status"), [(0, 0, "ok"), (2, 0, "ok"), (2, 1, "warning")])
def test_only_duplicates_across_partitions_are_a_warning(repeated: int, doubled: int, status: str) -> None:
    """Those of one partition are counted once."""
    found = seen(lines(3))._replace(repeated=repeated, doubled=doubled)
    [check] = of_sample(found, timedelta(minutes=2), NOW_MS)
    assert check.status.value == status
    assert ("partition_traces_by_id" in check.sentence) == bool(doubled)
