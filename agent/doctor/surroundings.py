"""Whether what stands around the log will carry the agent: rights, retention, the store, the receivers.

Pure: what was found out comes in as facts, what it means goes out as checks.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import Final, NamedTuple

from agent.doctor.checks import Check, Status

SURVIVE: Final = timedelta(hours=24)  # the shortest outage of the agent that a topic should outlive: a night and a morning


class TopicFacts(NamedTuple):
    """A topic as the broker tells it. `rights`: what we may do with it, None where the broker does not say.

    `settings`: its configuration, None where we may not see it.
    """

    name: str
    partitions: int
    rights: AbstractSet[str] | None
    settings: Mapping[str, str] | None = None


class Cluster(NamedTuple):
    """What the brokers say. A topic is None where there is none; `create`: whether topics may be made, None where it is not told.

    `group_rights` None: the broker does not say.
    """

    brokers: int
    topic: TopicFacts | None
    dead_letters: TopicFacts | None
    dead_letter_topic: str
    create: bool | None
    group: str
    group_rights: AbstractSet[str] | None


class StoreFacts(NamedTuple):
    """A store: `schema` 0 where none is applied, None where it cannot be seen; `problem` says why it cannot be reached."""

    name: str
    schema: int | None
    newest: int
    problem: str = ""
    holder: str = ""


def of_cluster(cluster: Cluster, busiest: float | None) -> Iterator[Check]:
    """`busiest`: bytes per second of the partition with most traffic, None where the sample does not tell."""
    yield Check("broker", Status.OK, f"{cluster.brokers} broker{'s' * (cluster.brokers != 1)} answered")
    if cluster.topic:
        yield Check(
            "topic",
            Status.OK,
            f"{cluster.topic.name} has {cluster.topic.partitions} partition{'s' * (cluster.topic.partitions != 1)}",
        )
        yield _right("topic_rights", f"topic {cluster.topic.name}", "READ", cluster.topic.rights)
    yield _right("group_rights", f"group {cluster.group}", "READ", cluster.group_rights)
    yield _dead_letters(cluster)
    if cluster.topic:
        yield _retention(cluster.topic, busiest)


def _right(name: str, of: str, right: str, rights: AbstractSet[str] | None) -> Check:
    if rights is None:
        return Check(
            name, Status.SKIPPED, f"the broker does not say what may be done with {of}: the agent needs {right.capitalize()} on it"
        )
    if right in rights:
        return Check(name, Status.OK, f"this user has {right.capitalize()} on {of}")
    return Check(name, Status.FAILED, f"this user has not the right {right.capitalize()} on {of}: the agent cannot run without it")


def _dead_letters(cluster: Cluster) -> Check:
    name, topic = "dead_letter_rights", cluster.dead_letters
    if topic:
        found = _right(name, f"topic {topic.name}", "WRITE", topic.rights)
        stops = f"{found.sentence.partition(':')[0]}: at the first message that cannot be read its partition stops"
        return found._replace(sentence=stops) if found.status is Status.FAILED else found
    missing = f"topic {cluster.dead_letter_topic} is not there"
    if cluster.create is None:
        return Check(name, Status.SKIPPED, f"{missing}, and the broker does not say whether this user may make it: the agent tries")
    if cluster.create:
        return Check(name, Status.OK, f"{missing}: the agent makes it, this user may")
    return Check(
        name, Status.FAILED, f"{missing}, and this user may not make it: make it and give the right Write, or give the right Create"
    )


def _retention(topic: TopicFacts, busiest: float | None) -> Check:
    name = "retention"
    if topic.settings is None:
        return Check(
            name, Status.SKIPPED, f"how long topic {topic.name} keeps messages is not told: the right DescribeConfigs is missing"
        )
    if "delete" not in topic.settings.get("cleanup.policy", "delete"):
        return Check(
            name,
            Status.WARNING,
            f"topic {topic.name} is compacted: of messages with the same key only the last is kept; set cleanup.policy=delete",
        )
    limits = dict(_limits(topic.settings, busiest))
    if not limits:
        return Check(
            name, Status.OK, f"topic {topic.name} keeps messages for ever, or as long as its size allows, which {_rate(busiest)}"
        )
    shortest = min(limits, key=lambda limit: limits[limit])
    told = f"an outage of the agent of {_hours(limits[shortest])} loses nothing ({shortest}, {_rate(busiest)})"
    if limits[shortest] >= SURVIVE:
        return Check(name, Status.OK, told)
    return Check(name, Status.WARNING, f"{told}: raise it to at least {_hours(SURVIVE)}, a longer one loses messages for good")


def _limits(settings: Mapping[str, str], busiest: float | None) -> Iterator[tuple[str, timedelta]]:
    """How long messages are kept at least, by each setting that limits it. Compressed they are kept longer."""
    longest = int(settings.get("retention.ms", "-1"))
    if longest >= 0:
        yield "retention.ms", timedelta(milliseconds=min(longest, timedelta.max // timedelta(milliseconds=1)))
    largest = int(settings.get("retention.bytes", "-1"))
    if largest >= 0 and busiest:
        yield f"retention.bytes {largest:,} a partition", timedelta(seconds=min(largest / busiest, 1e9))


def _rate(busiest: float | None) -> str:
    return (
        "the sample does not tell at what rate" if busiest is None else f"at {busiest:,.0f} bytes a second in the busiest partition"
    )


def _hours(span: timedelta) -> str:
    hours = span / timedelta(hours=1)
    return f"{hours / 24:,.0f} days" if hours >= 72 else f"{hours:,.1f} hours"  # noqa: PLR2004  from three days on hours say little


def of_store(store: StoreFacts) -> Check:
    """Whether the store can be used."""
    if store.problem:
        return Check("store", Status.FAILED, store.problem)
    if store.holder:
        return Check("store", Status.OK, f"{store.name} belongs to the running agent {store.holder}")
    if store.schema is None:
        return Check("store", Status.OK, f"{store.name} is not there yet: the agent makes it")
    if not store.schema:
        return Check(
            "store",
            Status.WARNING,
            f"{store.name} can be reached and has no schema yet: `babelwatch migrate` or the agent applies it",
        )
    if store.schema > store.newest:
        return Check(
            "store",
            Status.FAILED,
            f"{store.name} has schema {store.schema}, this babelwatch knows {store.newest}: install a newer one",
        )
    behind = f", of {store.newest}: the agent applies the rest" if store.schema < store.newest else ", the newest"
    return Check("store", Status.OK, f"{store.name} has schema {store.schema}{behind}")


def of_receivers(receivers: Sequence[tuple[str, str]]) -> Iterator[Check]:
    """Names and kinds; nothing is sent."""
    if not receivers:
        yield Check("receivers", Status.WARNING, "none is configured: notifications go to the log and to the page")
    for name, kind in receivers:
        yield Check(
            f"receiver {name}", Status.SKIPPED, f"{kind}: `babelwatch notify test --receiver {name}` sends it a test message"
        )
