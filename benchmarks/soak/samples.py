"""What is seen of a running agent from outside: /proc, its folder, its group's offsets, its /metrics."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

import httpx
from confluent_kafka import Consumer, TopicPartition
from prometheus_client.parser import text_string_to_metric_families

TICKS: Final = os.sysconf("SC_CLK_TCK")
IDLE: Final = (3, 4)  # idle and waiting for a disk, of the first line of /proc/stat
NOTHING_COMMITTED: Final = -1001


class Sample(NamedTuple):
    """One look. Seconds since the traffic began; memory and store in MiB; CPU in seconds since the start of process and machine.

    `lag`: records between the end of the log and what is committed, which is what is in the store. `age_s`: how long ago the newest
    evaluated moment is, None before the first.
    """

    at_s: float
    resident: float
    own: float  # without what is a file in memory
    agent_s: float
    machine_s: float
    lag: int
    store: float
    age_s: float | None


class Group:
    """The offsets of a consumer group, read without being a member of it."""

    def __init__(self, bootstrap: str, group: str, topic: str, partitions: int) -> None:
        self._client = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False})
        self._partitions = [TopicPartition(topic, number) for number in range(partitions)]

    def ends(self) -> int:
        """How many records the log has seen."""
        return sum(self._client.get_watermark_offsets(each, timeout=30)[1] for each in self._partitions)

    def lag(self) -> int:
        """Records that are not committed."""
        committed = [each.offset for each in self._client.committed(self._partitions, timeout=30)]
        return self.ends() - sum(offset for offset in committed if offset != NOTHING_COMMITTED)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def memory(pid: int) -> tuple[float, float]:
    """MiB that a process holds, and those of them that are not a file's."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    found = dict(line.split(":", 1) for line in lines)
    resident, own = (int(found[name].split()[0]) / 1024 for name in ("VmRSS", "RssAnon"))
    return resident, own


def cpu_of(pid: int) -> float:
    """CPU seconds of a process and its threads, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def cpu_of_machine() -> float:
    """Seconds that all cores together have worked, for whomever."""
    spent = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:9]
    return sum(int(each) for number, each in enumerate(spent) if number not in IDLE) / TICKS


def size(folder: Path) -> float:
    """MiB of the files below a folder; merges remove some while they are counted."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += Path(path, name).lstat().st_blocks * 512
            except FileNotFoundError:
                continue
    return total / 2**20


def metrics(url: str) -> Mapping[str, float]:
    """The figures at /metrics by name, summed over their labels; nothing where it does not answer."""
    try:
        text = httpx.get(f"{url}/metrics", timeout=30, trust_env=False).text
    except httpx.HTTPError:
        return {}
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            found[one.name] = found.get(one.name, 0.0) + one.value
    return found
